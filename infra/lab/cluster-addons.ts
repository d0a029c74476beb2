import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { StepTools } from "../cli/recipe.ts";
import { kubectl } from "./node-setup.ts";

const apiService = "https://10.96.0.1:443";

/**
 * What kubeadm leaves as single points: kube-proxy's way to the API servers and DNS. Applied with the lab's field manager, so a
 * second run changes nothing.
 */
export async function ensureAddons(tools: StepTools): Promise<void> {
  await pointKubeProxy(tools);
  const text = await readFile(join(import.meta.dirname, "network/coredns.yaml"), "utf8");
  // a changed Corefile replaces the pods, one site after another
  const manifest = text.replaceAll("@HASH@", createHash("sha256").update(text).digest("hex").slice(0, 12));
  await kubectl(tools, ["apply", "--server-side", "--force-conflicts", "--field-manager=dsp-lab", "-f", "-"], manifest);
  tools.progress("waiting for DNS and volumes");
  await kubectl(tools, ["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s"]);
  await kubectl(tools, ["-n", "local-path-storage", "rollout", "status", "deployment/local-path-provisioner", "--timeout=120s"]);
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
