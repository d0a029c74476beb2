import { type Clock, sleep, within } from "./clock.ts";
import type { Expectation } from "./cluster.ts";
import type { Parts } from "./parts.ts";
import type { Timings } from "./timings.ts";
import type { PrimaryId } from "./vote.ts";

/**
 * Tells the operator of the new primary and labels its pod, again and again until it is done or there is a newer primary: the API may be
 * away at this moment.
 */
export async function tellUntilDone(parts: Parts, next: PrimaryId, expected: Expectation, isNewest: () => boolean): Promise<void> {
  const { cluster, clock, log, timings } = parts;
  const startedMs = clock.nowMs();
  // A request to something dead must not hold up the next one.
  const attempt = <T>(work: Promise<T>): Promise<T> => within(clock, timings.tellAgainMs * 2, "telling", work);
  for (let first = true; isNewest(); first = false) {
    if (!first) await sleep(clock, timings.tellAgainMs);
    try {
      if (!(await attempt(cluster.namePrimary(next.instance, expected)))) {
        log.warn({ next }, "the operator has moved on by itself");
        return;
      }
      await attempt(Promise.all([cluster.giveLease(next.instance), cluster.label(next.instance)]));
      log.info({ next, atMs: clock.epochMs(), tookMs: Math.round(clock.nowMs() - startedMs) }, "primary labelled");
      return;
    } catch (error) {
      log.warn({ reason: (error as Error).message }, "the API does not answer, telling it again later");
    }
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
