import type { V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import type { KubernetesApi } from "./kubernetes-api.ts";
import type { PostgresInstanceStatus, PostgresStatus } from "./platform-status.ts";

const answerSchema = z.object({
  standby: z.boolean(),
  followers: z.array(z.object({ name: z.string(), sync: z.string(), lag: z.number().nullable() })),
});
type Answer = z.infer<typeof answerSchema>;

/** Asks an instance what it is; a primary also tells of every standby that streams from it. */
const question = `select json_build_object(
  'standby', pg_is_in_recovery(),
  'followers', case when pg_is_in_recovery() then '[]'::json else (
    select coalesce(json_agg(json_build_object('name', application_name, 'sync', sync_state,
      'lag', greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(replay_lsn, sent_lsn))))), '[]'::json)
    from pg_stat_replication where state = 'streaming') end)`;

async function ask(api: KubernetesApi, pod: V1Pod): Promise<Answer | undefined> {
  const target = { namespace: pod.metadata?.namespace ?? "", pod: pod.metadata?.name ?? "", container: "postgres" };
  try {
    const output = await api.exec(target, ["psql", "-XAtq", "-U", "postgres", "-d", "postgres", "-c", question]);
    return answerSchema.parse(JSON.parse(output));
  } catch {
    // Whatever the reason, the instance did not say what it is: that is what will be shown.
    return undefined;
  }
}

export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/** Roles and lag as the instances tell them themselves, not as labels say: labels are late when it matters. */
export async function readPostgres(
  api: KubernetesApi,
  desired: number,
  pods: readonly V1Pod[],
  siteOf: (pod: V1Pod) => string,
): Promise<PostgresStatus> {
  const instancePods = pods.filter((pod) => pod.metadata?.labels?.["cnpg.io/podRole"] === "instance");
  const answers = await Promise.all(instancePods.map(async (pod) => ({ pod, answer: await ask(api, pod) })));
  const primary = answers.find(({ answer }) => answer?.standby === false);
  const followers = new Map(primary?.answer?.followers.map((follower) => [follower.name, follower]));
  const instances = answers.map(({ pod, answer }): PostgresInstanceStatus => {
    const name = pod.metadata?.name ?? "";
    const role = answer === undefined ? "unknown" : answer.standby ? "standby" : "primary";
    const follower = followers.get(name);
    return {
      name,
      site: siteOf(pod),
      role,
      lagBytes: role === "primary" ? 0 : (follower?.lag ?? null),
      sync: follower?.sync ?? null,
      ready: isReady(pod),
    };
  });
  instances.sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true }));
  return { primary: primary?.pod.metadata?.name ?? null, desired, instances };
}
