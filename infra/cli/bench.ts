import { join, relative } from "node:path";
import { type BenchOptions, type BenchResult, curveSizes, doubtsOf, problemsOf, runBench, runCurve } from "../../chaos/bench/bench.ts";
import { goalRatio, peer, type Scenario, scenarios } from "../../chaos/bench/scenarios.ts";
import { patientsMax } from "../../chaos/bench/synthetic-record.ts";
import { commitRows, curveRows, textTable } from "../../chaos/bench/table.ts";
import type { Commit, Programs } from "../../chaos/bench/testbed.ts";
import { writeBenchReport } from "../../chaos/bench/write-report.ts";
import { stampOf } from "../../chaos/run/session.ts";
import { toolchainSteps } from "../lab/lab.ts";
import { paths } from "../lab/paths.ts";
import { cluster } from "../stacks/cluster.ts";
import { type Command, exitCodes, type OptionValues, UsageError, unknownWord } from "./command.ts";
import { listenForInterrupt, runRecipe, StepError } from "./recipe.ts";
import { showStep } from "./step-display.ts";
import { findPostgresBin, findRedisServer, installTestServers } from "./test-servers.ts";

const heartbeatMs = 15_000;
const defaultSeconds = 5;
const secondsMax = 3_600;
const defaultPatients = 1_000;
const commits: Readonly<Record<string, readonly Commit[]>> = {
  local: ["local"],
  synchronous: ["synchronous"],
  both: ["local", "synchronous"],
};

interface BenchRequest {
  scenarios: readonly Scenario[];
  seconds: number;
  patients: number;
  commits: readonly Commit[];
  /** Sizes of the curve, where it is wanted. */
  sizes: readonly number[] | undefined;
}

/** @throws UsageError */
function readNumber(name: string, value: unknown, otherwise: number, max: number): number {
  const number = value === undefined ? otherwise : Number(value);
  if (!Number.isInteger(number) || number < 1 || number > max)
    throw new UsageError(`--${name} "${value}" is no whole number from 1 to ${max.toLocaleString("en")}`);
  return number;
}

/** Reads the words of the command. @throws UsageError */
export function readBenchRequest(values: OptionValues): BenchRequest {
  const isCurve = values.curve === true;
  const known = scenarios.filter(({ inCurve }) => inCurve || !isCurve);
  const names = typeof values.scenario === "string" ? values.scenario.split(",") : known.map(({ name }) => name);
  const wanted = names.map((name) => {
    const scenario = known.find((each) => each.name === name);
    if (scenario !== undefined) return scenario;
    throw new UsageError(
      unknownWord(
        isCurve ? "scenario for --curve" : "scenario",
        name,
        known.map((each) => each.name),
      ),
    );
  });
  const commit = typeof values.commit === "string" ? values.commit : isCurve ? "local" : "both";
  if (isCurve && commit !== "local") throw new UsageError("the curve is measured with local commit: leave --commit away");
  const patients = readNumber("patients", values.patients, isCurve ? Math.max(...curveSizes) : defaultPatients, patientsMax);
  return {
    scenarios: wanted,
    seconds: readNumber("seconds", values.seconds, defaultSeconds, secondsMax),
    patients,
    commits: commits[commit] ?? [],
    sizes: isCurve ? [...curveSizes.filter((size) => size < patients), patients] : undefined,
  };
}

/** Builds or installs what is missing. @throws RecipeStopped, StepError */
async function findPrograms(stream: NodeJS.WriteStream): Promise<Programs> {
  const steps = [...toolchainSteps(["k6"]), { name: "servers", run: installTestServers }];
  await runRecipe(steps, { stream, logFolder: paths.logs, resumeAdvice: "Run it again." });
  const [postgresBin, redisServer] = [findPostgresBin(), findRedisServer()];
  if (postgresBin === undefined || redisServer === undefined)
    throw new StepError(
      "PostgreSQL or Redis cannot be found",
      "Put redis-server on PATH; PostgreSQL's programs elsewhere: DSP_TEST_PG_BIN.",
    );
  return { node: process.execPath, k6: join(paths.bin, "k6"), postgresBin, redisServer };
}

