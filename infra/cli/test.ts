import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { toolEnvironment } from "../lab/environment.ts";
import { readLabFacts } from "../lab/facts.ts";
import { toolchainSteps } from "../lab/lab.ts";
import { paths } from "../lab/paths.ts";
import { serviceNames } from "../services.ts";
import { runVisible } from "./child-process.ts";
import { type Command, exitCodes } from "./command.ts";
import { takeDown } from "./down.ts";
import { listenForInterrupt, RecipeStopped, runRecipe, type Step } from "./recipe.ts";
import { formatElapsed } from "./step-display.ts";
import { addCounts, countCheck, countVitest, formatCounts, noTests, type TestCounts } from "./test-results.ts";
import { installBrowser, installTestServers } from "./test-servers.ts";
import { bringUp } from "./up.ts";

const layers = ["fast", "integration", "portal", "lab"] as const;
type Layer = (typeof layers)[number];

const resumeAdvice = "Run ./dsp test again.";
const heartbeatMs = 60_000;
const reports = join(paths.state, "test");

interface TestRun {
  signal: AbortSignal;
  /** Asked for each tool: what a layer makes (the engine, the stack's passphrase) belongs to it from then on. */
  environment: () => Record<string, string | undefined>;
  /** Restricts the tests by file name, as vitest does. */
  filter: readonly string[];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs a tool in sight, with a line now and then that names it: a hang shows where it is. */
async function runTool(
  name: string,
  command: string,
  args: readonly string[],
  run: TestRun,
  env: Record<string, string> = {},
): Promise<number> {
  const startedMs = performance.now();
  say(`\n── ${name}`);
  const timer = setInterval(() => say(`   ${name} is still running after ${formatElapsed(performance.now() - startedMs)}`), heartbeatMs);
  try {
    const exitCode = await runVisible(command, args, { cwd: paths.checkout, env: { ...run.environment(), ...env }, signal: run.signal });
    say(`── ${name}: ${exitCode === 0 ? "good" : `failed (exit code ${exitCode})`} after ${formatElapsed(performance.now() - startedMs)}`);
    return exitCode;
  } finally {
    clearInterval(timer);
  }
}

async function runCheck(name: string, command: string, args: readonly string[], run: TestRun): Promise<TestCounts> {
  return countCheck((await runTool(name, command, args, run)) === 0);
}

async function runVitest(project: string, run: TestRun, env: Record<string, string> = {}): Promise<TestCounts> {
  mkdirSync(reports, { recursive: true });
  const report = join(reports, `${project}.json`);
  rmSync(report, { force: true });
  const args = [
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    "--disableConsoleIntercept",
  ];
  const exitCode = await runTool(`${project} tests`, "vitest", [...args, ...run.filter], run, env);
  return countVitest(existsSync(report) ? readFileSync(report, "utf8") : undefined, exitCode);
}

async function prepare(steps: readonly Step[]): Promise<void> {
  await runRecipe(steps, { logFolder: paths.logs, resumeAdvice });
}

async function testFast(run: TestRun): Promise<TestCounts> {
  await prepare(toolchainSteps(["helm"]));
  const types = await runCheck("types", "tsc", ["--noEmit"], run);
  const style = await runCheck("style", "biome", ["check", "--diagnostic-level=warn"], run);
  return [types, style, await runVitest("fast", run)].reduce(addCounts);
}

async function testIntegration(run: TestRun): Promise<TestCounts> {
  await prepare([...toolchainSteps(["k6"]), { name: "test servers", run: installTestServers }]);
  return runVitest("integration", run);
}

/** The portal over the services' real processes, walked in a browser. */
async function testPortal(run: TestRun): Promise<TestCounts> {
  await prepare([
    { name: "test servers", run: installTestServers },
    { name: "test browser", run: installBrowser },
  ]);
  return runVitest("portal", run);
}

/** The test of the lab that wants every service. */
const allServicesTest = "test/lab/services.test.ts";

/** Whether the filter leaves anything of a file or folder. */
function isWanted({ filter }: TestRun, path: string): boolean {
  return filter.length === 0 || filter.some((word) => path.includes(word) || word.startsWith(path));
}

async function testLab(run: TestRun, options: { keep: boolean }): Promise<TestCounts> {
  const stoodBefore = readLabFacts()?.complete === true;
  const takenDown = !options.keep && (!stoodBefore || process.env.CI !== undefined);
  try {
    const counts: TestCounts[] = [];
    await bringUp({ artifacts: "auto", services: serviceNames }, process.stdout);
    if (isWanted(run, "infra/provider/")) counts.push(await runVitest("provider", run, { DSP_TEST_KUBECONFIG: paths.kubeconfig }));
    if (isWanted(run, allServicesTest)) {
      await prepare([{ name: "test browser", run: installBrowser }]);
      counts.push(await runVitest("services", run));
    }
    // What is broken under load is broken with the record alone: two cores that carry five services have no room for a failover.
    if (run.filter.length === 0 || run.filter.some((word) => !allServicesTest.includes(word) && !word.startsWith("infra/"))) {
      await bringUp({ artifacts: "auto", services: ["record"] }, process.stdout);
      counts.push(await runVitest("lab", run));
      if (!takenDown) await bringUp({ artifacts: "auto", services: serviceNames }, process.stdout);
    }
    return counts.reduce(addCounts);
  } finally {
    if (takenDown) await takeDown({ all: false });
    else say("\nThe lab is left running; ./dsp down takes it down.");
  }
}

/** A layer that cannot even begin counts as one failure; an interrupt ends everything. */
async function testLayer(layer: Layer, run: TestRun, options: { keep: boolean }): Promise<TestCounts> {
  say(`\n══ ${layer}`);
  try {
    if (layer === "fast") return await testFast(run);
    if (layer === "integration") return await testIntegration(run);
    return layer === "portal" ? await testPortal(run) : await testLab(run, options);
  } catch (failure) {
    if (run.signal.aborted || !(failure instanceof RecipeStopped) || failure.exitCode !== exitCodes.failed) throw failure;
    return countCheck(false);
  }
}

export const test: Command = {
  description:
    "Runs the tests. fast: types, style, unit, architecture, charts and program tests, nothing running. integration: with a real PostgreSQL\n" +
    "and Redis of their own. portal: the web site over the services' processes, walked in a browser. lab: stands the platform up and breaks it under load; a lab that ran before is left running (not in CI).\n" +
    "The last line is the sum over the layers.",
  positionals: { usage: "[fast|integration|portal|lab]", description: "one layer; all without a word", choices: layers, max: 1 },
  passthrough: true,
  options: { keep: { type: "boolean", description: "leave the lab running, even if the test brought it up" } },
  examples: ["./dsp test", "./dsp test fast", "./dsp test lab -- test/lab/failover"],
  async run(values, words, filter) {
    const interrupt = listenForInterrupt();
    const run: TestRun = {
      signal: interrupt.signal,
      environment: () => ({
        ...toolEnvironment(),
        DSP_LAB_LOCK_HOLDER: String(process.pid),
        NO_COLOR: process.stdout.isTTY ? process.env.NO_COLOR : "1",
      }),
      filter,
    };
    try {
      let total = noTests;
      for (const layer of words.length > 0 ? (words as Layer[]) : layers) {
        const counts = await testLayer(layer, run, { keep: values.keep === true });
        say(`\n══ ${layer}: ${formatCounts(counts)}`);
        total = addCounts(total, counts);
      }
      say(`\n${formatCounts(total)}`);
      return total.failed === 0 && total.passed > 0 ? exitCodes.ok : exitCodes.failed;
    } catch (failure) {
      const interruptedExit = interrupt.exitCode();
      if (interruptedExit === undefined) throw failure;
      say(`\nInterrupted. ${resumeAdvice}`);
      return interruptedExit;
    } finally {
      interrupt.stop();
    }
  },
};
