import { annotationOf, type KubernetesObject, namespaceOf } from "../api/object.ts";
import type { Context } from "../context.ts";
import { isObject, type JsonObject, stringAt, valueAt } from "../json.ts";
import { definitionReadiness } from "./definition.ts";
import { ownedPods } from "./owned-pods.ts";
import { podTroubles } from "./pod-trouble.ts";
import { type Readiness, ready, waiting } from "./readiness.ts";
import { needsEndpoints, serviceReadiness } from "./service.ts";
import { claimReadiness, volumeReadiness } from "./storage.ts";
import { parseWaitFor, waitForAnnotation } from "./wait-for.ts";
import {
  daemonSetReadiness,
  deploymentReadiness,
  jobReadiness,
  podReadiness,
  replicaSetReadiness,
  statefulSetReadiness,
} from "./workloads.ts";

/** Knows when objects of a kind are ready, and where to look when they are not. */
export interface Awaiter {
  readiness(context: Context, live: KubernetesObject): Readiness | Promise<Readiness>;
  /** Sentences about what holds the object up. */
  troubles?(context: Context, live: KubernetesObject): Promise<string[]>;
  /** Readiness depends on other objects too, so that a watch of this one does not tell all. */
  looksAtOthers?: boolean;
}

const skipAnnotation = "pulumi.com/skipAwait";

/** How to await an object: as its annotations say, else as its kind needs; undefined when there is nothing to wait for. */
export function awaiterFor(object: KubernetesObject): Awaiter | undefined {
  if (annotationOf(object, skipAnnotation)?.toLowerCase() === "true") return undefined;
  const waitFor = annotationOf(object, waitForAnnotation);
  if (waitFor) {
    const condition = parseWaitFor(waitFor);
    return { readiness: (_, live) => condition(live), troubles: selectorOf(object) ? workloadTroubles : ownerTroubles };
  }
  const group = object.apiVersion.includes("/") ? object.apiVersion.split("/")[0] : "";
  return awaiters[`${group}/${object.kind}`];
}

const workload = (readiness: (live: JsonObject) => Readiness): Awaiter => ({
  readiness: (_, live) => readiness(live),
  troubles: workloadTroubles,
});

const awaiters: Record<string, Awaiter> = {
  "apps/Deployment": workload(deploymentReadiness),
  "apps/StatefulSet": workload(statefulSetReadiness),
  "apps/DaemonSet": workload(daemonSetReadiness),
  "apps/ReplicaSet": workload(replicaSetReadiness),
  "/ReplicationController": workload(replicaSetReadiness),
  "batch/Job": workload(jobReadiness),
  "/Pod": { readiness: (_, live) => podReadiness(live), troubles: (_, live) => Promise.resolve(podTroubles([live])) },
  "/Service": { readiness: awaitService, looksAtOthers: true },
  "/PersistentVolumeClaim": { readiness: awaitClaim, troubles: warningEvents, looksAtOthers: true },
  "/PersistentVolume": { readiness: (_, live) => volumeReadiness(live) },
  "/Namespace": {
    readiness: (_, live) =>
      stringAt(live, "status", "phase") === "Active" ? ready : waiting(`the namespace is ${stringAt(live, "status", "phase") ?? "new"}`),
  },
  "/Secret": { readiness: (_, live) => tokenReadiness(live) },
  "apiextensions.k8s.io/CustomResourceDefinition": { readiness: (_, live) => definitionReadiness(live) },
};

async function awaitService(context: Context, live: KubernetesObject): Promise<Readiness> {
  if (!needsEndpoints(live)) return serviceReadiness(live, []);
  const labelSelector = `kubernetes.io/service-name=${stringAt(live, "metadata", "name")}`;
  const kind = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace: namespaceOf(live) };
  return serviceReadiness(live, await context.cluster().list(kind, { labelSelector }, context.signal));
}

async function awaitClaim(context: Context, live: KubernetesObject): Promise<Readiness> {
  const name = stringAt(live, "spec", "storageClassName");
  const storageClass = name
    ? await context.cluster().get({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name }, context.signal)
    : undefined;
  return claimReadiness(live, stringAt(storageClass, "volumeBindingMode"));
}

/** A service account's token is put into its Secret by a controller. */
function tokenReadiness(live: KubernetesObject): Readiness {
  if (live.type !== "kubernetes.io/service-account-token") return ready;
  return stringAt(live, "data", "token") === undefined ? waiting("waiting for the service account's token") : ready;
}

async function workloadTroubles(context: Context, live: KubernetesObject): Promise<string[]> {
  const labelSelector = selectorOf(live);
  if (!labelSelector) return warningEvents(context, live);
  const pods = await context
    .cluster()
    .list({ apiVersion: "v1", kind: "Pod", namespace: namespaceOf(live) }, { labelSelector }, context.signal);
  const troubles = podTroubles(pods);
  return troubles.length > 0 ? troubles : warningEvents(context, live);
}

async function ownerTroubles(context: Context, live: KubernetesObject): Promise<string[]> {
  const troubles = podTroubles(await ownedPods(context, live));
  return troubles.length > 0 ? troubles : warningEvents(context, live);
}

/** A workload's selector as the API's query wants it. */
function selectorOf(live: KubernetesObject): string | undefined {
  const selector = valueAt(live, ["spec", "selector"]);
  if (!isObject(selector)) return undefined;
  const labels = live.kind === "ReplicationController" ? selector : selector.matchLabels;
  if (!isObject(labels)) return undefined;
  const terms = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  return terms.length > 0 ? terms.join(",") : undefined;
}

/** The latest warnings that controllers left about the object: refused pods, missing volumes. */
async function warningEvents(context: Context, live: KubernetesObject): Promise<string[]> {
  const fieldSelector = `involvedObject.uid=${stringAt(live, "metadata", "uid")},type=Warning`;
  const events = await context
    .cluster()
    .list({ apiVersion: "v1", kind: "Event", namespace: namespaceOf(live) ?? "default" }, { fieldSelector }, context.signal);
  const time = (event: JsonObject) =>
    stringAt(event, "lastTimestamp") ?? stringAt(event, "eventTime") ?? stringAt(event, "metadata", "creationTimestamp") ?? "";
  const latest = events.sort((a, b) => time(a).localeCompare(time(b))).slice(-2);
  return [...new Set(latest.map((event) => `${stringAt(event, "reason") ?? "warning"}: ${stringAt(event, "message") ?? ""}`))];
}
