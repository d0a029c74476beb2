import { setTimeout as delay } from "node:timers/promises";

export interface Beat {
  /** No further turn begins; ends when all turns have. @throws Error that a turn threw, unless the walk was aborted */
  stop(): Promise<void>;
}

interface Options {
  everyMs: number;
  /** Whether a turn begins on time although the one before has not ended, as a software does; a person waits. */
  overlap: boolean;
  signal: AbortSignal;
}

/** One turn after the other until it is stopped. */
export function beginBeat(turn: (n: number) => Promise<void>, { everyMs, overlap, signal }: Options): Beat {
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
      dueMs = Math.max(dueMs + everyMs, Date.now() - everyMs);
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
