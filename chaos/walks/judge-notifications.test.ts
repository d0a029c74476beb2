import { describe, expect, it } from "vitest";
import { type Creation, judgeNotifications } from "./judge-notifications.ts";
import type { Notification } from "./receiver.ts";

const resource = (n: number) => `Observation/${n}`;

function madeCreations(changes: Record<number, Partial<Creation>> = {}): Creation[] {
  return Array.from({ length: 10 }, (_, index) => {
    const n = index + 1;
    const beganMs = 1_000_000 + n * 1_000;
    return { beganMs, endedMs: beganMs + 50, attempts: 1, outcome: "acknowledged" as const, resource: resource(n), ...changes[n] };
  });
}

/** Told of each 300 ms after it was acknowledged. */
function told(): Notification[] {
  return madeCreations().map(({ endedMs }, index) => ({ atMs: endedMs + 300, focus: resource(index + 1), number: index + 1 }));
}

const without = (n: number) => told().filter(({ number }) => number !== n);

describe("a subscriber", () => {
  it("is told of everything in order, and sees repetitions by their number", () => {
    const notifications = [
      ...told(),
      ...told()
        .slice(7)
        .map((each) => ({ ...each, atMs: each.atMs + 5_000 })),
    ];
    const { verdict, figures, findings } = judgeNotifications(madeCreations(), notifications);
    expect([verdict, findings]).toEqual(["valid", []]);
    expect(figures).toEqual({
      ...{ created: 10, acknowledged: 10, notified: 10, missed: 0, outOfOrder: 0, renumbered: 0, repeated: 3 },
      longestDelayMs: 300,
    });
  });

  it("must not miss one", () => {
    const judged = judgeNotifications(madeCreations(), without(4));
    expect(judged).toMatchObject({ verdict: "invalid", figures: { missed: 1, notified: 9, outOfOrder: 0 } });
    expect(judged.findings).toEqual(["Observation/4, acknowledged at 00:16:44.050, was never told of"]);
  });

  it("must not be told of one after a later one", () => {
    const [fourth] = told().slice(3);
    const judged = judgeNotifications(madeCreations(), [...without(4), { ...(fourth as Notification), atMs: 1_011_000 }]);
    expect(judged).toMatchObject({ verdict: "invalid", figures: { missed: 0, outOfOrder: 1 } });
    expect(judged.findings).toEqual(["event 4 came at 00:16:51.000, after event 10"]);
  });

  it("must not get numbers against the order of what happened", () => {
    const focuses = [1, 2, 3, 5, 4, 6, 7, 8, 9, 10].map(resource);
    const notifications = told().map((each, index) => ({ ...each, focus: focuses[index] ?? "" }));
    const judged = judgeNotifications(madeCreations(), notifications);
    expect(judged.findings).toEqual(["Observation/5 is event 4, and Observation/4, created before it, event 5"]);
    // Of two that were under way at the same time nobody knows which came first.
    expect(judgeNotifications(madeCreations({ 4: { endedMs: 1_005_010 } }), notifications).verdict).toBe("valid");
  });

  it.each([
    ["the same event under another number", { focus: resource(4), number: 11 }, "Observation/4 was told of as events 4 and 11"],
    ["another event under the same number", { focus: resource(5), number: 4 }, "event 4 was told of as Observation/4 and Observation/5"],
  ])("must not see %s", (_what, changed, finding) => {
    const judged = judgeNotifications(madeCreations(), [...told(), { atMs: 1_020_000, ...changed }]);
    expect(judged.verdict).toBe("invalid");
    expect(judged.findings).toContain(finding);
  });

  it("may be told of one that got no answer, and of nothing else", () => {
    const unanswered = { outcome: "unanswered" as const, resource: "" };
    expect(judgeNotifications(madeCreations({ 4: unanswered }), told()).verdict).toBe("valid");
    expect(judgeNotifications(madeCreations({ 4: unanswered }), without(4)).verdict).toBe("valid");
    const strange = [...told(), { atMs: 1_020_000, focus: "Observation/other", number: 11 }];
    expect(judgeNotifications(madeCreations(), strange).findings).toEqual(["Observation/other was told of and never acknowledged"]);
  });

  it("must be able to believe every notification", () => {
    expect(judgeNotifications(madeCreations(), told(), 2).findings).toEqual([
      expect.stringContaining("2 notifications could not be believed"),
    ]);
  });

  it("with nothing to be told of proves nothing", () => {
    expect(judgeNotifications([], []).verdict).toBe("unknown");
  });
});
