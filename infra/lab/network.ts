import { readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { StepError, type StepTools } from "../cli/recipe.ts";
import { nodeNetwork, podSubnet, serviceSubnet } from "./cluster-config.ts";
import { toolEnvironment } from "./environment.ts";
import { paths } from "./paths.ts";

const ownerLabel = "dsp.checkout";
const bridgeName = "dsp0";
const inotifyInstances = "/proc/sys/fs/inotify/max_user_instances";
const inotifyInstancesMin = 1024;

/**
 * How the kernel finds out that a neighbour (a node, a pod) is no more. New interfaces take these over, those of containers too. With
 * Linux' own values (second) a packet to a dead node vanishes for up to 50 s before a connection to it is refused; with the lab's, 2 s.
 */
const neighbourSettings = {
  base_reachable_time_ms: [1000, 30_000],
  delay_first_probe_time: [0, 5],
  retrans_time_ms: [100, 1000],
  ucast_solicit: [2, 3],
  mcast_solicit: [2, 3],
} as const;

function setNeighbours(whose: "lab" | "linux"): void {
  for (const [name, [lab, linux]] of Object.entries(neighbourSettings)) {
    writeFileSync(`/proc/sys/net/ipv4/neigh/default/${name}`, String(whose === "lab" ? lab : linux));
  }
}

/** The virtual IP: the first address of the last /24 of the nodes' network, far from those that the engine gives away. */
export function virtualIpOf(subnet: string): string {
  const [first, second] = parseSubnet(subnet).address;
  return `${first}.${second}.255.1`;
}

/** This machine's own address in the nodes' network: pods reach by it what runs here. */
export function gatewayOf(subnet: string): string {
  const [first, second] = parseSubnet(subnet).address;
  return `${first}.${second}.0.1`;
}

/** @throws Error for anything but a private IPv4 /16 */
export function parseSubnet(subnet: string): { address: [number, number]; prefix: 16 } {
  const match = /^(\d{1,3})\.(\d{1,3})\.0\.0\/16$/.exec(subnet);
  const [first, second] = [Number(match?.[1]), Number(match?.[2])];
  const isPrivate = first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168);
  if (!match || !isPrivate || second > 255) throw new Error(`'${subnet}' is not a private IPv4 range of the form A.B.0.0/16`);
  return { address: [first, second], prefix: 16 };
}

/** Which of this machine's own addresses lie in the range, apart from the lab's bridge. */
export function addressesWithin(subnet: string): string[] {
  const [first, second] = parseSubnet(subnet).address;
  return Object.entries(networkInterfaces())
    .filter(([name]) => name !== bridgeName)
    .flatMap(([name, addresses]) => (addresses ?? []).map(({ address }) => ({ name, address })))
    .filter(({ address }) => address.startsWith(`${first}.${second}.`))
    .map(({ name, address }) => `${address} (${name})`);
}

/** The checkout whose lab holds the nodes' network, or undefined where there is no such network. */
export async function networkOwner(tools: StepTools): Promise<string | undefined> {
  const format = `{{.Name}} {{index .Labels "${ownerLabel}"}}`;
  const found = await tools.run("docker", ["network", "inspect", "--format", format, nodeNetwork], {
    env: toolEnvironment(),
    allowFailure: true,
  });
  return found.trim() === "" ? undefined : found.trim().split(" ").slice(1).join(" ");
}

/** Makes the nodes' network with a fixed range, so that addresses can be pinned in it. */
export async function ensureNetwork(tools: StepTools, subnet: string): Promise<boolean> {
  const env = toolEnvironment();
  const format = "{{range .IPAM.Config}}{{.Subnet}}{{end}}";
  const found = (await tools.run("docker", ["network", "inspect", "--format", format, nodeNetwork], { env, allowFailure: true })).trim();
  if (found === subnet) return false;
  if (found !== "") await removeNetwork(tools);
  const [first, second] = parseSubnet(subnet).address;
  const range = ["--subnet", subnet, "--ip-range", `${first}.${second}.0.0/24`, "--gateway", gatewayOf(subnet)];
  const options = ["com.docker.network.bridge.enable_ip_masquerade=false", `com.docker.network.bridge.name=${bridgeName}`];
  const labels = [`${ownerLabel}=${paths.checkout}`];
  try {
    await tools.run(
      "docker",
      [
        "network",
        "create",
        ...range,
        ...options.flatMap((option) => ["--opt", option]),
        ...labels.flatMap((label) => ["--label", label]),
        nodeNetwork,
      ],
      { env },
    );
  } catch (error) {
    throw new StepError(
      `the range ${subnet} cannot be used for the lab's nodes: ${error instanceof Error ? error.message : error}`,
      "Name another private range: ./dsp up --subnet 172.29.0.0/16",
    );
  }
  return true;
}

export async function removeNetwork(tools: StepTools): Promise<void> {
  await tools.run("docker", ["network", "rm", nodeNetwork], { env: toolEnvironment(), allowFailure: true });
}

/**
 * No packet for a pod, a Service or a node of the lab may leave the machine, also while the bridge is not there: routes that refuse
 * such packets, behind the bridge's own by their metric.
 */
export async function keepRangesOnMachine(tools: StepTools, subnet: string): Promise<void> {
  if (process.getuid?.() !== 0)
    return tools.log("not root: no unreachable routes; the lab's ranges may be routed to the gateway while the lab is down");
  for (const range of [podSubnet, serviceSubnet, subnet]) {
    await tools.run("ip", ["route", "replace", "unreachable", range, "metric", "4096"]);
  }
  setNeighbours("lab");
  if (Number(readFileSync(inotifyInstances, "utf8")) < inotifyInstancesMin) writeFileSync(inotifyInstances, String(inotifyInstancesMin));
}

/**
 * The way back to pods that call software on this machine, such as a drill's receiver of notifications: their addresses are not translated.
 * The routes go over the lab's bridge and are gone with it.
 */
export async function routePods(tools: StepTools, ranges: readonly { range: string; node: string }[]): Promise<void> {
  if (process.getuid?.() !== 0) return tools.log("not root: pods get no answer from software on this machine");
  // Where the engine's networks are not this machine's own there is no such way; nothing else needs it.
  for (const { range, node } of ranges) await tools.run("ip", ["route", "replace", range, "via", node], { allowFailure: true });
}

export async function dropRoutes(tools: StepTools, subnet: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  setNeighbours("linux");
  for (const range of [podSubnet, serviceSubnet, subnet]) {
    await tools.run("ip", ["route", "del", "unreachable", range, "metric", "4096"], { allowFailure: true });
  }
}
