/** Every element of the running platform, by name, and which of them no drill has hit. */
import { z } from "zod";
import type { Loss } from "./check.ts";
import { metadataSchema } from "./metadata.ts";
import type { Target } from "./target.ts";

const toolTimeoutMs = 20_000;

const podListSchema = z.object({
  items: z.array(
    z.object({
      metadata: metadataSchema,
      spec: z.object({
        nodeName: z.string().optional(),
        containers: z.array(z.object({ image: z.string() })),
        volumes: z.array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() })).default([]),
      }),
      status: z.object({
        phase: z.string().optional(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

const listSchema = z.object({ items: z.array(z.object({ metadata: metadataSchema })) });

const serviceListSchema = z.object({
  items: z.array(z.object({ metadata: metadataSchema, spec: z.object({ selector: z.record(z.string(), z.string()).optional() }) })),
});

export interface PodFacts {
  namespace: string;
  name: string;
  /** What makes it anew: `record-site-a`, `redis`, `pg`; its own name where nothing does. */
  owner: string;
  node: string | undefined;
  labels: Readonly<Record<string, string>>;
  images: readonly string[];
  /** Names of its volume claims. */
  claims: readonly string[];
  ready: boolean;
  /** Ran to its end: a job's. */
  finished: boolean;
  /** Being taken away. */
  leaving: boolean;
}

type PodItem = z.infer<typeof podListSchema>["items"][number];

/** The owner that outlives the pod: a ReplicaSet's hash and a static pod's node are left out. */
function ownerOf({ metadata, spec }: PodItem): string {
  const owner = metadata.ownerReferences[0];
  if (owner === undefined) return metadata.name;
  const hash = metadata.labels["pod-template-hash"];
  if (owner.kind === "ReplicaSet" && hash !== undefined && owner.name.endsWith(`-${hash}`)) return owner.name.slice(0, -hash.length - 1);
  if (owner.kind === "Node" && metadata.name.endsWith(`-${spec.nodeName}`)) return metadata.name.slice(0, -`-${spec.nodeName}`.length);
  return owner.name;
}

/** @param json the API's list of pods */
export function parsePods(json: string): PodFacts[] {
  return podListSchema.parse(JSON.parse(json)).items.map((item) => ({
    namespace: item.metadata.namespace,
    name: item.metadata.name,
    owner: ownerOf(item),
    node: item.spec.nodeName,
    labels: item.metadata.labels,
    images: item.spec.containers.map(({ image }) => image),
    claims: item.spec.volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []),
    ready: item.status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    finished: item.status.phase === "Succeeded" || item.status.phase === "Failed",
    leaving: item.metadata.deletionTimestamp !== undefined,
  }));
}

/** @throws Error when nobody tells */
export async function readPods(target: Target, signal?: AbortSignal): Promise<PodFacts[]> {
  return parsePods(await target.askApi("/api/v1/pods", signal === undefined ? {} : { signal }));
}

/** Pods that should serve and do not, in words. */
export function unreadyPods(pods: readonly PodFacts[]): string[] {
  return pods
    .filter(({ ready, finished, leaving }) => leaving || (!ready && !finished))
    .map(({ namespace, name, leaving }) => `${namespace}/${name} ${leaving ? "is being taken away" : "is not ready"}`);
}

/** `pod/dsp/pg` for the pod of an owner. */
function podElement({ namespace, owner }: PodFacts): string {
  return `pod/${namespace}/${owner}`;
}

/** What goes down with the elements of a fault that takes whole nodes away: their pods and volumes. */
export function carriedWith(elements: readonly string[], pods: readonly PodFacts[]): string[] {
  const nodes = new Set(elements.filter((element) => element.startsWith("node/")).map((element) => element.slice("node/".length)));
  const lost = pods.filter(({ node, finished }) => node !== undefined && nodes.has(node) && !finished);
  return [...new Set(lost.flatMap((pod) => [podElement(pod), ...pod.claims.map((claim) => `volume/${claim}`)]))];
}

/** What a pod is to the platform; undefined for one that no request and no failover waits for. */
function kindOf({ labels }: PodFacts): string | undefined {
  if (labels["k8s-app"] === "kube-dns") return "DNS";
  if (labels["cnpg.io/podRole"] === "instance") return "PostgreSQL";
  if (labels["app.kubernetes.io/name"] === "cloudnative-pg") return "the PostgreSQL operator";
  if (labels.tier === "control-plane") return labels.component;
  return labels["app.kubernetes.io/part-of"] === "dsp" ? labels["app.kubernetes.io/name"] : undefined;
}

/** Of each kind that a fault hits, how many it takes and how many it leaves. @param hitPods `namespace/name` */
export function lossesOf(pods: readonly PodFacts[], elements: readonly string[], hitPods: readonly string[]): Loss[] {
  const serving = pods.filter(({ ready, finished, leaving }) => ready && !finished && !leaving);
  const isHit = ({ namespace, name, node }: PodFacts) => hitPods.includes(`${namespace}/${name}`) || elements.includes(`node/${node}`);
  const kinds = Map.groupBy(serving, kindOf);
  return [...kinds].flatMap(([kind, members]) => {
    const lost = members.filter(isHit).length;
    return kind === undefined || lost === 0 ? [] : [{ kind, lost, left: members.length - lost }];
  });
}

export interface Element {
  /** `node/dsp-worker`, `pod/dsp/record-site-a`, `volume/pg-1`, `address/dsp/pg-rw`, `certificate/dsp/edge-tls`, `operator/…`, `outside/…` */
  name: string;
  /** Losing one of these is losing this: the pods behind a Service, an operator's pods. */
  standsOn: readonly string[];
}

/** What kubectl told, each as JSON. */
export interface InventorySource {
  nodes: string;
  pods: string;
  claims: string;
  services: string;
  /** Names only: `namespace/name` of each Secret that holds a certificate, one a line. */
  certificates: string;
  deployments: string;
  /** The virtual IP, where the platform has one. */
  virtualIp: string | null;
}

const operatorName = /(^|-)(operator|controller-manager|provisioner)$/;
/** Where an image without a host in its name comes from. */
const implicitRegistry = "docker.io";

/** The registry that an image would be fetched from. */
function registryOf(image: string): string {
  const [first, ...rest] = image.split("/");
  return rest.length > 0 && first !== undefined && /[.:]|^localhost$/.test(first) ? first : implicitRegistry;
}

function addressElements(source: InventorySource, pods: readonly PodFacts[]): Element[] {
  const services = serviceListSchema.parse(JSON.parse(source.services)).items.map(({ metadata, spec }): Element => {
    const selector = Object.entries(spec.selector ?? {});
    const behind = pods.filter(
      ({ namespace, labels }) =>
        namespace === metadata.namespace && selector.length > 0 && selector.every(([key, value]) => labels[key] === value),
    );
    // The API's own Service has no selector: the API servers stand behind it.
    const apiServers = metadata.namespace === "default" && metadata.name === "kubernetes" ? ["pod/kube-system/kube-apiserver"] : [];
    return { name: `address/${metadata.namespace}/${metadata.name}`, standsOn: [...new Set([...behind.map(podElement), ...apiServers])] };
  });
  const edges = [...new Set(pods.filter(({ labels }) => labels["app.kubernetes.io/name"] === "edge").map(podElement))];
  return source.virtualIp === null ? services : [...services, { name: `address/${source.virtualIp}`, standsOn: edges }];
}

/** Where a volume that binds at its first use was made: what is on the node itself goes with the node. */
const placeAnnotation = "volume.kubernetes.io/selected-node";

/** Volumes that pods use are broken with them. Of the others those that were ever used, as a backup's, are lost with their node. */
function volumeElements(claims: readonly z.infer<typeof metadataSchema>[], pods: readonly PodFacts[]): Element[] {
  const used = new Set(pods.flatMap((pod) => pod.claims));
  return claims.flatMap(({ name, annotations }) => {
    const node = annotations[placeAnnotation];
    if (used.has(name)) return [{ name: `volume/${name}`, standsOn: [] }];
    return node === undefined ? [] : [{ name: `volume/${name}`, standsOn: [`node/${node}`] }];
  });
}

/** Pure: the inventory from what kubectl told. @throws Error when it is not what kubectl prints */
export function makeInventory(source: InventorySource): Element[] {
  const pods = parsePods(source.pods).filter(({ finished }) => !finished);
  const names = (json: string) => listSchema.parse(JSON.parse(json)).items.map(({ metadata }) => metadata);
  const certificates = source.certificates.split("\n").filter((line) => line !== "");
  const operators = names(source.deployments).filter(({ name }) => operatorName.test(name));
  const elements: Element[] = [
    ...names(source.nodes).map(({ name }) => ({ name: `node/${name}`, standsOn: [] })),
    ...pods.map((pod) => ({ name: podElement(pod), standsOn: [] })),
    ...volumeElements(names(source.claims), pods),
    ...addressElements(source, pods),
    ...certificates.map((name) => ({ name: `certificate/${name}`, standsOn: [] })),
    ...operators.map(({ namespace, name }) => ({ name: `operator/${namespace}/${name}`, standsOn: [`pod/${namespace}/${name}`] })),
    ...[...new Set(pods.flatMap(({ images }) => images.map(registryOf)))].map((name) => ({ name: `outside/${name}`, standsOn: [] })),
  ];
  const byName = new Map(elements.map((element) => [element.name, element]));
  return [...byName.values()].sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true }));
}

/** @throws Error when kubectl cannot read one of them */
export async function readInventory(target: Target): Promise<Element[]> {
  const get = (what: string, ...more: string[]) =>
    target.run("kubectl", ["get", what, "--all-namespaces", ...more], { timeoutMs: toolTimeoutMs });
  const json = ["--output", "json"];
  // The names alone: what the Secrets hold stays where it is.
  const nameLines = ["--output", 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}'];
  const [nodes, pods, claims, services, certificates, deployments] = await Promise.all([
    get("nodes", ...json),
    get("pods", ...json),
    get("persistentvolumeclaims", ...json),
    get("services", ...json),
    get("secrets", "--field-selector", "type=kubernetes.io/tls", ...nameLines),
    get("deployments", ...json),
  ]);
  const status = z.object({ edge: z.object({ virtualIp: z.string().nullable() }) }).parse(await target.readStatus());
  return makeInventory({ nodes, pods, claims, services, certificates, deployments, virtualIp: status.edge.virtualIp });
}

/**
 * Does a hit on `hit` count for `element`? A pod counts for its owner, under whatever generated name: `pod/dsp/record-site-a-5d9f7c-x2x4z` for
 * `pod/dsp/record-site-a`; `outside/*` for every address outside.
 */
export function counts(hit: string, element: string): boolean {
  if (hit === element) return true;
  if (hit.endsWith("/*")) return element.startsWith(hit.slice(0, -1));
  if (!hit.startsWith("pod/") || !hit.startsWith(`${element}-`)) return false;
  // What follows the owner's name is a number, or a ReplicaSet's hash and five letters.
  return /^(\d+|([a-z0-9]{5,10}-)?[a-z0-9]{5})$/.test(hit.slice(element.length + 1));
}

/** The elements that no drill has hit, by name. */
export function uncovered(inventory: readonly Element[], hits: readonly string[]): string[] {
  const isHit = (name: string) => hits.some((hit) => counts(hit, name));
  return inventory.filter(({ name, standsOn }) => !isHit(name) && !standsOn.some(isHit)).map(({ name }) => name);
}
