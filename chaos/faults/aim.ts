/** Chooses what a fault hits: who is primary and who holds the virtual IP is asked of themselves, since labels are late when it matters. */
import { setTimeout as delay } from "node:timers/promises";
import { type FaultContext, FaultNotPossible } from "../fault.ts";
import {
  type ContainerFacts,
  type NodeFacts,
  nodeNamed,
  type Platform,
  type PodFacts,
  podElement,
  podInWords,
  readPlatform,
  witnessSite,
} from "./platform.ts";

/** A fault may be aimed in the middle of a failover, when for some seconds nobody is primary. */
const patienceMs = 20_000;
const intervalMs = 500;

export type PodVictim =
  | "postgres-primary"
  | "postgres-standby"
  | "redis-primary"
  | "edge-holder"
  | "service"
  | "identity"
  | "registry"
  | "exchange"
  | "portal"
  | "dns"
  | "operator"
  | "watcher";
export type NodeVictim = "postgres-primary" | "edge-holder" | "witness" | "worker";
export type SiteVictim = "postgres-primary" | "witness" | "other";

export interface Victim {
  pod: PodFacts;
  /** The container that does the work. */
  container: ContainerFacts;
  /** `the PostgreSQL primary pg-1 on dsp-worker4 (site-b)` */
  words: string;
  elements: readonly string[];
}

const isInstance = ({ labels }: PodFacts) => labels["cnpg.io/podRole"] === "instance";
const isRedis = ({ containers }: PodFacts) => ["redis", "sentinel"].every((wanted) => containers.some(({ name }) => name === wanted));
const isEdge = ({ labels }: PodFacts) => labels["app.kubernetes.io/component"] === "edge";
const isDns = ({ labels }: PodFacts) => labels["k8s-app"] === "kube-dns";
const isOperator = ({ labels }: PodFacts) => labels["app.kubernetes.io/name"] === "cloudnative-pg";
const isWatcher = ({ labels }: PodFacts) => labels["app.kubernetes.io/name"] === "watcher";

function livePods(platform: Platform, isWanted: (pod: PodFacts) => boolean): PodFacts[] {
  return platform.pods.filter((pod) => !pod.leaving && !pod.finished && isWanted(pod));
}

/** Pods of the DSP's own services: clients of its data. */
export function servicePods(platform: Platform, namespace: string): PodFacts[] {
  return livePods(
    platform,
    (pod) => pod.namespace === namespace && pod.labels["app.kubernetes.io/component"] === "service" && !isWatcher(pod),
  );
}

export function postgresInstances(platform: Platform): PodFacts[] {
  return livePods(platform, isInstance);
}

export function redisPods(platform: Platform): PodFacts[] {
  return livePods(platform, isRedis);
}

export function dnsPods(platform: Platform): PodFacts[] {
  return livePods(platform, isDns);
}

export function operatorPods(platform: Platform): PodFacts[] {
  return livePods(platform, isOperator);
}

export function edgePods(platform: Platform): PodFacts[] {
  return livePods(platform, isEdge);
}

/** @throws Error when the pod has no such container that runs */
export function runningContainer(pod: PodFacts, name: string): ContainerFacts & { id: string } {
  const container = pod.containers.find((candidate) => candidate.name === name);
  if (container?.id === undefined) throw new Error(`no container "${name}" of ${pod.namespace}/${pod.name} runs`);
  return { ...container, id: container.id };
}

async function askUntilKnown<T>({ signal }: FaultContext, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > endMs) throw new Error(`nobody says within ${patienceMs / 1000} s who is ${what}`);
    await delay(intervalMs, undefined, { signal });
  }
}

/** Runs a command in each pod at the same time; a pod that does not answer gives undefined. */
async function askEach(
  { target }: FaultContext,
  pods: readonly PodFacts[],
  container: string,
  command: readonly string[],
): Promise<{ pod: PodFacts; answer: string | undefined }[]> {
  const ask = ({ namespace, name }: PodFacts) => target.runInPod({ namespace, pod: name, container }, command).catch(() => undefined);
  return Promise.all(pods.map(async (pod) => ({ pod, answer: await ask(pod) })));
}

/** SQL, asked of one instance as its superuser. @throws Error when it does not answer */
export function askPostgres({ target }: FaultContext, pod: PodFacts, question: string): Promise<string> {
  const place = { namespace: pod.namespace, pod: pod.name, container: "postgres" };
  return target.runInPod(place, ["psql", "-XAtq", "-U", "postgres", "-d", "postgres", "-c", question]);
}

