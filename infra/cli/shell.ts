import { spawn } from "node:child_process";
import { constants } from "node:os";
import { toolEnvironment } from "../lab/environment.ts";
import { type Command, UsageError } from "./command.ts";
import { StepError } from "./recipe.ts";

const notFoundExitCode = 127;

/** Runs a program on this very terminal and resolves with its exit code, 128 + n when signal n ended it. */
function runHere(command: string, args: readonly string[], env: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: "inherit", env });
    // Ctrl-C is the program's: it shares our terminal and decides itself. Signals sent to us alone are handed on.
    const ignore = () => undefined;
    const handOn = (signal: NodeJS.Signals) => child.kill(signal);
    process.on("SIGINT", ignore);
    process.on("SIGTERM", handOn);
    process.on("SIGHUP", handOn);
    child.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") {
        process.stderr.write(`dsp: no program ${command} on PATH\n`);
        resolve(notFoundExitCode);
      } else {
        reject(new StepError(`${command} could not be started: ${cause.message}`, "Check that it is an executable program."));
      }
    });
    child.once("exit", (code, signal) => {
      process.off("SIGINT", ignore);
      process.off("SIGTERM", handOn);
      process.off("SIGHUP", handOn);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

export const shell: Command = {
  description:
    "Opens $SHELL with kubectl, pulumi, helm and the other tools on PATH, and KUBECONFIG, DOCKER_HOST and PULUMI_* set for the lab.\n" +
    "With a command after --, runs just that and ends with its exit code.",
  passthrough: true,
  options: {},
  examples: ["./dsp shell", "./dsp shell -- kubectl get pods -A", "./dsp shell -- pulumi preview --stack lab"],
  async run(_values, words, passed) {
    if (words[0] !== undefined) throw new UsageError(`a command goes after --: ./dsp shell -- ${words.join(" ")}`);
    const env = { ...toolEnvironment(), DSP_SHELL: "1" };
    const [command, ...args] = passed;
    if (command !== undefined) return runHere(command, args, env);
    const program = process.env.SHELL || "/bin/sh";
    if (process.stdin.isTTY) {
      process.stderr.write("A shell for the platform (kubectl, pulumi, helm, docker); leave it with exit.\n");
    }
    return runHere(program, [], { ...env, PS1: `(dsp) ${process.env.PS1 ?? "\\w \\$ "}` });
  },
};
