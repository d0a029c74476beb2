/** Reads the whole platform once, and judges its health. */
import type {
  V1CronJobList,
  V1Deployment,
  V1DeploymentList,
  V1Node,
  V1NodeList,
  V1Pod,
  V1PodList,
  V1ServiceList,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { names } from "../../components/names.ts";
import type { StackFile } from "../stack-file.ts";
import { judgeHealth } from "./judge-health.ts";
import { connectKubernetes, type KubernetesApi, UnreachableError } from "./kubernetes-api.ts";
import { paced } from "./paced.ts";
import type {
  BackupStatus,
  NodeStatus,
  OperatorStatus,
  PlatformStatus,
  ServiceStatus,
  SiteStatus,
  WatcherStatus,
} from "./platform-status.ts";
import { readEdge } from "./read-edge.ts";
import { isReady, readPostgres } from "./read-postgres.ts";
import { readRedis } from "./read-redis.ts";

const zoneLabel = "topology.kubernetes.io/zone";
const controlPlaneLabel = "node-role.kubernetes.io/control-plane";
const edgeLabel = "dsp/edge";

function zoneOf(node: V1Node | undefined): string {
  return node?.metadata?.labels?.[zoneLabel] ?? "unknown";
}

function describeNode(node: V1Node): NodeStatus {
  const labels = node.metadata?.labels ?? {};
  const roles = [controlPlaneLabel in labels ? "control-plane" : "worker", ...(labels[edgeLabel] === "true" ? ["edge"] : [])];
  const ready = node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
  return { name: node.metadata?.name ?? "", ready, roles };
}

/** Nodes by site, the two sites first and the witness after them. */
export function groupBySite(nodes: readonly V1Node[], sites: StackFile["sites"]): SiteStatus[] {
  const order = [sites.a, sites.b, sites.witness];
  const zones = [...new Set([...order, ...nodes.map(zoneOf).sort()])];
  return zones
    .map((name) => ({
      name,
      nodes: nodes
        .filter((node) => zoneOf(node) === name)
        .map(describeNode)
        .sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true })),
    }))
    .filter(({ nodes: members }) => members.length > 0);
}