/** The instance that takes writes; of two that say so, the one on the later timeline. @throws Error when none says so in time */
export function findPostgresPrimary(context: FaultContext): Promise<{ platform: Platform; pod: PodFacts }> {
  const question = "select case when pg_is_in_recovery() then '' else pg_walfile_name(pg_current_wal_lsn()) end";
  return askUntilKnown(context, "PostgreSQL primary", async () => {
    const platform = await readPlatform(context);
    const answers = await Promise.all(
      postgresInstances(platform).map(async (pod) => ({
        pod,
        segment: (await askPostgres(context, pod, question).catch(() => "")).trim(),
      })),
    );
    const [first] = answers
      .filter(({ segment }) => segment !== "")
      .toSorted((left, right) => right.segment.slice(0, 8).localeCompare(left.segment.slice(0, 8)));
    return first === undefined ? undefined : { platform, pod: first.pod };
  });
}

/** The Redis that says it is primary; of two, the one that more replicas follow. @throws Error when none says so in time */
export function findRedisPrimary(context: FaultContext): Promise<{ platform: Platform; pod: PodFacts }> {
  // The password is read inside the pod, so that it never leaves it.
  const ask = "exec redis-cli --tls --cacert /etc/redis-tls/ca.crt info replication";
  const command = ["sh", "-c", `REDISCLI_AUTH="$(cat /etc/redis-password/password)" ${ask}`];
  return askUntilKnown(context, "Redis primary", async () => {
    const platform = await readPlatform(context);
    const answers = await askEach(context, redisPods(platform), "redis", command);
    const [first] = answers
      .filter(({ answer }) => answer !== undefined && /^role:master\r?$/m.test(answer))
      .map(({ pod, answer }) => ({ pod, followers: Number(/^connected_slaves:(\d+)/m.exec(answer ?? "")?.[1] ?? 0) }))
      .toSorted((left, right) => right.followers - left.followers);
    return first === undefined ? undefined : { platform, pod: first.pod };
  });
}

export interface EdgeHolder {
  platform: Platform;
  pod: PodFacts;
  virtualIp: string;
  /** The edges that do not hold it. */
  others: PodFacts[];
}

/** @throws FaultNotPossible where the edges stand behind a load balancer, Error when nobody holds the address in time */
export function findEdgeHolder(context: FaultContext): Promise<EdgeHolder> {
  return askUntilKnown(context, "holding the virtual IP", async () => {
    const platform = await readPlatform(context);
    const edges = edgePods(platform);
    const virtualIp = edges.flatMap(({ containers }) => containers.find(({ name }) => name === "keepalived")?.env.VIRTUAL_IP ?? [])[0];
    if (virtualIp === undefined) throw new FaultNotPossible("the edges of this platform hold no virtual IP themselves");
    const answers = await askEach(context, edges, "keepalived", ["ip", "-4", "-o", "address", "show"]);
    const pod = answers.find(({ answer }) => answer?.includes(` ${virtualIp}/`))?.pod;
    return pod === undefined ? undefined : { platform, pod, virtualIp, others: edges.filter((edge) => edge !== pod) };
  });
}

/** All instances but the primary. @throws FaultNotPossible where the platform has none */
export async function findPostgresStandbys(context: FaultContext): Promise<{ pods: PodFacts[]; words: string; elements: string[] }> {
  const { platform, pod: primary } = await findPostgresPrimary(context);
  const pods = postgresInstances(platform).filter(({ name }) => name !== primary.name);
  if (pods.length === 0) throw new FaultNotPossible("this platform has no PostgreSQL standby");
  return { pods, words: `the PostgreSQL standbys ${pods.map(podInWords).join(" and ")}`, elements: pods.map(podElement) };
}

/** The operator's leader, as its lease names it; else any of its pods. */
async function findOperator(context: FaultContext): Promise<PodFacts | undefined> {
  const operators = operatorPods(await readPlatform(context));
  const [first] = operators;
  if (first === undefined) return undefined;
  const leases = await context.target.askApi(`/apis/coordination.k8s.io/v1/namespaces/${first.namespace}/leases`).catch(() => "");
  return operators.find(({ name }) => leases.includes(`"holderIdentity":"${name}_`)) ?? first;
}

async function findPod(context: FaultContext, what: PodVictim): Promise<{ pod: PodFacts | undefined; container: string | undefined }> {
  switch (what) {
    case "postgres-primary":
      return { pod: (await findPostgresPrimary(context)).pod, container: "postgres" };
    case "postgres-standby": {
      const { platform, pod: primary } = await findPostgresPrimary(context);
      const standbys = postgresInstances(platform).filter(({ name }) => name !== primary.name);
      // One of a full site: the witness's is hit by the drills of the witness.
      return { pod: standbys.find(({ site }) => site !== witnessSite(platform)) ?? standbys[0], container: "postgres" };
    }
    case "redis-primary":
      return { pod: (await findRedisPrimary(context)).pod, container: "redis" };
    case "edge-holder":
      return { pod: (await findEdgeHolder(context)).pod, container: "haproxy" };
    case "service":
    case "identity":
    case "registry":
    case "exchange":
    case "portal": {
      // The record's, which the load is on, unless another is named.
      const name = what === "service" ? "record" : what;
      const pods = servicePods(await readPlatform(context), context.target.namespace);
      return { pod: pods.find(({ ready, labels }) => ready && labels["app.kubernetes.io/name"] === name), container: undefined };
    }
    case "dns":
      return { pod: dnsPods(await readPlatform(context)).find(({ ready }) => ready), container: "coredns" };
    case "operator":
      return { pod: await findOperator(context), container: undefined };
    case "watcher": {
      const watchers = livePods(await readPlatform(context), (pod) => isWatcher(pod) && pod.namespace === context.target.namespace);
      return { pod: watchers.find(({ ready }) => ready), container: undefined };
    }
  }
}

