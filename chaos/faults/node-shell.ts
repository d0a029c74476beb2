/** Commands in the nodes themselves: the lab's are containers of an engine on this machine; a real cluster's have no door for drills. */
import { FaultNotPossible } from "../fault.ts";
import type { Target } from "../target.ts";

const nodeTimeoutMs = 20_000;

/** @param fault in words, as the start of a sentence @throws FaultNotPossible on a real cluster */
export function requireNodes(target: Target, fault: string): void {
  if (target.kind === "lab") return;
  throw new FaultNotPossible(`${fault} needs the nodes' engine or a shell on them, and a real cluster gives neither to a drill`);
}

/** Puts a text into single quotes for a shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Runs a bash script in a node, as root. It stops at the first command that fails.
 * @param args the script's $1, $2, …
 * @returns its standard output
 * @throws Error when it fails, or the node does not run
 */
export function onNode(
  target: Target,
  node: string,
  script: string,
  args: readonly string[] = [],
  timeoutMs = nodeTimeoutMs,
): Promise<string> {
  return target.runOnNode(node, script, args, timeoutMs);
}

/** Does the same with each at the same time, waits for all of them, and then fails if any did. @throws Error with every reason */
export async function withEach<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const results = await Promise.allSettled(items.map(act));
  const reasons = results.flatMap((result) => (result.status === "rejected" ? [reasonOf(result.reason)] : []));
  if (reasons.length > 0) throw new Error(reasons.join("; "));
}

export function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
