import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { names } from "../components/names.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { type Command, exitCodes, UsageError, unknownWord } from "./command.ts";
import { Kubectl } from "./kubectl.ts";
import { formatBytes, table } from "./platform/show-status.ts";
import { StepError } from "./recipe.ts";

const callTimeoutMs = 15_000;
/** A copy of a large cluster takes its time; the Job itself ends after four hours. */
const limitMs = 4 * 3600_000 + 60_000;
const startLimitMs = 120_000;
const lookIntervalMs = 1000;

const runSchema = z.object({
  site: z.string(),
  /** Its folder's name: an instant. */
  name: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  bytes: z.number(),
  tables: z.number(),
});
/** A backup that was taken, tried and kept. */
export type BackupRun = z.infer<typeof runSchema>;

const listing = `SELECT coalesce(json_agg(json_build_object('site', site, 'name', name, 'startedAt', started_at, 'endedAt', ended_at,
  'bytes', bytes, 'tables', tables) ORDER BY name, site), '[]') FROM backup.run`;

/** The CronJob of each site, in the sites' order. */
async function cronJobs(cluster: Kubectl): Promise<{ name: string; site: string }[]> {
  const schema = z.object({
    items: z.array(
      z.object({
        metadata: z.object({ name: z.string() }),
        spec: z.object({
          jobTemplate: z.object({
            spec: z.object({ template: z.object({ spec: z.object({ nodeSelector: z.record(z.string(), z.string()) }) }) }),
          }),
        }),
      }),
    ),
  });
  const { items } = await cluster.json(schema, ["get", "cronjobs", "--selector", `app.kubernetes.io/component=${names.backup}`]);
  if (items.length === 0) throw new StepError("this platform takes no backups", "./dsp up adds them.");
  return items.map(({ metadata, spec }) => ({
    name: metadata.name,
    site: spec.jobTemplate.spec.template.spec.nodeSelector["topology.kubernetes.io/zone"] ?? "",
  }));
}

/** Takes one in a site and tells what it does. @throws StepError when it fails, or nothing comes of it */
async function takeOne(cluster: Kubectl, cronJob: { name: string; site: string }, say: (line: string) => void): Promise<void> {
  const job = `${cronJob.name}-asked-${Date.now().toString(36)}`;
  await cluster.run(["create", "job", job, `--from=cronjob/${cronJob.name}`]);
  const conditionSchema = z.object({ type: z.string(), status: z.string() });
  const jobSchema = z.object({ status: z.object({ conditions: z.array(conditionSchema).default([]) }) });
  const untilMs = performance.now() + limitMs;
  const startsUntilMs = performance.now() + startLimitMs;
  let told = 0;
  for (;;) {
    await delay(lookIntervalMs);
    const { status } = await cluster.json(jobSchema, ["get", "job", job]);
    const isNow = (type: string) => status.conditions.some((condition) => condition.type === type && condition.status === "True");
    const lines = (await cluster.run(["logs", `job/${job}`, "--tail=-1"]).catch(() => "")).split("\n").filter((line) => line !== "");
    for (const line of lines.slice(told)) say(`${cronJob.site}: ${line}`);
    told = Math.max(told, lines.length);
    if (isNow("Complete")) return;
    const isOver = isNow("Failed");
    const isLate = performance.now() > untilMs || (lines.length === 0 && performance.now() > startsUntilMs);
    if (!isOver && !isLate) continue;
    const why = isOver ? "failed" : lines.length === 0 ? `did not begin within ${startLimitMs / 1000} s` : "takes too long";
    throw new StepError(
      `the backup in ${cronJob.site} ${why}${lines.length > 0 ? `: ${lines.at(-1)}` : ""}`,
      `What was kept before is untouched. More: ./dsp shell -- kubectl --namespace ${names.namespace} describe job ${job}`,
    );
  }
}

async function listRuns(cluster: Kubectl): Promise<BackupRun[]> {
  const schema = z.object({ status: z.object({ currentPrimary: z.string() }) });
  const { status } = await cluster.json(schema, ["get", "clusters.postgresql.cnpg.io", names.postgresCluster]);
  const asked = ["exec", status.currentPrimary, "--container", "postgres", "--", "psql", "--no-psqlrc", "--tuples-only", "--no-align"];
  try {
    return z.array(runSchema).parse(JSON.parse(await cluster.run([...asked, "--dbname", names.database, "--command", listing])));
  } catch (failure) {
    // The first backup makes the table.
    if (failure instanceof StepError && /relation "backup.run" does not exist/.test(failure.message)) return [];
    throw failure;
  }
}

export function showRuns(runs: readonly BackupRun[]): string {
  if (runs.length === 0) return "No backup has been taken yet: ./dsp backup now\n";
  const rows = runs.map(({ site, name, startedAt, endedAt, bytes, tables }) => {
    const tookS = Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
    return [site, name, formatBytes(bytes), `${tables} tables`, `taken and tried in ${tookS} s`];
  });
  return `${table(rows).join("\n")}\n`;
}

