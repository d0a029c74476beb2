import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { StepError, type StepTools } from "../cli/recipe.ts";
import { clusterName, kindConfig, labNodes, loadBalancerName, localhostName, nodeNetwork } from "./cluster-config.ts";
import { toolEnvironment } from "./environment.ts";
import { type LabFacts, readLabFacts, writeLabFacts } from "./facts.ts";
import { virtualIpOf } from "./network.ts";
import { paths } from "./paths.ts";
import { processorShare, weighLab } from "./processor-share.ts";

const createTimeoutMs = 8 * 60_000;
const networkTimeoutMs = 60_000;
const startTimeoutMs = 60_000;

/** Names and states of the lab's containers, running or not. */
export async function labContainers(tools: StepTools): Promise<Map<string, string>> {
  const env = toolEnvironment();
  const format = "{{.Names}} {{.State}}";
  const list = (filter: string) => tools.run("docker", ["ps", "--all", "--filter", filter, "--format", format], { env });
  const lines = [
    ...(await list(`label=io.x-k8s.kind.cluster=${clusterName}`)).split("\n"),
    ...(await list(`name=^${localhostName}$`)).split("\n"),
  ];
  return new Map(lines.filter(Boolean).map((line) => line.split(" ") as [string, string]));
}

/** Makes the cluster, or starts again what of it stands still. @returns "created", "started N" or undefined where nothing was to do */
export async function ensureCluster(tools: StepTools, wanted: Pick<LabFacts, "settings" | "nodeImage">): Promise<string | undefined> {
  const facts = readLabFacts();
  const containers = await labContainers(tools);
  if (
    facts?.complete &&
    sameLab(facts, wanted) &&
    facts.nodes.every((node) => containers.has(node.name)) &&
    containers.has(loadBalancerName)
  ) {
    weighLab();
    await weighNodes(tools);
    return startStopped(tools, containers, facts);
  }
  await deleteCluster(tools);
  await createCluster(tools, wanted);
  return "created";
}

function sameLab(facts: LabFacts, wanted: Pick<LabFacts, "settings" | "nodeImage">): boolean {
  return (
    facts.nodeImage === wanted.nodeImage &&
    facts.configuration === configurationOf(wanted) &&
    JSON.stringify(facts.settings) === JSON.stringify(wanted.settings)
  );
}

function configurationOf(wanted: Pick<LabFacts, "settings" | "nodeImage">): string {
  return createHash("sha256").update(kindConfig(wanted.nodeImage, wanted.settings)).digest("hex");
}

async function startStopped(tools: StepTools, containers: Map<string, string>, facts: LabFacts): Promise<string | undefined> {
  const env = toolEnvironment();
  const paused = [...containers].filter(([, state]) => state === "paused").map(([name]) => name);
  const stopped = [...containers].filter(([, state]) => state !== "running" && state !== "paused").map(([name]) => name);
  if (paused.length > 0) await tools.run("docker", ["unpause", ...paused], { env });
  if (stopped.length > 0) {
    tools.progress(`starting ${stopped.join(", ")}`);
    await tools.run("docker", ["start", ...stopped], { env, timeoutMs: startTimeoutMs });
    await verifyAddresses(tools, facts);
  }
  const count = paused.length + stopped.length;
  return count > 0 ? `started ${count} of ${containers.size} containers` : undefined;
}

export async function deleteCluster(tools: StepTools): Promise<boolean> {
  const env = toolEnvironment();
  const containers = [...(await labContainers(tools)).keys()];
  if (containers.length > 0) await tools.run("docker", ["rm", "--force", "--volumes", ...containers], { env, timeoutMs: 5 * 60_000 });
  return containers.length > 0;
}

