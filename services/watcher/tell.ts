import { type Clock, sleep } from "./clock.ts";
import type { Expectation } from "./cluster.ts";
import type { Parts } from "./parts.ts";
import type { Timings } from "./timings.ts";
import type { PrimaryId } from "./vote.ts";

/** So many times `tellAgainMs` is the longest pause before it is told again. */
const tellAgainMax = 4;

/**
 * Tells the operator of the new primary and labels its pod, again and again until it is done or there is a newer primary: the API may be
 * away at this moment, or slow. Each attempt goes on beside those before, at ever longer intervals: where it is slow, an early one is answered first.
 */
export async function tellUntilDone(parts: Parts, next: PrimaryId, expected: Expectation, isNewest: () => boolean): Promise<void> {
  const { cluster, clock, log, timings } = parts;
  const startedMs = clock.nowMs();
  let isOver = false;
  const tell = async (): Promise<void> => {
    const isNamed = await cluster.namePrimary(next.instance, expected);
    if (isNamed) await Promise.all([cluster.giveLease(next.instance), cluster.label(next.instance)]);
    if (isOver) return;
    isOver = true;
    if (isNamed) log.info({ next, atMs: clock.epochMs(), tookMs: Math.round(clock.nowMs() - startedMs) }, "primary labelled");
    else log.warn({ next }, "the operator has moved on by itself");
  };
  for (let attempts = 1; isNewest() && !isOver; attempts++) {
    const telling = tell().catch((error: Error) => {
      log.warn({ reason: error.message }, "the API does not answer, telling it again");
    });
    const pause = sleep(clock, Math.min(attempts, tellAgainMax) * timings.tellAgainMs);
    await Promise.race([telling, pause]);
    if (!isOver) await pause;
  }
}

/**
 * Asks, and asks again beside it while there is no answer: the first request may sit on a connection to something dead, or that answers late.
 * What is asked must come to the same however often it is. Resolves with the first answer, and never where there is none in `tellTimeoutMs`.
 */
export function firstAnswer<T>(clock: Clock, timings: Pick<Timings, "tellAgainMs" | "tellTimeoutMs">, ask: () => Promise<T>): Promise<T> {
  const untilMs = clock.nowMs() + timings.tellTimeoutMs;
  return new Promise((resolve) => {
    let isAnswered = false;
    const begin = (): void => {
      if (isAnswered || clock.nowMs() >= untilMs) return;
      ask().then(
        (answer) => {
          isAnswered = true;
          resolve(answer);
        },
        () => {},
      );
      clock.after(timings.tellAgainMs, begin);
    };
    begin();
  });
}
