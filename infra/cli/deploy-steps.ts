/** From a standing cluster to a working platform: the stack and its settings, its secrets, `pulumi up`, and the wait for full health. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { toolEnvironment } from "../lab/environment.ts";
import { paths } from "../lab/paths.ts";
import { writeStackSettings } from "../lab/stack-settings.ts";
import { ensureSecrets } from "../secrets.ts";
import { CommandError } from "./child-process.ts";
import type { PlatformStatus } from "./platform/platform-status.ts";
import { readPlatform } from "./platform/read-platform.ts";
import { followDeployment } from "./pulumi-events.ts";
import { type Step, StepError, type StepTools } from "./recipe.ts";
import { readStackFile } from "./stack-file.ts";
import { secretNeeds, secretStore, writeAuthority } from "./stack-secrets.ts";

const labStack = "lab";
const healthTimeoutMs = 6 * 60_000;
const healthIntervalMs = 4_000;
const eventIntervalMs = 500;

async function ensurePassphrase(): Promise<void> {
  if (existsSync(paths.passphrase) || process.env.PULUMI_CONFIG_PASSPHRASE !== undefined) return;
  await mkdir(dirname(paths.passphrase), { recursive: true });
  await writeFile(paths.passphrase, `${randomBytes(30).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
}

function pulumi(
  tools: StepTools,
  args: readonly string[],
  options: { onLine?: (line: string) => void; env?: Record<string, string> } = {},
): Promise<string> {
  const env = { ...toolEnvironment(), ...options.env };
  return tools.run("pulumi", [...args, "--non-interactive"], { cwd: paths.checkout, env, onLine: options.onLine });
}

async function selectStack(tools: StepTools): Promise<string> {
  await ensurePassphrase();
  await mkdir(paths.pulumiState, { recursive: true });
  await pulumi(tools, ["stack", "select", labStack, "--create"]);
  return (await writeStackSettings(tools)) ?? "settings written";
}

/** The first lines of the event log may be half written: only whole lines are taken. */
function tailEvents(file: string, take: (line: string) => void): () => void {
  let read = 0;
  return () => {
    if (!existsSync(file)) return;
    const text = readFileSync(file, "utf8");
    const end = text.lastIndexOf("\n") + 1;
    for (const line of text.slice(read, end).split("\n")) take(line);
    read = Math.max(read, end);
  };
}

/** An update that was killed leaves its lock behind; a living one, or one of another machine, must not be disturbed. */
async function unlockStale(tools: StepTools, failure: CommandError): Promise<boolean> {
  const [, host, pid] = /is currently locked by[\s\S]*@(\S+) \(pid (\d+)\)/.exec(failure.stderr) ?? [];
  if (host !== hostname() || existsSync(`/proc/${pid}`)) return false;
  tools.progress("removing the lock of an update that is no more");
  await pulumi(tools, ["cancel", "--yes", "--stack", labStack]);
  return true;
}

async function deploy(tools: StepTools): Promise<string> {
  const eventLog = join(paths.logs, "pulumi-events.json");
  await mkdir(paths.logs, { recursive: true });
  rmSync(eventLog, { force: true });
  const progress = followDeployment();
  const tail = tailEvents(eventLog, progress.take);
  const timer = setInterval(() => {
    tail();
    tools.progress(progress.text());
  }, eventIntervalMs);
  const args = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", labStack, "--event-log", eventLog];
  // The flag for the event log is only known to a Pulumi that is told to know it.
  const env = { PULUMI_DEBUG_COMMANDS: "true" };
  try {
    await pulumi(tools, args, { env }).catch(async (failure) => {
      if (!(failure instanceof CommandError) || !(await unlockStale(tools, failure))) throw failure;
      await pulumi(tools, args, { env });
    });
  } catch (failure) {
    tail();
    const errors = progress.errors().filter((error) => !/^update failed$|resource plugin exited/i.test(error));
    if (tools.signal.aborted || errors.length === 0) throw failure;
    throw new StepError(
      `pulumi up failed: ${errors.join("; ")}`,
      "Look at the resources named above: ./dsp logs, ./dsp shell -- kubectl describe.",
      {
        cause: failure,
      },
    );
  } finally {
    clearInterval(timer);
  }
  tail();
  const changes = Object.entries(progress.changes());
  return changes.length === 0 ? "nothing changed" : changes.map(([operation, count]) => `${operation} ${count}`).join(", ");
}

/**
 * Waits until the platform is in full health.
 * @throws StepError with the reasons when it is not in time
 */
export async function waitForHealth(
  tools: Pick<StepTools, "progress" | "signal">,
  stack: string,
  timeoutMs = healthTimeoutMs,
): Promise<PlatformStatus> {
  const endMs = performance.now() + timeoutMs;
  const stackFile = readStackFile(stack);
  for (;;) {
    const status = await readPlatform(stackFile);
    if (status.healthy) return status;
    tools.progress(status.reasons.join("; "));
    if (performance.now() > endMs) {
      throw new StepError(
        `the platform is not healthy after ${timeoutMs / 60_000} min: ${status.reasons.join("; ")}`,
        "See ./dsp status and ./dsp logs for the part that is named.",
      );
    }
    await delay(healthIntervalMs, undefined, { signal: tools.signal });
  }
}

/** The steps that stand the platform up on the lab's cluster. */
export function deploySteps(): Step[] {
  return [
    { name: "stack", run: selectStack },
    {
      name: "secrets",
      run: async (tools) => {
        const store = secretStore(labStack, tools.signal);
        const made = await ensureSecrets(store, secretNeeds(labStack));
        await writeAuthority(store);
        return made.length === 0 ? "unchanged" : `made ${made.join(", ")}`;
      },
    },
    { name: "platform", run: deploy },
    {
      name: "health",
      run: async (tools) => {
        const { sites, postgres } = await waitForHealth(tools, labStack);
        return `${sites.flatMap(({ nodes }) => nodes).length} nodes ready, primary ${postgres.primary}`;
      },
    },
  ];
}
