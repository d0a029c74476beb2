import { names } from "../components/names.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { runCommand } from "./child-process.ts";
import { kubectlTarget, readStackFile } from "./stack-file.ts";

/** Runs a script of a service in one of its pods, since nobody else reaches its data, and resolves with its last line. @throws CommandError */
export async function runServiceScript(
  stack: string,
  { service, script, args = [], timeoutMs }: { service: string; script: string; args?: readonly string[]; timeoutMs: number },
): Promise<string> {
  const target = kubectlTarget(readStackFile(stack), names.namespace);
  const command = ["exec", ...target, `deployment/${service}`, "--", "node", script, ...args];
  return lastLine(await runCommand("kubectl", command, { timeoutMs, env: toolEnvironment() }));
}

export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
