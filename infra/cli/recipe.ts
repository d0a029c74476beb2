/** A recipe: named steps run one after another, with progress, a log for each, and a clear end whether it works, fails or is interrupted. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { CommandError, killRunning, type RunOptions, runCommand } from "./child-process.ts";
import { paint, showStep } from "./step-display.ts";

export interface StepTools {
  /** What is being done now; shown beside the elapsed time. */
  progress(text: string): void;
  /** To the step's log file only. */
  log(text: string): void;
  /**
   * Runs a command without a shell; its output goes to the step's log. Resolves with standard output.
   * @throws CommandError
   */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** Aborted by Ctrl-C. Commands started with `run` are stopped by themselves. */
  signal: AbortSignal;
}

export interface Step {
  name: string;
  /** The returned string is a short result shown on the step's line ("unchanged", "7 nodes"). */
  run: (tools: StepTools) => Promise<string | undefined> | Promise<void>;
}

/** A failure that is understood: what failed, and what to do about it. */
export class StepError extends Error {
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StepError";
    this.advice = advice;
  }
}

/** The recipe ended early and has said why already: whoever catches it only has to exit with this code. */
export class RecipeStopped extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.name = "RecipeStopped";
    this.exitCode = exitCode;
  }
}

export interface RecipeOptions {
  /** Folder of the step logs, one file a step, written anew each time. */
  logFolder: string;
  /** Said after a failure or an interrupt: how to go on. */
  resumeAdvice: string;
  /** Where progress goes; standard output unless facts are printed there. */
  stream?: NodeJS.WriteStream;
  heartbeatMs?: number;
}

const defaultHeartbeatMs = 20_000;
const logTailLines = 15;
const exitCodes: Record<string, number> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** The file name of a step's log: `container engine` → `container-engine.log`. */
export function stepLogName(stepName: string): string {
  return `${stepName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")}.log`;
}

/** A step may remove the folder its own log is in (down does): then there is nothing to write to any more. */
function appendLog(file: string, text: string): void {
  if (existsSync(file)) appendFileSync(file, text);
}

function logTail(file: string): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.slice(-logTailLines).map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line));
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/** Everything known about a failure goes to the log; the screen gets the reason, the log's end and the advice. */
function explainFailure(failure: unknown, logFile: string, options: RecipeOptions, stream: NodeJS.WriteStream): void {
  const stack = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  const tail = logTail(logFile);
  appendLog(logFile, `\n${stack}\n`);
  if (tail.some((line) => line !== "")) {
    stream.write(`\nThe end of ${relative(process.cwd(), logFile)}:\n${tail.map((line) => `  ${line}`).join("\n")}\n`);
  }
  const advice = failure instanceof StepError ? failure.advice : undefined;
  const label = paint("bold", "What to do:", stream);
  stream.write(
    `\n${label} ${advice === undefined ? `${options.resumeAdvice} The whole log: ${logFile}` : `${advice} ${options.resumeAdvice}`}\n`,
  );
}

/** Turns SIGINT, SIGTERM and SIGHUP into an abort; a second one does not wait for anybody. */
export function listenForInterrupt(): { signal: AbortSignal; exitCode: () => number | undefined; stop: () => void } {
  const controller = new AbortController();
  let first: string | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    if (first !== undefined) {
      killRunning();
      process.exit(exitCodes[name] ?? 130);
    }
    first = name;
    controller.abort(new Error(`interrupted by ${name}`));
  };
  for (const name of Object.keys(exitCodes)) process.on(name, onSignal);
  return {
    signal: controller.signal,
    exitCode: () => (first === undefined ? undefined : (exitCodes[first] ?? 130)),
    stop: () => {
      for (const name of Object.keys(exitCodes)) process.off(name, onSignal);
    },
  };
}

function makeTools(logFile: string, signal: AbortSignal, progress: (text: string) => void): StepTools {
  const write = (text: string) => appendLog(logFile, text);
  let current = "";
  return {
    signal,
    progress: (text) => {
      if (text !== current) write(`# ${text}\n`);
      current = text;
      progress(text);
    },
    log: (text) => write(text.endsWith("\n") ? text : `${text}\n`),
    run: (command, args, options) => runCommand(command, args, options, { signal, onText: write }),
  };
}

/**
 * Runs the steps in order and stops at the first that fails or at an interrupt.
 * @throws RecipeStopped after it has said what failed and what to do
 */
export async function runRecipe(steps: readonly Step[], options: RecipeOptions): Promise<void> {
  const stream = options.stream ?? process.stdout;
  const interrupt = listenForInterrupt();
  try {
    for (const step of steps) {
      mkdirSync(options.logFolder, { recursive: true });
      const logFile = join(options.logFolder, stepLogName(step.name));
      writeFileSync(logFile, `# ${step.name}, ${new Date().toISOString()}\n`, { mode: 0o600 });
      const display = showStep(step.name, { stream, heartbeatMs: options.heartbeatMs ?? defaultHeartbeatMs });
      try {
        const result = await step.run(makeTools(logFile, interrupt.signal, display.progress));
        interrupt.signal.throwIfAborted();
        display.done(result ?? undefined);
      } catch (failure) {
        const interruptedExit = interrupt.exitCode();
        if (interruptedExit !== undefined) {
          display.failed("interrupted");
          stream.write(`\n${options.resumeAdvice}\n`);
          throw new RecipeStopped(`interrupted in ${step.name}`, interruptedExit, { cause: failure });
        }
        display.failed(reasonOf(failure));
        explainFailure(failure, logFile, options, stream);
        throw new RecipeStopped(`${step.name} failed: ${reasonOf(failure)}`, 1, { cause: failure });
      }
    }
  } finally {
    interrupt.stop();
  }
}

/** True for a command's failure with this exit code: for steps that read meaning from it. */
export function failedWith(failure: unknown, exitCode: number): boolean {
  return failure instanceof CommandError && failure.exitCode === exitCode;
}
