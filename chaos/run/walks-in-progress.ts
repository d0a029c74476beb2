/** Begins a drill's walks and brings them to their judgement; one that crashes gives unknown, never a pass. */
import type { RunningWalk, Walk, WalkContext } from "../walk.ts";
import type { CheckOutcome } from "./outcome.ts";

export interface WalkInProgress {
  walk: Walk;
  running: RunningWalk;
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/** @throws Error when it takes longer */
async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** All at once. @throws Error that names the one that could not begin */
export function beginWalks(walks: readonly Walk[], context: WalkContext, limitMs: number): Promise<WalkInProgress[]> {
  return Promise.all(
    walks.map(async (walk) => {
      try {
        return { walk, running: await within(walk.begin(context), limitMs) };
      } catch (failure) {
        throw new Error(`the walk ${walk.name} could not begin: ${messageOf(failure)}`, { cause: failure });
      }
    }),
  );
}

export function endWalks(walks: readonly WalkInProgress[], limitMs: number): Promise<CheckOutcome[]> {
  return Promise.all(
    walks.map(async ({ walk: { name, title }, running }) => {
      try {
        const { verdict, figures, findings } = await within(running.end(), limitMs);
        return { name, title, verdict, figures, findings };
      } catch (failure) {
        return { name, title, verdict: "unknown" as const, figures: {}, findings: [`the walk could not be judged: ${messageOf(failure)}`] };
      }
    }),
  );
}
