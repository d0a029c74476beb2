const attemptsMax = 3;

/** What must succeed before a walk can begin, and may meet a slow moment. @throws Error the last one, or why it was aborted */
export async function tryAgain<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (failure) {
      signal.throwIfAborted();
      if (attempt >= attemptsMax) throw failure;
    }
  }
}
