import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./clock.ts";
import { firstAnswer } from "./tell.ts";

const timings = { tellAgainMs: 5, tellTimeoutMs: 1000 };

describe("firstAnswer", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks again beside a request that is not answered, and stops once one is", async () => {
    let asked = 0;
    const ask = async (): Promise<number> => {
      asked++;
      // The first one sits on a dead connection, the second is refused.
      if (asked === 1) return await new Promise(() => undefined);
      if (asked === 2) throw new Error("refused");
      return asked;
    };
    const answer = firstAnswer(systemClock, timings, ask);
    await vi.advanceTimersByTimeAsync(10);
    expect(await answer).toBe(3);
    await vi.advanceTimersByTimeAsync(50);
    expect(asked).toBe(3);
  });

  it("does not ask again when its time is over", async () => {
    let asked = 0;
    void firstAnswer(systemClock, { ...timings, tellTimeoutMs: 12 }, () => {
      asked++;
      return new Promise(() => undefined);
    });
    await vi.advanceTimersByTimeAsync(11);
    expect(asked).toBe(3);
    await vi.advanceTimersByTimeAsync(60);
    expect(asked).toBe(3);
  });
});
