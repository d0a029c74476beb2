import { setTimeout as delay } from "node:timers/promises";

export interface Beat {
  /** No further turn begins; ends when all turns have. @throws Error that a turn threw, unless the walk was aborted */
  stop(): Promise<void>;
}

/**
 * A turn each second until it is stopped.
 * @param overlap whether a turn begins on time although the one before has not ended, as a software does; a person waits
 */
export function eachSecond(turn: (n: number) => Promise<void>, options: { overlap: boolean; signal: AbortSignal }): Beat {
  const { overlap, signal } = options;
  const stopping = new AbortController();
  const turns: Promise<void>[] = [];
  let failure: unknown;
  const run = async () => {
    const ended = AbortSignal.any([stopping.signal, signal]);
    for (let n = 1, dueMs = Date.now(); !ended.aborted; n += 1) {
      const taken = turn(n).catch((problem) => {
        failure ??= problem;
        stopping.abort();
      });
      if (overlap) turns.push(taken);
      else await taken;
      dueMs = Math.max(dueMs + 1_000, Date.now() - 1_000);
      await delay(Math.max(0, dueMs - Date.now()), undefined, { signal: ended }).catch(() => undefined);
    }
    await Promise.all(turns);
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      if (failure !== undefined) throw failure;
    },
  };
}
