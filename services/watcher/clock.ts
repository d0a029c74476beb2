/** Time as the protocol sees it: the machine's, or a simulation's. */
export interface Clock {
  /** Monotonic. */
  nowMs(): number;
  /** Wall clock, for log lines and the first term only. */
  epochMs(): number;
  /** Runs the action later. @returns what cancels it */
  after(delayMs: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

export class OverdueError extends Error {
  constructor(what: string, limitMs: number) {
    super(`${what} took more than ${limitMs} ms`);
    this.name = "OverdueError";
  }
}

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** @throws OverdueError when the work takes longer; the work itself goes on, and a failure of it after that is dropped */
export function within<T>(clock: Clock, limitMs: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => reject(new OverdueError(what, limitMs)));
    work.then(resolve, reject).finally(cancel);
  });
}
