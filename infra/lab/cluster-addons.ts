import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { StepTools } from "../cli/recipe.ts";
import { kubectl } from "./node-setup.ts";

const apiService = "https://10.96.0.1:443";
const dnsImages = "jsonpath={.items[*].spec.template.spec.containers[0].image}";

/**
 * What kubeadm leaves as single points: kube-proxy's way to the API servers and DNS. Applied with the lab's field manager, so a
 * second run changes nothing.
 */
export async function ensureAddons(tools: StepTools): Promise<void> {
  await pointKubeProxy(tools);
  const text = await readFile(join(import.meta.dirname, "network/coredns.yaml"), "utf8");
  const image = (await inSystem(tools, ["get", "deployments,daemonsets", "--selector", "k8s-app=kube-dns", "--output", dnsImages])).split(
    " ",
  );
  // a changed Corefile replaces the pods, one node after another
  const manifest = text
    .replaceAll("@HASH@", createHash("sha256").update(text).digest("hex").slice(0, 12))
    .replaceAll("@IMAGE@", image[0] ?? "");
  await kubectl(tools, ["apply", "--server-side", "--force-conflicts", "--field-manager=dsp-lab", "-f", "-"], manifest);
  tools.progress("waiting for DNS and volumes");
  await inSystem(tools, ["rollout", "status", "daemonset/coredns", "--timeout=120s"]);
  await inSystem(tools, ["delete", "deployment", "coredns", "--ignore-not-found"]);
  await kubectl(tools, ["-n", "local-path-storage", "rollout", "status", "deployment/local-path-provisioner", "--timeout=120s"]);
}

function inSystem(tools: StepTools, args: readonly string[]): Promise<string> {
  return kubectl(tools, ["--namespace", "kube-system", ...args]);
}

async function pointKubeProxy(tools: StepTools): Promise<void> {
  const config = JSON.parse(await kubectl(tools, ["-n", "kube-system", "get", "configmap", "kube-proxy", "-o", "json"])) as {
    data: Record<string, string>;
  };
  const before = config.data["kubeconfig.conf"] ?? "";
  const after = before.replace(/server: .*/, `server: ${apiService}`);
  if (after === before) return;
  await kubectl(tools, [
    "-n",
    "kube-system",
    "patch",
    "configmap",
    "kube-proxy",
    "--type=merge",
    "-p",
    JSON.stringify({ data: { "kubeconfig.conf": after } }),
  ]);
  await kubectl(tools, ["-n", "kube-system", "rollout", "restart", "daemonset/kube-proxy"]);
}
