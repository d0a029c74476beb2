import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choosePrimary, type InstanceView } from "./choose-primary.ts";

const instance = (port: number) => ({ address: "10.0.0.1", port });
const [a, b, c] = [instance(1), instance(2), instance(3)];
const primary = (which: typeof a, timeline: number, status: InstanceView["status"] = "answering"): InstanceView => ({
  instance: which,
  status,
  inRecovery: false,
  timeline,
});
const standby = (which: typeof a, replayed: bigint, status: InstanceView["status"] = "answering"): InstanceView => ({
  instance: which,
  status,
  inRecovery: true,
  replayed,
});

describe("choosePrimary", () => {
  it("takes the only instance that is not in recovery, and the standby that has replayed most", () => {
    const choice = choosePrimary([standby(b, 5n), primary(a, 1), standby(c, 9n)], { lowestTimeline: 0 });
    expect([choice.primary?.instance, choice.standby?.instance]).toEqual([a, c]);
  });

  it("takes the higher timeline of two that both think they are", () => {
    expect(choosePrimary([primary(a, 4), primary(b, 5)], { lowestTimeline: 4, current: a }).primary?.instance).toBe(b);
  });

  it("never goes back to an earlier timeline, even when nobody else answers", () => {
    expect(choosePrimary([primary(a, 4), primary(b, 5, "lost")], { lowestTimeline: 5 }).primary).toBeUndefined();
  });

  it("stays with the present one while it is slow, and lets it go when it is lost", () => {
    expect(choosePrimary([primary(a, 4, "slow"), standby(b, 1n)], { lowestTimeline: 4, current: a }).primary?.instance).toBe(a);
    expect(choosePrimary([primary(a, 4, "slow")], { lowestTimeline: 4 }).primary).toBeUndefined();
    expect(choosePrimary([primary(a, 4, "lost")], { lowestTimeline: 4, current: a }).primary).toBeUndefined();
  });

  it("chooses nobody that is lost, in recovery or of the past, whatever it is shown", () => {
    const view = fc.record({
      instance: fc.constantFrom(a, b, c),
      status: fc.constantFrom("answering" as const, "slow" as const, "lost" as const),
      inRecovery: fc.boolean(),
      timeline: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(
        fc.array(view, { maxLength: 4 }),
        fc.integer({ min: 0, max: 5 }),
        fc.option(fc.constantFrom(a, b, c), { nil: undefined }),
        (views, lowestTimeline, current) => {
          const chosen = choosePrimary(views, { lowestTimeline, current }).primary;
          const highest = Math.max(
            0,
            ...views.filter((each) => !each.inRecovery && each.status === "answering").map((each) => each.timeline),
          );
          return chosen === undefined
            ? highest < lowestTimeline || highest === 0
            : chosen.status !== "lost" && !chosen.inRecovery && (chosen.timeline ?? 0) >= Math.max(lowestTimeline, highest);
        },
      ),
    );
  });
});
