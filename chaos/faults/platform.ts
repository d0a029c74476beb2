/** What runs where, as the Kubernetes API tells it. */
import { z } from "zod";
import type { FaultContext } from "../fault.ts";
import { metadataSchema as commonMetadata } from "../metadata.ts";

const zoneLabel = "topology.kubernetes.io/zone";
const controlPlaneLabel = "node-role.kubernetes.io/control-plane";

const metadataSchema = commonMetadata.extend({ uid: z.string() });

const nodeListSchema = z.object({
  items: z.array(
    z.object({
      metadata: metadataSchema,
      spec: z.object({ podCIDR: z.string().optional(), unschedulable: z.boolean().default(false) }),
      status: z.object({
        addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

const containerStatusSchema = z.object({
  name: z.string(),
  containerID: z.string().optional(),
  restartCount: z.number(),
  lastState: z
    .object({ terminated: z.object({ reason: z.string().optional(), exitCode: z.number() }).optional() })
    .default({ terminated: undefined }),
});

const podListSchema = z.object({
  items: z.array(
    z.object({
      metadata: metadataSchema,
      spec: z.object({
        nodeName: z.string().optional(),
        containers: z.array(
          z.object({
            name: z.string(),
            env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
            command: z.array(z.string()).default([]),
            resources: z.object({ limits: z.record(z.string(), z.string()).default({}) }).prefault({}),
          }),
        ),
        volumes: z.array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() })).default([]),
      }),
      status: z.object({
        podIP: z.string().optional(),
        phase: z.string().optional(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
        containerStatuses: z.array(containerStatusSchema).default([]),
      }),
    }),
  ),
});

export interface NodeFacts {
  name: string;
  site: string;
  address: string;
  /** The range of its pods' addresses: `10.244.3.0/24` */
  podRange: string | undefined;
  controlPlane: boolean;
  ready: boolean;
  unschedulable: boolean;
}

export interface ContainerFacts {
  name: string;
  /** The runtime's id; undefined while it does not run. */
  id: string | undefined;
  restarts: number;
  /** Why the one before it ended: `OOMKilled` */
  lastEnd: string | undefined;
  env: Readonly<Record<string, string>>;
  command: readonly string[];
  /** `512Mi` */
  memoryLimit: string | undefined;
}

export interface PodFacts {
  namespace: string;
  name: string;
  uid: string;
  node: string;
  site: string;
  address: string | undefined;
  labels: Readonly<Record<string, string>>;
  owner: { kind: string; name: string } | undefined;
  containers: readonly ContainerFacts[];
  claims: readonly string[];
  ready: boolean;
  leaving: boolean;
  finished: boolean;
}

export interface Platform {
  nodes: readonly NodeFacts[];
  pods: readonly PodFacts[];
}

function isReady(conditions: readonly { type: string; status: string }[]): boolean {
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

/** @param json the API's list of nodes */
export function parseNodes(json: string): NodeFacts[] {
  return nodeListSchema
    .parse(JSON.parse(json))
    .items.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      site: metadata.labels[zoneLabel] ?? "unknown",
      address: status.addresses.find(({ type }) => type === "InternalIP")?.address ?? "",
      podRange: spec.podCIDR,
      controlPlane: controlPlaneLabel in metadata.labels,
      ready: isReady(status.conditions),
      unschedulable: spec.unschedulable,
    }))
    .sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true }));
}

type PodItem = z.infer<typeof podListSchema>["items"][number];

/** The owner that outlives the pod: a ReplicaSet's hash and a static pod's node are left out. */
function ownerOf({ metadata, spec }: PodItem): PodFacts["owner"] {
  const owner = metadata.ownerReferences[0];
  if (owner === undefined) return undefined;
  const hash = metadata.labels["pod-template-hash"];
  if (owner.kind === "ReplicaSet" && hash !== undefined && owner.name.endsWith(`-${hash}`)) {
    return { kind: "Deployment", name: owner.name.slice(0, -hash.length - 1) };
  }
  if (owner.kind === "Node" && metadata.name.endsWith(`-${spec.nodeName}`)) {
    return { kind: "Node", name: metadata.name.slice(0, -`-${spec.nodeName}`.length) };
  }
  return owner;
}

