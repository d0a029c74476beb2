import type { V1Pod, V1Service } from "@kubernetes/client-node";
import { names } from "../../components/names.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";
import type { RedisInstanceStatus, RedisStatus } from "./platform-status.ts";

const divider = "---";
/**
 * Redis and the Sentinel beside it in one command: each costs the pod's node more than the answer. The password is read inside the pod, so
 * that it never leaves it; one of the two that is frozen must not keep the other's answer.
 */
const script = `export REDISCLI_AUTH="$(cat /etc/redis-password/password)"
ask() { timeout 2 redis-cli --tls --cacert /etc/redis-tls/ca.crt "$@" || true; }
ask info replication
echo ${divider}
ask -p 26379 sentinel get-master-addr-by-name ${names.redisPrimary}`;

/** `key:value` lines of INFO. */
export function parseInfo(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(/\r?\n/)
      .map((line) => line.split(/:(.*)/s))
      .filter((parts) => parts.length > 1)
      .map(([key, value]) => [key ?? "", value ?? ""]),
  );
}

async function ask(api: KubernetesApi, pod: V1Pod, podByAddress: ReadonlyMap<string, string>, site: string): Promise<RedisInstanceStatus> {
  const target = { namespace: pod.metadata?.namespace ?? "", pod: pod.metadata?.name ?? "", container: "redis" };
  const answer = await api.exec(target, ["sh", "-c", script]).catch(() => undefined);
  const [info, address] = answer?.split(`${divider}\n`) ?? [];
  const replication = parseInfo(info ?? "");
  const role = replication.role === "master" ? "primary" : replication.role === "slave" ? "replica" : "unknown";
  const said = address?.split("\n")[0]?.trim();
  return {
    name: pod.metadata?.name ?? "",
    site,
    role,
    linked: role === "replica" ? replication.master_link_status === "up" : null,
    sentinelPrimary: said === undefined || said === "" ? null : (podByAddress.get(said) ?? said),
  };
}

/** The primary that most Sentinels name and that agrees to be it: both, or there is none. */
export function agreedPrimary(instances: readonly RedisInstanceStatus[]): string | null {
  for (const instance of instances) {
    const votes = instances.filter(({ sentinelPrimary }) => sentinelPrimary === instance.name).length;
    if (instance.role === "primary" && votes > instances.length / 2) return instance.name;
  }
  return null;
}

export async function readRedis(
  api: KubernetesApi,
  desired: number,
  pods: readonly V1Pod[],
  services: readonly V1Service[],
  siteOf: (pod: V1Pod) => string,
): Promise<RedisStatus> {
  const redisPods = pods.filter((pod) => pod.spec?.containers.some(({ name }) => name === "sentinel"));
  // Each pod has a Service of its own name: a stable address that outlives the pod's.
  const podByAddress = new Map<string, string>();
  for (const { metadata, spec } of services) {
    if (metadata?.name === undefined) continue;
    if (spec?.clusterIP !== undefined && redisPods.some((pod) => pod.metadata?.name === metadata.name))
      podByAddress.set(spec.clusterIP, metadata.name);
  }
  for (const pod of redisPods) if (pod.status?.podIP) podByAddress.set(pod.status.podIP, pod.metadata?.name ?? "");
  const instances = await Promise.all(redisPods.map((pod) => ask(api, pod, podByAddress, siteOf(pod))));
  instances.sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true }));
  return { primary: agreedPrimary(instances), desired, instances };
}
