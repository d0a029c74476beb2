import type { V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import type { KubernetesApi } from "./kubernetes-api.ts";
import type { PostgresInstanceStatus, PostgresStatus } from "./platform-status.ts";

const answerSchema = z.object({
  isPrimary: z.boolean(),
  currentLsn: z.string().optional(),
  /** A primary tells of every standby that streams from it. */
  replicationInfo: z
    .array(z.object({ applicationName: z.string(), state: z.string(), syncState: z.string(), replayLsn: z.string().optional() }))
    .default([]),
});
type Answer = z.infer<typeof answerSchema>;

const statusPort = 8000;

/** Bytes of log up to a position such as `16/B374D848`. */
function bytesUpTo(lsn: string): number {
  const [high = 0, low = 0] = lsn.split("/").map((part) => Number.parseInt(part, 16));
  return high * 2 ** 32 + low;
}

/** What the instance's own manager says of it, as CloudNativePG's kubectl plugin asks: a command in the pod costs its node ten times as much. */
async function ask(api: KubernetesApi, pod: V1Pod): Promise<Answer | undefined> {
  const { namespace, name } = pod.metadata ?? {};
  try {
    return answerSchema.parse(await api.get(`/api/v1/namespaces/${namespace}/pods/https:${name}:${statusPort}/proxy/pg/status`));
  } catch {
    // Whatever the reason, the instance did not say what it is: that is what will be shown.
    return undefined;
  }
}

/** Of each standby that streams, by its name. */
function followersOf({ currentLsn, replicationInfo }: Answer): Map<string, { sync: string; lag: number | null }> {
  return new Map(
    replicationInfo
      .filter(({ state }) => state === "streaming")
      .map(({ applicationName, syncState, replayLsn }) => {
        const lag = currentLsn && replayLsn ? Math.max(0, bytesUpTo(currentLsn) - bytesUpTo(replayLsn)) : null;
        return [applicationName, { sync: syncState, lag }];
      }),
  );
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
  const primary = answers.find(({ answer }) => answer?.isPrimary);
  const followers = primary?.answer === undefined ? undefined : followersOf(primary.answer);
  const instances = answers.map(({ pod, answer }): PostgresInstanceStatus => {
    const name = pod.metadata?.name ?? "";
    const role = answer === undefined ? "unknown" : answer.isPrimary ? "primary" : "standby";
    const follower = followers?.get(name);
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
