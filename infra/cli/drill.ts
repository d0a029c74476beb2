import { createInterface } from "node:readline/promises";
import type { Drill } from "../../chaos/drill.ts";
import { allDrills } from "../../chaos/drills/catalogue.ts";
import { healKeptFaults, listKeptFaults } from "../../chaos/faults/kept.ts";
import { drillFigures, writeReport } from "../../chaos/report/write-report.ts";
import { listenForAbort } from "../../chaos/run/abort.ts";
import { exitCodeOf } from "../../chaos/run/outcome.ts";
import { realParts } from "../../chaos/run/parts.ts";
import { DrillRefused, requireConfirmed } from "../../chaos/run/safety.ts";
import { runDrills } from "../../chaos/run/session.ts";
import { type KeptFaults, stopDrills } from "../../chaos/run/stop.ts";
import type { Target } from "../../chaos/target.ts";
import { type Weakness, weaknesses } from "../../chaos/weaknesses.ts";
import { holdLabLock } from "../lab/lock.ts";
import { paths } from "../lab/paths.ts";
import { browserStep, chaosTarget, drillReports, installLoadTools } from "./chaos-target.ts";
import { type Command, exitCodes, UsageError, unknownWord } from "./command.ts";
import type { DrillDisplay } from "./drill-display.ts";
import { showDrills } from "./drill-display.ts";
import { StepError } from "./recipe.ts";
import { runWeaknesses } from "./weaken.ts";

const couldNotRun = 2;
const repeatMax = 1_000;
const roomMax = 10;
const kept: KeptFaults = { list: listKeptFaults, heal: healKeptFaults };

function list(): number {
  const width = Math.max(...allDrills.map(({ name }) => name.length)) + 2;
  for (const { name, title, promise, short } of allDrills)
    process.stdout.write(`${name.padEnd(width)}${title}; bar ${promise.stallBarMs / 1_000} s${short ? "; in the short set" : ""}\n`);
  return exitCodes.ok;
}

/** @throws UsageError */
function chosenDrills(words: readonly string[]): readonly Drill[] {
  if (words.length === 0) throw new UsageError("which drill? ./dsp drill list shows them; all runs every one, short the short set");
  const [only] = words;
  if (words.length === 1 && only === "all") return allDrills;
  if (words.length === 1 && only === "short") return allDrills.filter(({ short }) => short);
  const twice = words.find((word, index) => words.indexOf(word) !== index);
  if (twice !== undefined) throw new UsageError(`${twice} is named twice: to run drills several times use --repeat`);
  return words.map((word) => {
    const drill = allDrills.find(({ name }) => name === word);
    if (drill === undefined)
      throw new UsageError(
        unknownWord("drill", word, ["all", "short", "list", "stop", "report", "weaknesses", ...allDrills.map(({ name }) => name)]),
      );
    return drill;
  });
}

/** @throws UsageError */
function readRepeat(value: unknown): number {
  const repeat = value === undefined ? 1 : Number(value);
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > repeatMax)
    throw new UsageError(`--repeat "${value}" is no number from 1 to ${repeatMax}`);
  return repeat;
}

/** @throws UsageError */
function readRoom(value: unknown): number {
  const room = value === undefined ? 1 : Number(value);
  if (!(room >= 1 && room <= roomMax)) throw new UsageError(`--room "${value}" is no number from 1 to ${roomMax}`);
  return room;
}

/** The stack's name as typed: by option, or at the terminal where the stack is production. */
async function typedName(target: Target, given: string | undefined): Promise<string | undefined> {
  if (!target.production || given !== undefined || !process.stdin.isTTY) return given;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(`Stack "${target.stack}" is production: people depend on it. Type its name to break it: `);
  } finally {
    terminal.close();
  }
}

/** Refusals are understood failures: said with their advice, exit code 2. */
async function orRefused(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (failure) {
    if (!(failure instanceof DrillRefused) && !(failure instanceof StepError)) throw failure;
    process.stderr.write(`dsp: ${failure.message}\n     ${failure.advice}\n`);
    return couldNotRun;
  }
}

function stop(target: Target): Promise<number> {
  return stopDrills({ target, kept, say: (text) => process.stdout.write(`${text}\n`) }).then((clean) =>
    clean ? exitCodes.ok : couldNotRun,
  );
}

function report(): number {
  const written = writeReport({ reports: drillReports, checkout: paths.checkout });
  for (const file of written.files) process.stdout.write(`${file}\n`);
  for (const problem of written.problems) process.stderr.write(`dsp: ${problem}\n`);
  return written.problems.length === 0 ? exitCodes.ok : couldNotRun;
}

interface Wanted {
  target: Target;
  drills: readonly Drill[];
  full: boolean;
  repeat: number;
  room: number;
  json: boolean;
}