const podWords: Readonly<Record<PodVictim, string>> = {
  "postgres-primary": "the PostgreSQL primary",
  "postgres-standby": "the PostgreSQL standby",
  "redis-primary": "the Redis primary",
  "edge-holder": "the edge that holds the virtual IP,",
  service: "the record service's pod",
  identity: "identity's pod",
  registry: "the registry's pod",
  exchange: "the exchange's pod",
  portal: "the portal's pod",
  dns: "the DNS pod",
  operator: "the operator's leader",
  watcher: "the watcher",
};

/** @throws FaultNotPossible where the platform has no such pod, Error when nobody says which it is */
export async function choosePod(context: FaultContext, what: PodVictim): Promise<Victim> {
  const { pod, container: wanted } = await findPod(context, what);
  if (pod === undefined) throw new FaultNotPossible(`this platform runs no pod for "${what}"`);
  const container = wanted === undefined ? pod.containers[0] : pod.containers.find(({ name }) => name === wanted);
  if (container === undefined) throw new FaultNotPossible(`${pod.name} has no container "${wanted}"`);
  const operator = what === "operator" && pod.owner !== undefined ? [`operator/${pod.namespace}/${pod.owner.name}`] : [];
  return { pod, container, words: `${podWords[what]} ${podInWords(pod)}`, elements: [podElement(pod), ...operator] };
}

/** @throws FaultNotPossible where the platform has no such node */
export async function chooseNode(
  context: FaultContext,
  which: NodeVictim,
): Promise<{ platform: Platform; node: NodeFacts; words: string }> {
  if (which === "postgres-primary") {
    const { platform, pod } = await findPostgresPrimary(context);
    const node = nodeNamed(platform, pod.node);
    return { platform, node, words: `node ${node.name} (${node.site}), which runs the PostgreSQL primary ${pod.name}` };
  }
  if (which === "edge-holder") {
    const { platform, pod, virtualIp } = await findEdgeHolder(context);
    const node = nodeNamed(platform, pod.node);
    return { platform, node, words: `node ${node.name} (${node.site}), whose edge holds ${virtualIp}` };
  }
  if (which === "witness") {
    const platform = await readPlatform(context);
    const node = platform.nodes.find(({ site }) => site === witnessSite(platform));
    if (node === undefined) throw new FaultNotPossible("this platform has no site without workers: no witness");
    return { platform, node, words: `node ${node.name} (${node.site}), the witness` };
  }
  const { platform, pod: primary } = await findPostgresPrimary(context);
  const edges = edgePods(platform).map(({ node }) => node);
  const workers = platform.nodes.filter(({ controlPlane, ready }) => !controlPlane && ready);
  const plain = workers.filter(({ name }) => name !== primary.node);
  const node = plain.find(({ name }) => !edges.includes(name)) ?? plain[0];
  if (node === undefined) throw new FaultNotPossible("this platform has no worker besides the one that runs the PostgreSQL primary");
  return { platform, node, words: `node ${node.name} (${node.site}), a worker that does not run the PostgreSQL primary` };
}

export interface SiteChoice {
  platform: Platform;
  site: string;
  nodes: NodeFacts[];
  words: string;
}

/** @throws FaultNotPossible where the platform has no such site */
export async function chooseSite(context: FaultContext, which: SiteVictim): Promise<SiteChoice> {
  const { platform, pod: primary } = await findPostgresPrimary(context);
  const witness = witnessSite(platform);
  const full = [...new Set(platform.nodes.map(({ site }) => site))].filter((site) => site !== witness).sort();
  const site =
    which === "postgres-primary" ? primary.site : which === "witness" ? witness : full.find((candidate) => candidate !== primary.site);
  if (site === undefined) throw new FaultNotPossible(`this platform has no site for "${which}"`);
  const nodes = platform.nodes.filter((node) => node.site === site);
  const why = site === primary.site ? `, which has the PostgreSQL primary ${primary.name}` : site === witness ? ", the witness" : "";
  return { platform, site, nodes, words: `${site}${why} (${nodes.map(({ name }) => name).join(", ")})` };
}
