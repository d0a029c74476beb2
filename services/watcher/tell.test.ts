import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./clock.ts";
import type { Parts } from "./parts.ts";
import { firstAnswer, tellUntilDone } from "./tell.ts";

const timings = { tellAgainMs: 5, tellTimeoutMs: 1000 };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("tellUntilDone", () => {
  it("tells a slow API again beside what is not answered yet, ever less often, and ends with the first that is", async () => {
    let asked = 0;
    const cluster = {
      namePrimary: async () => {
        asked++;
        await new Promise((resolve) => setTimeout(resolve, asked === 1 ? 100 : 1000));
        return true;
      },
      giveLease: async () => async () => true,
      label: async () => {},
    };
    const said: string[] = [];
    const log = { info: (_: object, text: string) => said.push(text), warn: (_: object, text: string) => said.push(text) };
    const parts = { cluster, clock: systemClock, log, timings } as unknown as Parts;
    const expected = { reign: "pg-1 1", wish: "pg-1 1" };
    let isDone = false;
    void tellUntilDone(parts, { instance: "pg-2", timeline: 2 }, expected, () => true).then(() => {
      isDone = true;
    });
    await vi.advanceTimersByTimeAsync(99);
    expect(isDone).toBe(false);
    // After 5, 10, 15 and then every 20 ms.
    expect(asked).toBe(7);
    await vi.advanceTimersByTimeAsync(3000);
    expect(isDone).toBe(true);
    expect(asked).toBeLessThanOrEqual(8);
    expect(said).toEqual(["primary labelled"]);
  });
});

describe("firstAnswer", () => {
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
