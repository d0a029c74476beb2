import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import type { Settings } from "./settings.ts";

/**
 * Loads the kubeconfig the settings ask for (path or content), or the usual ones (KUBECONFIG, ~/.kube/config, the pod's own account), and
 * selects its context. Throws with advice when there is none, when it cannot be read, or when it has no such context or cluster.
 */
export function loadKubeConfig(settings: Settings): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    load(kubeConfig, settings.kubeconfig);
  } catch (error) {
    const from =
      settings.kubeconfig && looksLikeContent(settings.kubeconfig) ? "given as text" : (settings.kubeconfig ?? "of the usual places");
    // A parser's further lines quote the text, in which keys may stand.
    const [reason] = String(error instanceof Error ? error.message : error).split("\n");
    throw new Error(`cannot read the kubeconfig ${from}: ${reason}`);
  }
  if (settings.context) selectContext(kubeConfig, settings.context);
  if (settings.cluster) selectCluster(kubeConfig, settings.cluster);
  if (!kubeConfig.getCurrentCluster()) {
    throw new Error("the kubeconfig has no current context; set the provider's `context` or run `kubectl config use-context`");
  }
  return kubeConfig;
}

function load(kubeConfig: KubeConfig, kubeconfig: string | undefined): void {
  if (kubeconfig === undefined) {
    kubeConfig.loadFromDefault();
    return;
  }
  if (looksLikeContent(kubeconfig)) {
    kubeConfig.loadFromString(kubeconfig);
    return;
  }
  const path = kubeconfig.replace(/^~(?=\/)/, homedir());
  if (!existsSync(path) || !statSync(path).isFile())
    throw new Error(`there is no such file${path.startsWith("/") ? "" : ` in ${join(process.cwd())}`}`);
  kubeConfig.loadFromFile(path);
}

function looksLikeContent(text: string): boolean {
  return /[\n{]/.test(text) || /^\s*apiVersion\s*:/.test(text);
}

function selectContext(kubeConfig: KubeConfig, context: string): void {
  if (!kubeConfig.getContextObject(context)) {
    const names = kubeConfig.getContexts().map((item) => item.name);
    throw new Error(`the kubeconfig has no context "${context}"; it has ${names.length > 0 ? names.join(", ") : "none"}`);
  }
  kubeConfig.setCurrentContext(context);
}

function selectCluster(kubeConfig: KubeConfig, cluster: string): void {
  if (!kubeConfig.getCluster(cluster)) throw new Error(`the kubeconfig has no cluster "${cluster}"`);
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  kubeConfig.addContext({
    name: "pulumi-selected",
    cluster,
    user: context?.user ?? "",
    ...(context?.namespace ? { namespace: context.namespace } : {}),
  });
  kubeConfig.setCurrentContext("pulumi-selected");
}