function matches(pod: V1Pod, deployment: V1Deployment): boolean {
  const labels = pod.metadata?.labels ?? {};
  const wanted = Object.entries(deployment.spec?.selector.matchLabels ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** A service's replicas, in all and in each of the two sites; half of them belong in each. */
export function describeService(
  deployments: readonly V1Deployment[],
  pods: readonly V1Pod[],
  siteOf: (pod: V1Pod) => string,
  siteNames: readonly string[],
): ServiceStatus[] {
  return deployments
    .filter((deployment) => deployment.metadata?.labels?.["app.kubernetes.io/component"] === "service")
    .map((deployment) => {
      const desired = deployment.spec?.replicas ?? 1;
      const ready = pods.filter((pod) => matches(pod, deployment) && isReady(pod) && pod.metadata?.deletionTimestamp === undefined);
      return {
        name: deployment.metadata?.name ?? "",
        ready: ready.length,
        desired,
        sites: siteNames.map((name) => ({
          name,
          ready: ready.filter((pod) => siteOf(pod) === name).length,
          desired: Math.ceil(desired / siteNames.length),
        })),
      };
    });
}

/** The watcher of each site that should have one; a site without a Deployment for it has none that is ready. */
export function describeWatchers(
  deployments: readonly V1Deployment[],
  pods: readonly V1Pod[],
  siteOf: (pod: V1Pod) => string,
  siteNames: readonly string[],
): WatcherStatus[] {
  const watchers = deployments.filter((deployment) => deployment.metadata?.labels?.["app.kubernetes.io/component"] === names.watcher);
  const ready = pods.filter(
    (pod) => isReady(pod) && pod.metadata?.deletionTimestamp === undefined && watchers.some((deployment) => matches(pod, deployment)),
  );
  return siteNames.map((site) => ({ site, ready: ready.some((pod) => siteOf(pod) === site) }));
}

function describeOperators(deployments: readonly V1Deployment[]): OperatorStatus[] {
  return deployments.map(({ metadata, spec, status }) => ({
    name: metadata?.name ?? "",
    ready: status?.readyReplicas ?? 0,
    desired: spec?.replicas ?? 1,
  }));
}

/** A pod on a dead node keeps its last word in the API for a while; its node's does not. */
function markLostPods(pods: readonly V1Pod[], nodes: readonly V1Node[]): V1Pod[] {
  const lost = new Set(nodes.filter((node) => !describeNode(node).ready).map((node) => node.metadata?.name));
  return pods.map((pod) => (lost.has(pod.spec?.nodeName) ? { ...pod, status: { ...pod.status, conditions: [] } } : pod));
}

export function describeBackups(cronJobs: V1CronJobList | undefined): BackupStatus[] {
  const backups = cronJobs?.items.filter(({ metadata }) => metadata?.labels?.["app.kubernetes.io/component"] === names.backup) ?? [];
  return backups.map(({ spec, status }) => ({
    site: spec?.jobTemplate.spec?.template.spec?.nodeSelector?.[zoneLabel] ?? "unknown",
    lastAt: status?.lastSuccessfulTime === undefined ? null : String(status.lastSuccessfulTime),
    scheduled: spec?.suspend !== true,
  }));
}

function sum(numbers: readonly number[] = []): number {
  return numbers.reduce((left, right) => left + right, 0);
}

async function readAll(api: KubernetesApi, stack: StackFile) {
  const [nodes, pods, services, deployments, edgePods, operators, edges, redisSet, cluster, cronJobs] = await Promise.all([
    api.get<V1NodeList>("/api/v1/nodes"),
    api.get<V1PodList>(`/api/v1/namespaces/${names.namespace}/pods`),
    api.get<V1ServiceList>(`/api/v1/namespaces/${names.namespace}/services`),
    api.get<V1DeploymentList>(`/apis/apps/v1/namespaces/${names.namespace}/deployments`),
    api.get<V1PodList>(`/api/v1/namespaces/${names.edgeNamespace}/pods`),
    api.get<V1DeploymentList>(`/apis/apps/v1/namespaces/${names.operatorNamespace}/deployments`),
    api.get<V1DeploymentList>(`/apis/apps/v1/namespaces/${names.edgeNamespace}/deployments`),
    api.get<V1StatefulSet>(`/apis/apps/v1/namespaces/${names.namespace}/statefulsets/redis`),
    api.get<{ spec: { instances: number } }>(`/apis/postgresql.cnpg.io/v1/namespaces/${names.namespace}/clusters/${names.postgresCluster}`),
    api.get<V1CronJobList>(`/apis/batch/v1/namespaces/${names.namespace}/cronjobs`),
  ]);
  const nodeItems = nodes?.items ?? [];
  const nodeByName = new Map(nodeItems.map((node) => [node.metadata?.name, node]));
  const siteOf = (pod: V1Pod) => zoneOf(nodeByName.get(pod.spec?.nodeName));
  const ownPods = markLostPods(pods?.items ?? [], nodeItems);
  const [postgres, redis, edge] = await Promise.all([
    readPostgres(api, cluster?.spec.instances ?? 0, ownPods, siteOf),
    readRedis(api, redisSet?.spec?.replicas ?? 0, ownPods, services?.items ?? [], siteOf),
    readEdge(api, sum(edges?.items.map(({ spec }) => spec?.replicas ?? 1)), markLostPods(edgePods?.items ?? [], nodeItems), siteOf, stack),
  ]);
  return {
    sites: groupBySite(nodeItems, stack.sites),
    postgres,
    watchers: describeWatchers(deployments?.items ?? [], ownPods, siteOf, [stack.sites.a, stack.sites.b, stack.sites.witness]),
    redis,
    edge,
    services: describeService(deployments?.items ?? [], ownPods, siteOf, [stack.sites.a, stack.sites.b]),
    operators: describeOperators(operators?.items ?? []),
    backups: describeBackups(cronJobs),
    endpoints: { fhir: stack.publicUrl, ca: stack.caFile },
  };
}

function nothingKnown(stack: StackFile, reason: string): Omit<PlatformStatus, "checkedAt"> {
  return {
    healthy: false,
    reasons: [reason],
    unknown: true,
    sites: [],
    postgres: { primary: null, desired: 0, instances: [] },
    watchers: [],
    redis: { primary: null, desired: 0, instances: [] },
    edge: { virtualIp: stack.virtualIp ?? null, holder: null, desired: 0, instances: [], answers: false },
    services: [],
    operators: [],
    backups: [],
    endpoints: { fhir: stack.publicUrl, ca: stack.caFile },
  };
}

/**
 * Never throws for a platform in trouble: what cannot be learned is said to be unknown.
 * @param gently takes 2 s instead of 0.7, and little of the platform's processors at a time
 */
export async function readPlatform(stack: StackFile, { gently = false } = {}): Promise<PlatformStatus> {
  const checkedAt = new Date().toISOString();
  try {
    const api = await connectKubernetes(stack.kubernetes);
    const seen = await readAll(gently ? paced(api) : api, stack);
    const reasons = judgeHealth(seen);
    return { healthy: reasons.length === 0, reasons, unknown: false, checkedAt, ...seen };
  } catch (failure) {
    const reason = failure instanceof UnreachableError ? failure.message : `the API server broke off: ${(failure as Error).message}`;
    return { ...nothingKnown(stack, reason), checkedAt };
  }
}
