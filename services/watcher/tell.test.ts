import { describe, expect, it } from "vitest";
import { systemClock } from "./clock.ts";
import { firstAnswer } from "./tell.ts";

const timings = { tellAgainMs: 5, tellTimeoutMs: 1000 };

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
    expect(await firstAnswer(systemClock, timings, ask)).toBe(3);
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).toBe(before);
  });

  it("does not ask again when its time is over", async () => {
    let asked = 0;
    void firstAnswer(systemClock, { ...timings, tellTimeoutMs: 12 }, () => {
      asked++;
      return new Promise(() => undefined);
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    const before = asked;
    expect(before).toBeGreaterThan(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(asked).toBe(before);
  });
});
