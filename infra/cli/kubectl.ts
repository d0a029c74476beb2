import type { z } from "zod";
import { names } from "../components/names.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { CommandError, runCommand } from "./child-process.ts";
import { StepError } from "./recipe.ts";
import { lastLine } from "./service-script.ts";
import { kubectlTarget, readStackFile } from "./stack-file.ts";

const callTimeoutMs = 15_000;

/** `kubectl` for a stack's platform. */
export class Kubectl {
  readonly #target: readonly string[];

  constructor(stack: string) {
    this.#target = kubectlTarget(readStackFile(stack), names.namespace);
  }

  /** What to call it with; what stands behind a `--` is a container's. */
  args(args: readonly string[]): string[] {
    const at = args.indexOf("--");
    return at < 0 ? [...args, ...this.#target] : [...args.slice(0, at), ...this.#target, ...args.slice(at)];
  }

  /** @throws StepError with what the cluster said */
  async run(args: readonly string[], options: { timeoutMs?: number; input?: string } = {}): Promise<string> {
    try {
      return await runCommand("kubectl", this.args(args), { timeoutMs: callTimeoutMs, ...options, env: toolEnvironment() });
    } catch (failure) {
      if (!(failure instanceof CommandError)) throw failure;
      throw new StepError(`the cluster said: ${lastLine(failure.stderr) || failure.message}`, "See ./dsp status.");
    }
  }

  async json<T>(schema: z.ZodType<T>, args: readonly string[]): Promise<T> {
    return schema.parse(JSON.parse(await this.run([...args, "--output", "json"])));
  }
}
