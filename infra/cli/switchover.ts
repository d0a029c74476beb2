import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { names } from "../components/names.ts";
import { type Command, exitCodes, UsageError, unknownWord } from "./command.ts";
import { Kubectl } from "./kubectl.ts";
import { StepError } from "./recipe.ts";

const resource = "clusters.postgresql.cnpg.io";
const limitMs = 60_000;
const lookIntervalMs = 500;

const clusterSchema = z.object({
  status: z.object({
    currentPrimary: z.string(),
    currentPrimaryTimestamp: z.string().default(""),
    targetPrimary: z.string().optional(),
    instanceNames: z.array(z.string()).default([]),
  }),
});

type Standing = z.infer<typeof clusterSchema>["status"];

/** Asks the watchers to end this very reign, so that asking twice moves nothing twice (services/watcher/kubernetes.ts reads it). */
export function request({ currentPrimary, currentPrimaryTimestamp }: Standing, to: string | undefined): object {
  const annotations = {
    "dsp.platform/move-primary-from": `${currentPrimary} ${currentPrimaryTimestamp}`,
    "dsp.platform/move-primary-to": to ?? null,
  };
  return { metadata: { annotations } };
}

async function readStanding(cluster: Kubectl): Promise<Standing> {
  const parsed = clusterSchema.safeParse(await cluster.json(z.unknown(), ["get", resource, names.postgresCluster]));
  if (!parsed.success) throw new StepError("the cluster of PostgreSQL has no primary yet", "See ./dsp status.");
  return parsed.data.status;
}

/** Resolves with the new primary once the operator agrees on it. @throws StepError when it takes too long */
async function awaitMove(cluster: Kubectl, from: Standing): Promise<Standing> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    await delay(lookIntervalMs);
    const now = await readStanding(cluster);
    const moved = now.currentPrimary !== from.currentPrimary && now.targetPrimary === now.currentPrimary;
    if (moved) return now;
    if (performance.now() > untilMs)
      throw new StepError(
        `${from.currentPrimary} is still the primary after ${limitMs / 1000} s`,
        "The watchers move it only where all is well and another instance follows it: see ./dsp status and ./dsp logs watcher.",
      );
  }
}

/**
 * Moves the primary.
 * @param to an instance; without it a standby in another full site
 * @throws UsageError for an instance that is none or is the primary already; StepError when it does not come about
 */
export async function movePrimary(stack: string, to?: string): Promise<{ from: string; to: string; tookMs: number }> {
  const cluster = new Kubectl(stack);
  const from = await readStanding(cluster);
  if (to !== undefined && !from.instanceNames.includes(to)) throw new UsageError(unknownWord("instance", to, from.instanceNames));
  if (to === from.currentPrimary) throw new UsageError(`${to} is the primary already`);
  const startedMs = performance.now();
  const patch = JSON.stringify(request(from, to));
  await cluster.run(["patch", resource, names.postgresCluster, "--type=merge", "--patch", patch]);
  const now = await awaitMove(cluster, from);
  return { from: from.currentPrimary, to: now.currentPrimary, tookMs: Math.round(performance.now() - startedMs) };
}

export const switchover: Command = {
  description:
    "Moves the PostgreSQL primary to another instance, as before maintenance: the watchers do it as they do a failover, with no write lost and without\n" +
    "shutting anything down first. Before you take a node out of service nothing need be done: draining it moves the primary by itself.",
  positionals: { usage: "[instance]", description: "where to (default: a standby in another full site)", max: 1 },
  options: {
    json: { type: "boolean", description: "print {from, to, tookMs} as JSON" },
    stack: { type: "string", placeholder: "name", description: "the stack (default: lab)" },
  },
  examples: ["./dsp switchover", "./dsp switchover pg-3"],
  async run(values, words) {
    const moved = await movePrimary(typeof values.stack === "string" ? values.stack : "lab", words[0]);
    const text = `the primary is ${moved.to}, no longer ${moved.from} (asked for ${(moved.tookMs / 1000).toFixed(1)} s ago)`;
    process.stdout.write(values.json === true ? `${JSON.stringify(moved)}\n` : `${text}\n`);
    return exitCodes.ok;
  },
};