async function createCluster(tools: StepTools, wanted: Pick<LabFacts, "settings" | "nodeImage">): Promise<void> {
  const env = toolEnvironment();
  const facts: LabFacts = {
    ...wanted,
    configuration: configurationOf(wanted),
    complete: false,
    nodes: [],
    controlPlanes: [],
    virtualIp: virtualIpOf(wanted.settings.subnet),
  };
  await writeLabFacts(facts);
  // what Pulumi knows of an earlier cluster is not true of a new one; the secrets stay, they are in the settings
  rmSync(paths.pulumiState, { recursive: true, force: true });
  await mkdir(paths.imageArchives, { recursive: true });
  tools.progress("kind makes 7 nodes");
  const create = ["create", "cluster", "--config", "-", "--kubeconfig", paths.kubeconfig, "--retain", "--wait", "0s"];
  try {
    await tools.run("kind", create, {
      env,
      input: kindConfig(wanted.nodeImage, wanted.settings),
      timeoutMs: createTimeoutMs,
      onLine: (line) =>
        tools.progress(
          line
            .replace(/[^\x20-\x7e]+/g, " ")
            .trim()
            .slice(0, 60),
        ),
    });
  } catch (error) {
    if (tools.signal.aborted) throw error;
    throw new StepError("kind could not make the cluster", "Often it is too little memory or disk: close what uses them.", {
      cause: error,
    });
  }
  weighLab();
  await weighNodes(tools);
  const nodes = await pinAddresses(tools);
  const controlPlanes = nodes.filter((node) => node.role === "control-plane").map(({ name, address }) => ({ name, address }));
  await writeLabFacts({ ...facts, complete: true, nodes, controlPlanes });
}

/**
 * Also of a cluster that is there: one that was made before there were weights has none. The engine keeps them when a node stops and starts again, and
 * could not change them while one starts (soft-start), so that only what differs is changed.
 */
async function weighNodes(tools: StepTools): Promise<void> {
  const env = toolEnvironment();
  const format = "{{.Name}} {{.HostConfig.CpuShares}}";
  const weighed = await tools.run("docker", ["inspect", "--format", format, ...labNodes.map(({ name }) => name)], { env });
  const unweighed = labNodes.filter((node) => !weighed.split("\n").includes(`/${node.name} ${processorShare(node)}`));
  for (const [share, nodes] of Map.groupBy(unweighed, processorShare)) {
    await tools.run("docker", ["update", "--cpu-shares", String(share), ...nodes.map(({ name }) => name)], { env });
  }
}

/**
 * A container that stops and starts again gets the next free address, and etcd's peers then look for it in vain. An address that was
 * asked for stays; and no restart by the engine itself, so that a killed node stays killed until somebody starts it.
 */
async function pinAddresses(tools: StepTools): Promise<LabFacts["nodes"]> {
  const env = toolEnvironment();
  const nodes = await Promise.all(
    labNodes.map(async ({ name, role, site }) => ({ name, role, site, address: await addressOf(tools, name) })),
  );
  tools.progress("pinning addresses");
  const loadBalancer = { name: loadBalancerName, address: await addressOf(tools, loadBalancerName) };
  // One after another: the engine locks itself up when several leave a network at once (seen with Docker 20.10).
  for (const { name, address } of [...nodes, loadBalancer]) {
    await tools.run("docker", ["network", "disconnect", nodeNetwork, name], { env, timeoutMs: networkTimeoutMs });
    await tools.run("docker", ["network", "connect", "--ip", address, nodeNetwork, name], { env, timeoutMs: networkTimeoutMs });
  }
  await tools.run("docker", ["update", "--restart", "no", ...nodes.map((node) => node.name), loadBalancerName], { env });
  return nodes;
}

async function addressOf(tools: StepTools, container: string): Promise<string> {
  const format = `{{(index .NetworkSettings.Networks "${nodeNetwork}").IPAddress}}`;
  return (await tools.run("docker", ["inspect", "--format", format, container], { env: toolEnvironment() })).trim();
}

async function verifyAddresses(tools: StepTools, facts: LabFacts): Promise<void> {
  for (const node of facts.nodes) {
    for (let tries = 0; (await addressOf(tools, node.name)) !== node.address; tries++) {
      if (tries > 20)
        throw new StepError(`${node.name} came back with another address than ${node.address}`, "Run ./dsp down, then ./dsp up.");
      await sleep(250, undefined, { signal: tools.signal });
    }
  }
}