function containersOf({ spec, status }: PodItem): ContainerFacts[] {
  return spec.containers.map(({ name, env, command, resources }) => {
    const seen = status.containerStatuses.find((candidate) => candidate.name === name);
    const ended = seen?.lastState.terminated;
    return {
      name,
      id: seen?.containerID?.replace(/^.*:\/\//, ""),
      restarts: seen?.restartCount ?? 0,
      lastEnd: ended === undefined ? undefined : (ended.reason ?? `exit code ${ended.exitCode}`),
      env: Object.fromEntries(env.map((variable) => [variable.name, variable.value ?? ""])),
      command,
      memoryLimit: resources.limits.memory,
    };
  });
}

/** @param json the API's list of pods */
export function parsePods(json: string, nodes: readonly NodeFacts[]): PodFacts[] {
  return podListSchema
    .parse(JSON.parse(json))
    .items.map((item) => ({
      namespace: item.metadata.namespace,
      name: item.metadata.name,
      uid: item.metadata.uid,
      node: item.spec.nodeName ?? "",
      site: nodes.find(({ name }) => name === item.spec.nodeName)?.site ?? "unknown",
      address: item.status.podIP,
      labels: item.metadata.labels,
      owner: ownerOf(item),
      containers: containersOf(item),
      claims: item.spec.volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []),
      ready: isReady(item.status.conditions),
      leaving: item.metadata.deletionTimestamp !== undefined,
      finished: item.status.phase === "Succeeded" || item.status.phase === "Failed",
    }))
    .sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true }));
}

/** @throws Error when nobody tells */
export async function readPlatform({ target, signal }: FaultContext): Promise<Platform> {
  return readFrom({ target, signal }, "/api/v1/pods");
}

async function readFrom({ target, signal }: Pick<FaultContext, "target" | "signal">, podsPath: string): Promise<Platform> {
  const get = (path: string) => target.askApi(path, { signal });
  const [nodesJson, podsJson] = await Promise.all([get("/api/v1/nodes"), get(podsPath)]);
  const nodes = parseNodes(nodesJson);
  return { nodes, pods: parsePods(podsJson, nodes) };
}

/** A pod as it is now; undefined when there is none of this name. @throws Error when nobody tells */
export async function readPod(context: FaultContext, pod: Pick<PodFacts, "namespace" | "name">): Promise<PodFacts | undefined> {
  const path = `/api/v1/namespaces/${pod.namespace}/pods?fieldSelector=metadata.name%3D${pod.name}`;
  const { pods } = await readFrom(context, path);
  return pods[0];
}

/** The inventory's name of a pod: its owner's; a PostgreSQL instance's, which has a name for life, is its own. */
export function podElement({ namespace, name, owner }: PodFacts): string {
  return `pod/${namespace}/${owner === undefined || owner.kind === "Cluster" ? name : owner.name}`;
}

/** `dsp/pg-1` */
export function podName({ namespace, name }: Pick<PodFacts, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

/** `node dsp-worker (site-a)` */
export function nodeInWords({ name, site }: NodeFacts): string {
  return `node ${name} (${site})`;
}

/** `pg-1 on dsp-worker4 (site-b)` */
export function podInWords({ name, node, site }: PodFacts): string {
  return `${name} on ${node} (${site})`;
}

/** @throws Error when there is no such node */
export function nodeNamed(platform: Platform, name: string): NodeFacts {
  const node = platform.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`there is no node "${name}"`);
  return node;
}

/** A site without a worker: the one that completes the quorums. */
export function witnessSite(platform: Platform): string | undefined {
  const sites = [...new Set(platform.nodes.map(({ site }) => site))];
  return sites.find((site) => platform.nodes.every((node) => node.site !== site || node.controlPlane));
}