function show(result: BenchResult): string {
  const parts = result.commits.flatMap(({ commit, patients, scenarios: figures, skipped }) => [
    `\n${commit} commit, ${patients.toLocaleString("en")} patients\n\n${textTable(commitRows(figures))}`,
    ...skipped.map(({ scenario, because }) => `${scenario} was left out: ${because}\n`),
  ]);
  const curve = result.curve === null ? [] : [`\n${textTable(curveRows(result.curve.points))}`];
  const left = (result.curve?.skipped ?? []).map(({ scenario, because }) => `${scenario} was left out: ${because}\n`);
  const compared = result.commits.length > 0 ? [`\nThe peer: ${peer}; the goal is ${goalRatio} times.\n`] : [];
  const doubts = doubtsOf(result).map((doubt) => `\nTo be doubted: ${doubt}`);
  return [...parts, ...curve, ...left, ...compared, ...doubts].join("");
}

/** @throws RecipeStopped */
async function measure(request: BenchRequest, stream: NodeJS.WriteStream): Promise<{ result?: BenchResult; exitCode: number }> {
  const programs = await findPrograms(stream);
  const interrupt = listenForInterrupt();
  const display = showStep("benchmark", { stream, heartbeatMs });
  const { sharedBuffers, maxConnections } = cluster.postgres;
  const options: BenchOptions = {
    ...{ programs, memory: { sharedBuffers, maxConnections }, scenarios: request.scenarios, seconds: request.seconds },
    ...{ signal: interrupt.signal, onProgress: display.progress },
  };
  try {
    const result = await (request.sizes === undefined
      ? runBench({ ...options, commits: request.commits, patients: request.patients })
      : runCurve({ ...options, sizes: request.sizes }));
    const problems = problemsOf(result);
    if (problems.length > 0) display.failed(problems.join("; "));
    else display.done(undefined);
    return { result, exitCode: problems.length > 0 ? exitCodes.failed : exitCodes.ok };
  } catch (failure) {
    const interrupted = interrupt.exitCode();
    display.failed(interrupted === undefined ? (failure instanceof Error ? failure.message : String(failure)) : "interrupted");
    return { exitCode: interrupted ?? exitCodes.failed };
  } finally {
    interrupt.stop();
  }
}

export const bench: Command = {
  description:
    "Measures the record service with audit on: its real process, PostgreSQL, Redis and k6 on this machine, no cluster. For each scenario the\n" +
    "throughput (closed loop), p50 and p99 at half of it (open loop), and the processor time of a request; with local commit, and with two standbys\n" +
    "and the platform's synchronous commit. Short runs tell sizes: take --seconds 30 for figures. Nothing else should run meanwhile.\n" +
    "Exit code: 0 measured, 1 requests failed or it could not be run.",
  options: {
    scenario: {
      type: "string",
      placeholder: "name[,name…]",
      description: `only these: ${scenarios.map(({ name }) => name).join(", ")}`,
    },
    seconds: { type: "string", placeholder: "number", description: `of each measurement, two a scenario (default: ${defaultSeconds})` },
    patients: { type: "string", placeholder: "number", description: `in the record, whole hundreds (default: ${defaultPatients})` },
    commit: { type: "string", choices: Object.keys(commits), description: "how commits are made durable (default: both)" },
    curve: {
      type: "boolean",
      description: `instead: what concerns one patient, at ${curveSizes.map((size) => size.toLocaleString("en")).join(", ")} patients, as a picture; --patients ends it sooner`,
    },
    json: { type: "boolean", description: "print the figures as JSON; progress goes to standard error" },
  },
  examples: ["./dsp bench", "./dsp bench --scenario read,search --commit local --seconds 30 --json", "./dsp bench --curve"],
  async run(values) {
    const request = readBenchRequest(values);
    const json = values.json === true;
    const { result, exitCode } = await measure(request, json ? process.stderr : process.stdout);
    if (result === undefined) return exitCode;
    const folder = join(paths.checkout, "reports/bench", stampOf(new Date()));
    const [report = ""] = writeBenchReport(folder, result);
    process.stdout.write(
      json ? `${JSON.stringify({ ...result, folder })}\n` : `${show(result)}\nReport: ${relative(process.cwd(), report)}\n`,
    );
    return exitCode;
  },
};