async function runWanted({ target, drills, full, repeat, room, json }: Wanted, display: DrillDisplay): Promise<number> {
  const abort = listenForAbort((text) => display.say(text));
  // A reader that has gone, or a terminal that is closed, must not end the runner before it has healed.
  process.stdout.removeAllListeners("error");
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  try {
    const { folder, outcomes, uncovered } = await runDrills({
      ...{ target, drills, full, repeat, room, kept, parts: realParts, signal: abort.signal, events: display },
    });
    for (const element of uncovered) display.say(`no drill hits ${element}`);
    for (const { name, unhealed } of outcomes)
      for (const text of unhealed) display.say(`NOT HEALED after ${name}: ${text}. See ./dsp drill stop`);
    const written = writeReport({ reports: drillReports, folder });
    for (const problem of written.problems) display.say(problem);
    display.say(`report: ${written.files[0] ?? folder}`);
    if (json) process.stdout.write(`${JSON.stringify({ drills: drillFigures(folder) })}\n`);
    return abort.interrupted() ? exitCodes.interrupted : exitCodeOf(outcomes, uncovered);
  } finally {
    abort.stop();
  }
}

/** @throws UsageError */
function chosenWeaknesses(words: readonly string[]): readonly Weakness[] {
  if (words.length === 0) return weaknesses;
  return words.map((word) => {
    const weakness = weaknesses.find(({ name }) => name === word);
    if (weakness === undefined)
      throw new UsageError(
        unknownWord(
          "weakness",
          word,
          weaknesses.map(({ name }) => name),
        ),
      );
    return weakness;
  });
}

interface WantedWeaknesses {
  target: Target;
  chosen: readonly Weakness[];
  stream: NodeJS.WriteStream;
  json: boolean;
}

/** The test of the drills: each mistake in the platform must turn its drill invalid. */
async function proveDrills({ target, chosen, stream, json }: WantedWeaknesses, display: DrillDisplay): Promise<number> {
  const abort = listenForAbort((text) => display.say(text));
  try {
    const results = await runWeaknesses({
      ...{ weaknesses: chosen, stream, isInterrupted: () => abort.signal.aborted },
      runDrill: async ({ drill: name }) => {
        const drills = allDrills.filter((candidate) => candidate.name === name);
        const { outcomes } = await runDrills({
          ...{ target, drills, full: false, repeat: 1, kept, parts: realParts, signal: abort.signal, events: display },
        });
        return outcomes[0];
      },
    });
    if (json) process.stdout.write(`${JSON.stringify({ weaknesses: results })}\n`);
    if (abort.interrupted()) return exitCodes.interrupted;
    return results.length === chosen.length && results.every(({ caught }) => caught) ? exitCodes.ok : exitCodes.failed;
  } finally {
    abort.stop();
  }
}

export const drill: Command = {
  description:
    "Breaks the platform on purpose under load and judges it by what the clients saw: steady, load, inject, heal, settle, check. Whatever\n" +
    "happens it heals. Exit code: 0 all valid, 1 something is invalid, or an element of the platform has no drill, 2 something could not be run.\n" +
    "weaknesses is the test of the drills themselves: it builds a mistake into the lab's platform, one after another, and each must turn its\n" +
    "drill invalid; afterwards the platform is as before. Exit code: 0 all were caught.",
  positionals: {
    usage: "<name…|all|short|list|stop|report|weaknesses>",
    description: "drills by name; ./dsp drill list shows them",
    max: 200,
  },
  options: {
    repeat: { type: "string", placeholder: "times", description: "run each so often (default: 1)" },
    room: {
      type: "string",
      placeholder: "factor",
      description: "multiplies bars and SLO: room for the noise of a machine that others use too (default: 1)",
    },
    json: { type: "boolean", description: "print the figures as JSON; progress goes to standard error" },
    confirm: { type: "string", placeholder: "name", description: "the name of a stack that is marked production" },
    stack: { type: "string", placeholder: "name", description: "the stack to break (default: lab)" },
  },
  examples: [
    "./dsp drill list",
    "./dsp drill site-kill --repeat 20",
    "./dsp drill all",
    "./dsp drill stop",
    "./dsp drill report",
    "./dsp drill weaknesses",
  ],
  async run(values, words) {
    const [first] = words;
    if (words.length === 1 && first === "list") return list();
    if (words.length === 1 && first === "report") return report();
    const stack = typeof values.stack === "string" ? values.stack : "lab";
    if (words.length === 1 && first === "stop") return orRefused(() => stop(chaosTarget(stack)));
    const provesDrills = first === "weaknesses";
    const chosen = provesDrills ? chosenWeaknesses(words.slice(1)) : [];
    const drills = provesDrills ? [] : chosenDrills(words);
    const repeat = readRepeat(values.repeat);
    const room = readRoom(values.room);
    return orRefused(async () => {
      const asked = chaosTarget(stack);
      requireConfirmed(asked, await typedName(asked, typeof values.confirm === "string" ? values.confirm : undefined));
      const stream = values.json === true ? process.stderr : process.stdout;
      const needsBrowser = drills.some(({ walks = [] }) => walks.some((walk) => walk.needsBrowser));
      await installLoadTools(stream, needsBrowser ? [browserStep] : []);
      // A browser may have come with the tools.
      const target = chaosTarget(stack);
      if (target.kind === "lab") holdLabLock();
      const display = showDrills(stream);
      const json = values.json === true;
      try {
        if (provesDrills) {
          if (stack !== "lab") throw new DrillRefused("a weakened platform is made in the lab only", "Leave --stack out.");
          return await proveDrills({ target, chosen, stream, json }, display);
        }
        return await runWanted({ target, drills, full: first === "all", repeat, room, json }, display);
      } finally {
        display.end();
      }
    });
  },
};
