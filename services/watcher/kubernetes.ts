import { setTimeout as sleep } from "node:timers/promises";
import { CachedFile } from "./cached-file.ts";
import { type ClusterApi, type ClusterView, type Expectation, isExpected, type PlannedMove } from "./cluster.ts";
import { HttpsClient, type Reply } from "./https-client.ts";
import type { Member } from "./instances.ts";

export interface KubernetesOptions {
  readonly host: string;
  readonly port: number;
  readonly tokenFile: string;
  readonly caFile: string;
  readonly namespace: string;
  readonly cluster: string;
}

const answerTimeoutMs = 1000;
/** What must arrive may take longer: an API that is short of the processor answers after a second or two, and has more to do when it is asked anew. */
const tellingTimeoutMs = 4000;
/** The API ends a watch after so long, and a watch that outlives that has lost its server. */
const watchSeconds = 60;
const watchAgainMs = 1000;
const closedNodesPath = `/api/v1/nodes?fieldSelector=${encodeURIComponent("spec.unschedulable=true")}`;
const zoneLabel = "topology.kubernetes.io/zone";
/** Both names of the label: the read-write Service selects on the first, older tools on the second. */
const roleLabels = ["cnpg.io/instanceRole", "role"];
/** Who asks for a planned move names the reign that is to end, and so asks once: `reign` of the cluster's view, and perhaps where to. */
const movePrimaryFrom = "dsp.platform/move-primary-from";
const movePrimaryTo = "dsp.platform/move-primary-to";
const unrecoverable = "alpha.cnpg.io/unrecoverable";
/** CloudNativePG's phase when only the primary is left to update, under `primaryUpdateStrategy: supervised`. */
const waitingPhase = "Waiting for user action";

interface Metadata {
  name: string;
  resourceVersion?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

interface Pod {
  metadata: Metadata;
  spec: { nodeName?: string; containers: { ports?: { name?: string; containerPort: number }[] }[] };
  status: { podIP?: string };
}

interface Cluster {
  metadata: Metadata & { generation?: number };
  spec: { instances: number };
  status?: Partial<Record<"currentPrimary" | "targetPrimary" | "currentPrimaryTimestamp" | "targetPrimaryTimestamp" | "phase", string>>;
}

interface Lease {
  metadata: Metadata;
  spec: Record<string, unknown> & { holderIdentity?: string; renewTime?: string; leaseTransitions?: number };
}

/** Kubernetes' API, as little of it as the watcher needs. */
export class KubernetesApi implements ClusterApi {
  readonly #options: KubernetesOptions;
  readonly #client: HttpsClient;
  readonly #zones = new Map<string, string>();

  constructor(options: KubernetesOptions) {
    this.#options = options;
    const token = new CachedFile(options.tokenFile);
    const ca = new CachedFile(options.caFile);
    this.#client = new HttpsClient(async () => ({ ca: await ca.text(), headers: { Authorization: `Bearer ${await token.text()}` } }));
  }

  stop(): void {
    this.#client.stop();
  }

