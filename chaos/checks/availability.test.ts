import { describe, expect, it } from "vitest";
import { availability } from "./availability.ts";
import { input, made } from "./testing/made-history.ts";

const good = Array.from({ length: 100 }, (_, n) => made(n, "read", { dueMs: n * 100 }));

describe("availability", () => {
  it("is whole when all was served, late or not, or rightly refused", () => {
    const refused = made(100, "update", { dueMs: 10_000, outcome: "refused", status: 412 });
    const late = made(101, "create", { dueMs: 10_100, endMs: 13_000 });
    const { verdict, figures } = availability.judge(input([...good, refused, late]));
    expect(verdict).toBe("valid");
    expect(figures).toEqual({
      requests: 102,
      failed: 0,
      turnedAway: 0,
      servedPercent: 100,
      withinSloPercent: 99.019,
      cleanWindowsPercent: 100,
    });
  });

  it("is broken by one that failed, for as long as it waited", () => {
    const failed = made(50, "create", { dueMs: 5_000, endMs: 6_950, outcome: "failed", status: 503, reason: "HTTP 503" });
    const { verdict, figures, findings } = availability.judge(input(good.toSpliced(50, 1, failed)));
    expect(verdict).toBe("invalid");
    expect(figures).toMatchObject({ failed: 1, servedPercent: 99, cleanWindowsPercent: 80 });
    expect(findings).toEqual(["create 50 failed after 1950 ms: HTTP 503"]);
  });

  it("does not take a refusal for an answer that no client has earned", () => {
    for (const status of [400, 401, 403, 422])
      expect(availability.judge(input([...good, made(100, "create", { outcome: "refused", status })])).figures.failed).toBe(1);
  });

  it("does not take it for served that a client had to come back", () => {
    const { verdict, figures, findings } = availability.judge(input([...good, made(100, "create", { attempts: 2, turnedAway: 1 })]));
    expect(verdict).toBe("invalid");
    expect(figures).toMatchObject({ failed: 0, turnedAway: 1 });
    expect(findings).toEqual(["create 100 was turned away 1 times before it was served"]);
  });

  it("leaves out what was due after the end", () => {
    const after = made(100, "create", { dueMs: 200_000, outcome: "failed", status: 0 });
    expect(availability.judge(input([...good, after])).verdict).toBe("valid");
    expect(availability.judge(input([])).verdict).toBe("unknown");
  });
});
