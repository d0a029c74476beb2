/** What must be so before anything is broken. */
import { z } from "zod";
import type { Target } from "../target.ts";

export const drillsLabel = "dsp.platform/drills";
const allowed = "allowed";
const toolTimeoutMs = 20_000;

/** The platform may not, or cannot, be drilled now: nothing has been broken. */
export class DrillRefused extends Error {
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.name = "DrillRefused";
    this.advice = advice;
  }
}

const namespaceSchema = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }) });

/**
 * Asked of the cluster itself, not of a setting: what stands there says whether it may be broken.
 * @throws DrillRefused
 */
export async function requireAllowed(target: Target): Promise<void> {
  let answer: string;
  try {
    answer = await target.run("kubectl", ["get", "namespace", target.namespace, "--output", "json"], { timeoutMs: toolTimeoutMs });
  } catch (failure) {
    const problem = failure instanceof Error ? failure.message : String(failure);
    throw new DrillRefused(`nobody can tell whether this cluster allows drills: ${problem}`, "Bring the platform up first: ./dsp up");
  }
  const { labels } = namespaceSchema.parse(JSON.parse(answer)).metadata;
  if (labels[drillsLabel] === allowed) return;
  throw new DrillRefused(
    `namespace ${target.namespace} of stack "${target.stack}" is not labelled ${drillsLabel}=${allowed}`,
    "Drills break things. A stack allows them with the setting dsp:drills: true, and pulumi up.",
  );
}

/**
 * A production stack is broken only by somebody who has typed its name.
 * @param typed what was typed; undefined: nothing
 * @throws DrillRefused
 */
export function requireConfirmed(target: Pick<Target, "production" | "stack">, typed: string | undefined): void {
  if (!target.production || typed?.trim() === target.stack) return;
  const problem = typed === undefined ? "and nobody has confirmed" : `and "${typed.trim()}" is not its name`;
  throw new DrillRefused(
    `stack "${target.stack}" is marked production, ${problem}`,
    `Say its name: ./dsp drill … --stack ${target.stack} --confirm ${target.stack}`,
  );
}