  async look(): Promise<ClusterView> {
    const [pods, cluster, closed] = await Promise.all([this.#pods(), this.#get<Cluster>(this.#clusterPath), this.#closedNodes()]);
    const members = await Promise.all(pods.filter(({ status }) => status.podIP).map((pod) => this.#member(pod)));
    const leaving = pods.filter(({ spec }) => closed.includes(spec.nodeName ?? "")).map(({ metadata }) => metadata.name);
    const planned = plannedMove(cluster, leaving);
    return {
      members,
      instances: cluster.spec.instances,
      leaving,
      ...(planned && { planned }),
      generation: cluster.metadata.generation ?? 0,
      version: versionOf(cluster),
      currentPrimary: cluster.status?.currentPrimary ?? "",
      ...standingOf(cluster),
      labelled: pods
        .filter(({ metadata }) => metadata.labels?.[roleLabels[0] as string] === "primary")
        .map(({ metadata }) => metadata.name),
      handsOff: isHandsOff(cluster.metadata),
    };
  }

  async version(): Promise<string> {
    return versionOf(await this.#get<Cluster>(this.#clusterPath));
  }

  follow(listener: () => void, signal: AbortSignal): void {
    const onLine = (line: string): void => {
      if (isAddition(line)) listener();
    };
    void (async () => {
      const url = `${this.#origin}${closedNodesPath}&watch=true&timeoutSeconds=${watchSeconds}`;
      while (!signal.aborted) {
        await this.#client.readLines({ url, silentMs: (watchSeconds + 5) * 1000, signal }, onLine).catch(() => {});
        await sleep(watchAgainMs, undefined, { signal }).catch(() => {});
      }
    })();
  }

  async namePrimary(next: string, expected: Expectation): Promise<boolean> {
    const cluster = await this.#get<Cluster>(this.#clusterPath, tellingTimeoutMs);
    const { currentPrimary = "no primary", targetPrimary } = cluster.status ?? {};
    const isNamed = targetPrimary === next;
    // A planned move has named it already; then only the name of who is primary is wanting.
    if (isNamed && (currentPrimary === next || standingOf(cluster).reign !== expected.reign)) return true;
    if (!isNamed && !isExpected(expected, standingOf(cluster))) return false;
    const reply = await this.#name(next, { isNamed, version: versionOf(cluster), currentPrimary }, microTime());
    // Most likely another part of the status: worth another look.
    if (reply.status === 409) return await this.namePrimary(next, expected);
    return requireOk(reply);
  }

  nameWhileUnchanged(next: string, { version, currentPrimary }: Pick<ClusterView, "version" | "currentPrimary">): () => Promise<boolean> {
    const now = microTime();
    return async () => {
      const reply = await this.#name(next, { isNamed: false, version, currentPrimary }, now);
      if (reply.status !== 409) return requireOk(reply);
      // Whoever was faster may have been this same question, asked before.
      const { status } = await this.#get<Cluster>(this.#clusterPath, tellingTimeoutMs);
      return status?.targetPrimary === next && status.targetPrimaryTimestamp === now;
    };
  }

  /** @param seen with its version, so that it is refused when anybody has been faster */
  #name(next: string, seen: Pick<ClusterView, "version" | "currentPrimary"> & { isNamed: boolean }, now: string): Promise<Reply> {
    const wish = {
      targetPrimary: next,
      targetPrimaryTimestamp: now,
      phase: "Failing over",
      phaseReason: `Failing over from ${seen.currentPrimary} to ${next}`,
    };
    return this.#send("PATCH", `${this.#clusterPath}/status`, {
      metadata: { resourceVersion: seen.version },
      status: {
        ...(seen.isNamed ? {} : wish),
        // Named by the instance manager, it would throw out every client of the new primary a second or two after it began to serve.
        currentPrimary: next,
        currentPrimaryTimestamp: now,
      },
    });
  }

  async giveLease(next: string): Promise<() => Promise<boolean>> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases/${this.#options.cluster}`;
    const lease = await this.#get<Lease>(path, tellingTimeoutMs);
    let given = lease.spec.renewTime;
    if (lease.spec.holderIdentity !== next) {
      given = microTime();
      const leaseTransitions = (lease.spec.leaseTransitions ?? 0) + 1;
      const spec = { ...lease.spec, holderIdentity: next, acquireTime: given, renewTime: given, leaseTransitions };
      requireOk(await this.#send("PUT", path, { ...lease, spec }));
    }
    return async () => {
      const { spec } = await this.#get<Lease>(path);
      return spec.holderIdentity === next && spec.renewTime !== given;
    };
  }

  async declareUnrecoverable(instance: string): Promise<void> {
    requireOk(await this.#send("PATCH", `${this.#podsPath}/${instance}`, { metadata: { annotations: { [unrecoverable]: "true" } } }));
  }

  async label(primary: string): Promise<void> {
    const pods = await this.#pods(tellingTimeoutMs);
    const label = (name: string, role: string): Promise<Reply> =>
      this.#send("PATCH", `${this.#podsPath}/${name}`, { metadata: { labels: Object.fromEntries(roleLabels.map((key) => [key, role])) } });
    const role = ({ metadata }: Pod): string | undefined => metadata.labels?.[roleLabels[0] as string];
    const others = pods.filter((pod) => pod.metadata.name !== primary && role(pod) === "primary");
    // As the operator marks an old primary in a failover: neither for writes nor for reads.
    const labelled = pods.some((pod) => pod.metadata.name === primary && role(pod) === "primary");
    const replies = await Promise.all([
      ...(labelled ? [] : [label(primary, "primary")]),
      ...others.map(({ metadata }) => label(metadata.name, "unhealthy")),
    ]);
    for (const reply of replies) requireOk(reply);
  }

  get #clusterPath(): string {
    return `/apis/postgresql.cnpg.io/v1/namespaces/${this.#options.namespace}/clusters/${this.#options.cluster}`;
  }

  get #origin(): string {
    const { host, port } = this.#options;
    return `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  get #podsPath(): string {
    return `/api/v1/namespaces/${this.#options.namespace}/pods`;
  }

  async #pods(timeoutMs?: number): Promise<Pod[]> {
    const selector = encodeURIComponent(`cnpg.io/cluster=${this.#options.cluster},cnpg.io/podRole=instance`);
    return (await this.#get<{ items: Pod[] }>(`${this.#podsPath}?labelSelector=${selector}`, timeoutMs)).items;
  }

  /** Nodes that take no new pods. */
  async #closedNodes(): Promise<string[]> {
    return (await this.#get<{ items: { metadata: Metadata }[] }>(closedNodesPath)).items.map(({ metadata }) => metadata.name);
  }

  async #member({ metadata, spec, status }: Pod): Promise<Member> {
    const named = spec.containers.flatMap(({ ports }) => ports ?? []).find(({ name }) => name === "postgresql");
    return {
      name: metadata.name,
      site: metadata.labels?.[zoneLabel] ?? (await this.#zoneOf(spec.nodeName ?? "")),
      address: status.podIP ?? "",
      port: named?.containerPort ?? 5432,
    };
  }

  /** A node never changes its zone. */
  async #zoneOf(node: string): Promise<string> {
    const known = this.#zones.get(node);
    if (known !== undefined) return known;
    const { metadata } = await this.#get<{ metadata: Metadata }>(`/api/v1/nodes/${node}`);
    const zone = metadata.labels?.[zoneLabel] ?? "";
    this.#zones.set(node, zone);
    return zone;
  }

  async #get<T>(path: string, timeoutMs = answerTimeoutMs): Promise<T> {
    const reply = await this.#client.send({ method: "GET", url: `${this.#origin}${path}`, timeoutMs });
    requireOk(reply);
    return reply.body as T;
  }

  #send(method: "PATCH" | "PUT", path: string, body: unknown): Promise<Reply> {
    const headers: Record<string, string> = method === "PATCH" ? { "Content-Type": "application/merge-patch+json" } : {};
    return this.#client.send({ method, url: `${this.#origin}${path}`, timeoutMs: tellingTimeoutMs, headers, body });
  }
}

/** Whether the line of a watch says that one more is among what is watched. */
function isAddition(line: string): boolean {
  try {
    return (JSON.parse(line) as { type?: string }).type === "ADDED";
  } catch {
    return false;
  }
}

function plannedMove(cluster: Cluster, leaving: readonly string[]): PlannedMove | undefined {
  const { metadata, status = {} } = cluster;
  const { annotations = {} } = metadata;
  const to = annotations[movePrimaryTo];
  if (annotations[movePrimaryFrom] === standingOf(cluster).reign) return { why: "asked for", ...(to && { to }) };
  if (leaving.includes(status.currentPrimary ?? "")) return { why: "its node is being emptied" };
  return status.phase === waitingPhase ? { why: "an update waits for it" } : undefined;
}

function requireOk({ status, body }: Reply): true {
  if (status >= 200 && status < 300) return true;
  const message = (body as { message?: string } | null)?.message;
  throw new Error(`the API answers ${status}${message ? `: ${message}` : ""}`);
}

function standingOf({ status = {} }: Cluster): Pick<ClusterView, "reign" | "wish" | "targetPrimary"> {
  const { currentPrimary, currentPrimaryTimestamp, targetPrimary = "", targetPrimaryTimestamp } = status;
  return { reign: `${currentPrimary} ${currentPrimaryTimestamp}`, wish: `${targetPrimary} ${targetPrimaryTimestamp}`, targetPrimary };
}

function versionOf({ metadata }: Cluster): string {
  return metadata.resourceVersion ?? "";
}

/** Somebody has stopped instances on purpose. */
function isHandsOff({ annotations = {} }: Metadata): boolean {
  return !["", "[]", undefined].includes(annotations["cnpg.io/fencedInstances"]) || annotations["cnpg.io/hibernation"] === "on";
}

/** RFC 3339 with microseconds, as the API and the operator write them. */
function microTime(): string {
  return new Date().toISOString().replace("Z", "000Z");
}
