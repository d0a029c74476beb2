import { type FaultContext, FaultNotPossible } from "../fault.ts";
import { kubectl } from "./kubectl.ts";
import { quote, requireNodes } from "./node-shell.ts";
import { type Platform, witnessSite } from "./platform.ts";

export interface Keeper {
  /** The control plane node that keeps the limit. */
  node: string;
  /** Bash for that node: kubectl as an administrator, through the node's own way to the API servers. */
  command(args: readonly string[]): string;
}

/**
 * Who undoes by itself what was changed in the Kubernetes API: a control plane node, where an administrator's credentials lie. The
 * witness's, where there is one: no drill of a site's load hits it.
 * @throws FaultNotPossible on a real cluster, which gives drills no shell on its nodes
 */
export async function findKeeper({ target, signal }: FaultContext, platform: Platform, fault: string): Promise<Keeper> {
  requireNodes(target, `${fault}, with a time limit that somebody keeps,`);
  const candidates = platform.nodes.filter(({ controlPlane, ready }) => controlPlane && ready);
  const node = candidates.find(({ site }) => site === witnessSite(platform)) ?? candidates[0];
  if (node === undefined) throw new FaultNotPossible("no control plane node is ready to keep the time limit");
  const service = ["get", "service", "kubernetes", "--namespace", "default", "--output", "jsonpath={.spec.clusterIP}"];
  const server = `https://${(await kubectl(target, service, { signal })).trim()}:443`;
  const base = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--server", server, "--request-timeout=10s"];
  return { node: node.name, command: (args) => [...base, ...args].map(quote).join(" ") };
}
