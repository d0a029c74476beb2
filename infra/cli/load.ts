import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { WorkloadName } from "../../chaos/drill.ts";
import { startLoad } from "../../chaos/load/load.ts";
import { judgeLoad } from "../../chaos/load/slo.ts";
import { workloads } from "../../chaos/load/workloads.ts";
import { createLiveView } from "../../chaos/run/live-view.ts";
import { stampOf } from "../../chaos/run/session.ts";
import { paths } from "../lab/paths.ts";
import { chaosTarget, installLoadTools } from "./chaos-target.ts";
import { type Command, exitCodes, UsageError } from "./command.ts";
import { listenForInterrupt } from "./recipe.ts";
import { formatElapsed, showStep } from "./step-display.ts";

const secondsMax = 7 * 24 * 3_600;
const refreshMs = 500;
const heartbeatMs = 10_000;
const names = Object.keys(workloads) as WorkloadName[];

/** @throws UsageError */
function readSeconds(value: unknown, workload: WorkloadName): number {
  const seconds = value === undefined ? workloads[workload].seconds : Number(value);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > secondsMax)
    throw new UsageError(`--seconds "${value}" is no number of seconds from 1 to ${secondsMax}`);
  return seconds;
}

function describe(figures: Record<string, number>): string {
  return Object.entries(figures)
    .map(([name, value]) => `  ${name.padEnd(22)}${value}\n`)
    .join("");
}

async function runLoad(workload: WorkloadName, seconds: number, stack: string, json: boolean): Promise<number> {
  const target = chaosTarget(stack);
  await installLoadTools(json ? process.stderr : process.stdout);
  const runName = `load-${workload}-${stampOf(new Date()).toLowerCase()}`;
  const folder = join(paths.checkout, "reports/load", runName);
  const interrupt = listenForInterrupt();
  const display = showStep(`${workload} load`, { stream: json ? process.stderr : process.stdout, heartbeatMs });
  const view = createLiveView();
  const timer = setInterval(() => {
    const { requestsPerSecond, requests, failed, stallMs } = view.figures(Date.now());
    const stall = stallMs > refreshMs ? `, stalled for ${formatElapsed(stallMs)}` : "";
    display.progress(`${requestsPerSecond.toFixed(0)} requests/s, ${requests} in all, ${failed} failed${stall}`);
  }, refreshMs);
  try {
    const running = await startLoad({ target, workload, folder, seconds, runName, signal: new AbortController().signal });
    view.setOperations(running.operations);
    // Ctrl-C ends the load early; what it saw is judged all the same.
    await delay(seconds * 1_000, undefined, { signal: interrupt.signal }).catch(() => undefined);
    await running.stop();
    const { good, figures, findings } = judgeLoad(workload, running.operations);
    if (good) display.done("within the SLO");
    else display.failed(findings.join("; "));
    process.stdout.write(json ? `${JSON.stringify({ workload, good, figures, findings, folder })}\n` : describe(figures));
    return interrupt.exitCode() ?? (good ? exitCodes.ok : exitCodes.failed);
  } catch (failure) {
    display.failed(failure instanceof Error ? failure.message : String(failure));
    return interrupt.exitCode() ?? exitCodes.usage;
  } finally {
    clearInterval(timer);
    interrupt.stop();
  }
}

export const load: Command = {
  description:
    "Puts load on the platform through its public address and holds it against the service level objective: an open loop, so that a stall\n" +
    "cannot hide, of creates, updates, reads and searches with idempotency keys. Exit code: 0 within the SLO, 1 not, 2 could not be run.",
  positionals: {
    usage: `<${names.join("|")}>`,
    description: names
      .map((name) => `${name}: ${workloads[name].ratePerSecond}/s for ${workloads[name].seconds} s, ${workloads[name].title}`)
      .join("; "),
    choices: names,
    max: 1,
  },
  options: {
    seconds: { type: "string", placeholder: "number", description: "how long (default: the workload's own)" },
    json: { type: "boolean", description: "print the figures as JSON; progress goes to standard error" },
    stack: { type: "string", placeholder: "name", description: "the stack to load (default: lab)" },
  },
  examples: ["./dsp load smoke", "./dsp load steady --seconds 120 --json"],
  async run(values, words) {
    const workload = words[0] as WorkloadName | undefined;
    if (workload === undefined) throw new UsageError(`which load? ${names.join(", ")}`);
    const seconds = readSeconds(values.seconds, workload);
    return runLoad(workload, seconds, typeof values.stack === "string" ? values.stack : "lab", values.json === true);
  },
};
