import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { names } from "../components/names.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { paths } from "../lab/paths.ts";
import { platformServices } from "../services.ts";
import { type Command, exitCodes, UsageError, unknownWord } from "./command.ts";
import { StepError } from "./recipe.ts";
import { kubectlTarget, readStackFile } from "./stack-file.ts";

interface Part {
  namespace: string;
  selector: string;
}

const parts: Record<string, Part> = {
  ...Object.fromEntries(
    platformServices.map(({ name }) => [name, { namespace: names.namespace, selector: `app.kubernetes.io/name=${name}` }]),
  ),
  postgres: { namespace: names.namespace, selector: "cnpg.io/cluster=pg" },
  watcher: { namespace: names.namespace, selector: `app.kubernetes.io/name=${names.watcher}` },
  backup: { namespace: names.namespace, selector: `app.kubernetes.io/name=${names.backup}` },
  redis: { namespace: names.namespace, selector: "app.kubernetes.io/name=redis" },
  edge: { namespace: names.edgeNamespace, selector: "app.kubernetes.io/name=edge" },
  operator: { namespace: names.operatorNamespace, selector: "app.kubernetes.io/name=cloudnative-pg" },
};

const defaultTailLines = "200";
const podsMax = "50";

/** The steps whose logs are there, the newest last. */
function stepNames(): string[] {
  if (!existsSync(paths.logs)) return [];
  const changedMs = (name: string) => statSync(join(paths.logs, `${name}.log`)).mtimeMs;
  return readdirSync(paths.logs)
    .filter((file) => file.endsWith(".log"))
    .map((file) => file.slice(0, -".log".length))
    .sort((left, right) => changedMs(left) - changedMs(right));
}

function runThrough(command: string, args: readonly string[], advice: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: ["ignore", "inherit", "inherit"], env: toolEnvironment() });
    // Ctrl-C ends the following, which is how one leaves it.
    const interrupted = () => child.kill("SIGTERM");
    process.once("SIGINT", interrupted);
    child.once("error", (cause) => reject(new StepError(`${command} could not be started: ${cause.message}`, advice)));
    child.once("exit", (code, signal) => {
      process.off("SIGINT", interrupted);
      resolve(signal !== null ? exitCodes.interrupted : code === 0 ? exitCodes.ok : exitCodes.failed);
    });
  });
}

function showPart(name: string, part: Part, options: { stack: string; follow: boolean; since?: string; tail: string }): Promise<number> {
  const args = ["logs", ...kubectlTarget(readStackFile(options.stack), part.namespace), "--selector", part.selector];
  args.push("--all-containers", "--prefix", "--ignore-errors", "--max-log-requests", podsMax);
  if (options.follow) args.push("--follow");
  if (options.since !== undefined) args.push("--since", options.since);
  args.push("--tail", options.since === undefined ? options.tail : "-1");
  return runThrough("kubectl", args, `kubectl brings the logs of ${name}; ./dsp up installs it.`);
}

function showStep(name: string, options: { follow: boolean; tail?: string }): Promise<number> {
  const file = join(paths.logs, `${name}.log`);
  return runThrough("tail", ["-n", options.tail ?? "+1", ...(options.follow ? ["-F"] : []), file], `Read ${file} yourself.`);
}

function overview(steps: readonly string[]): string {
  const lines = [`parts of the platform: ${Object.keys(parts).join(", ")}`];
  lines.push(
    steps.length === 0 ? "steps of the launcher: none has run yet" : `steps of the launcher, the newest last: ${steps.join(", ")}`,
  );
  return `${lines.join("\n")}\n`;
}

export const logs: Command = {
  description: "Shows the logs of a part of the platform, or of a step of the launcher (up, down). Without a word, lists what there is.",
  positionals: { usage: "[part|step]", description: `${Object.keys(parts).join(", ")}, or the name of a step`, max: 1 },
  options: {
    follow: { type: "boolean", short: "f", description: "go on as more comes, until Ctrl-C" },
    since: { type: "string", placeholder: "time", description: "only what is newer: 30s, 10m, 2h (parts)" },
    tail: {
      type: "string",
      placeholder: "lines",
      description: `how many lines of each pod (default: ${defaultTailLines}); of a step, all`,
    },
    stack: { type: "string", placeholder: "name", description: "the stack whose parts (default: lab)" },
  },
  examples: ["./dsp logs record --since 10m", "./dsp logs postgres --follow", "./dsp logs platform"],
  async run(values, words) {
    const [name] = words;
    const steps = stepNames();
    if (name === undefined) {
      process.stdout.write(overview(steps));
      return exitCodes.ok;
    }
    const text = (option: string) => (typeof values[option] === "string" ? (values[option] as string) : undefined);
    const tail = text("tail");
    const since = text("since");
    if (tail !== undefined && !/^\d+$/.test(tail)) throw new UsageError(`--tail "${tail}" is no number of lines`);
    if (since !== undefined && !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(since))
      throw new UsageError(`--since "${since}" is no time such as 30s, 10m or 2h`);
    const follow = values.follow === true;
    const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (part) return showPart(name, part, { stack: text("stack") ?? "lab", follow, since, tail: tail ?? defaultTailLines });
    if (steps.includes(name)) return showStep(name, { follow, tail });
    throw new UsageError(unknownWord("part or step", name, [...Object.keys(parts), ...steps]));
  },
};