/** A pod that does nothing, beside a site's backups and unable to change them. */
function readerPod(cronJob: unknown, name: string): object {
  const { metadata, spec } = z
    .object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        jobTemplate: z.object({
          spec: z.object({
            template: z.object({
              spec: z.looseObject({ containers: z.array(z.looseObject({})), volumes: z.array(z.looseObject({ name: z.string() })) }),
            }),
          }),
        }),
      }),
    })
    .parse(cronJob);
  const pod = spec.jobTemplate.spec.template.spec;
  const mounts = [{ name: "backups", mountPath: "/backups", readOnly: true }];
  return {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, labels: metadata.labels } },
    spec: {
      ...pod,
      activeDeadlineSeconds: limitMs / 1000,
      terminationGracePeriodSeconds: 0,
      containers: pod.containers.map((container) => ({ ...container, command: ["sleep", "infinity"], env: [], volumeMounts: mounts })),
      volumes: pod.volumes.filter((volume) => volume.name === "backups"),
    },
  };
}

/** Copies a kept backup's files out of the cluster. @returns the folder */
async function fetchOne(cluster: Kubectl, cronJob: { name: string; site: string }, run: BackupRun, into: string): Promise<string> {
  const pod = `${cronJob.name}-read-${Date.now().toString(36)}`;
  const manifest = readerPod(JSON.parse(await cluster.run(["get", "cronjob", cronJob.name, "--output", "json"])), pod);
  await mkdir(into, { recursive: true });
  await cluster.run(["create", "--filename", "-"], { input: JSON.stringify(manifest) });
  try {
    await cluster.run(["wait", "--for=condition=Ready", `--timeout=${startLimitMs / 1000}s`, `pod/${pod}`], {
      timeoutMs: startLimitMs + callTimeoutMs,
    });
    const packed = cluster.args(["exec", pod, "--", "tar", "--create", "--file=-", "--directory=/backups", run.name]);
    const from = spawn("kubectl", packed, { env: { ...process.env, ...toolEnvironment() }, stdio: ["ignore", "pipe", "inherit"] });
    const to = spawn("tar", ["--extract", "--file=-", `--directory=${into}`], { stdio: ["pipe", "inherit", "inherit"] });
    const ends = [from, to].map((child) => new Promise<number | null>((end) => child.once("close", end)));
    await pipeline(from.stdout, to.stdin);
    if ((await Promise.all(ends)).some((code) => code !== 0)) {
      throw new StepError(`not all of ${run.name} was copied from ${cronJob.site}`, "Fetch it again: what is there is overwritten.");
    }
    return join(resolve(into), run.name);
  } finally {
    await cluster.run(["delete", "pod", pod, "--wait=false"]).catch(() => undefined);
  }
}

export const backup: Command = {
  description:
    "Backups of the whole PostgreSQL cluster. Each of the two sites keeps its own. `now` copies a standby, compares every file with its checksum, starts PostgreSQL from\n" +
    "the copy and looks through every table and index; only then it counts. `list` tells what is kept; `fetch` copies a backup's files into a folder here.\n" +
    "Scheduled by dsp:backup.schedule (a real cluster: every night; the lab: never). Exit code: 0 good, 1 failed.",
  positionals: { usage: "now|list|fetch [folder]", description: "what to do", max: 2 },
  options: {
    site: { type: "string", placeholder: "name", description: "one site's alone (default: both, one after the other; fetch: the newest)" },
    name: { type: "string", placeholder: "instant", description: "with fetch: which, as list calls it (default: the newest)" },
    json: { type: "boolean", description: "with now and list: print what is kept as JSON" },
    stack: { type: "string", placeholder: "name", description: "the stack (default: lab)" },
  },
  examples: ["./dsp backup now", "./dsp backup list --json", "./dsp backup fetch --site site-b /srv/copies"],
  async run(values, words) {
    const [what, folder] = words;
    const actions = ["now", "list", "fetch"];
    if (what === undefined) throw new UsageError(`say what to do: ${actions.join(", ")}`);
    if (!actions.includes(what)) throw new UsageError(unknownWord("action", what, actions));
    if ((what === "fetch") !== (folder !== undefined))
      throw new UsageError(what === "fetch" ? "say where to: ./dsp backup fetch FOLDER" : `${what} takes no folder`);
    const text = (option: string) => (typeof values[option] === "string" ? (values[option] as string) : undefined);
    const cluster = new Kubectl(text("stack") ?? "lab");
    const all = await cronJobs(cluster);
    const site = text("site");
    const chosen = all.filter((each) => site === undefined || each.site === site);
    if (chosen.length === 0)
      throw new UsageError(
        unknownWord(
          "site",
          site ?? "",
          all.map((each) => each.site),
        ),
      );
    if (what === "now") for (const each of chosen) await takeOne(cluster, each, (line) => process.stderr.write(`${line}\n`));
    const runs = (await listRuns(cluster)).filter((run) => site === undefined || run.site === site);
    if (what !== "fetch") {
      process.stdout.write(values.json === true ? `${JSON.stringify(runs, null, 2)}\n` : showRuns(runs));
      return exitCodes.ok;
    }
    const wanted = runs.findLast(({ name }) => text("name") === undefined || name === text("name"));
    const keeper = all.find((each) => each.site === wanted?.site);
    if (wanted === undefined || keeper === undefined) throw new StepError("there is no such backup", "See ./dsp backup list.");
    const where = await fetchOne(cluster, keeper, wanted, folder as string);
    process.stdout.write(`${where}\n`);
    return exitCodes.ok;
  },
};
