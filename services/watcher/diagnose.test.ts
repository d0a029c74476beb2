import { describe, expect, it } from "vitest";
import { fenceMarker, follow, leadingFence } from "./conninfo.ts";
import { type Case, diagnose } from "./diagnose.ts";
import { defaultTimings } from "./timings.ts";

const primary = { name: "pg-2", site: "site-b", address: "10.0.0.2", port: 5432 };
const other = { ...primary, name: "pg-1", address: "10.0.0.1" };
const base = "host=pg-rw user=u application_name=pg-3";

function need(conninfo: string, settings: Partial<Case> & { streaming?: boolean; streams?: number } = {}) {
  const { streaming = true, streams = 2, ...rest } = settings;
  const state = { inRecovery: true, streaming, conninfo, clockMs: 0, ...(streaming ? { timeline: streams } : {}) };
  const whole: Case = {
    state,
    idleMs: 2000,
    conninfoMs: 1000,
    primary,
    timeline: 2,
    allFenced: true,
    named: true,
    mayRelease: false,
    ...rest,
  };
  return diagnose(whole, defaultTimings);
}

const fence = (timeline: number): string => fenceMarker({ term: 1, site: "site-a", timeline });

describe("diagnose", () => {
  it("leaves a standby alone that streams from the primary", () => {
    expect(need(base)).toBeUndefined();
    expect(need(follow(base, primary, 2))).toBeUndefined();
  });

  it("releases it only when it may", () => {
    expect(need(follow(base, primary, 2), { mayRelease: true })).toBe("release");
    expect(need(base, { mayRelease: true })).toBeUndefined();
    expect(need(follow(base, primary, 2), { mayRelease: true, streaming: false })).toBeUndefined();
  });

  it("points one at the primary that has not streamed for a while, or follows an earlier one", () => {
    expect(need(base, { streaming: false, idleMs: 1499 })).toBeUndefined();
    expect(need(base, { streaming: false })).toBe("point");
    expect(need(follow(base, other, 1), { streams: 1 })).toBe("point");
    expect(need(follow(base, other, 1), { streaming: false })).toBe("point");
  });

  it("does nothing against the operator's will, nor against a later primary's", () => {
    expect(need(base, { streaming: false, named: false })).toBeUndefined();
    expect(need(follow(base, other, 3), { streaming: false })).toBeUndefined();
    expect(need(fence(3), { streaming: false, conninfoMs: 1e6 })).toBeUndefined();
  });

  it("hands a fenced standby to the new primary at once when every failover would need it", () => {
    expect(need(fence(1), { streaming: false, conninfoMs: 400 })).toBeUndefined();
    expect(need(fence(1), { streaming: false, conninfoMs: 500, named: false })).toBe("point");
    expect(need(fence(1), { streaming: false, conninfoMs: 500, allFenced: false })).toBeUndefined();
  });

  it("leaves one alone that followed the new primary before that was one, and releases it when it may", () => {
    const led = leadingFence(base, primary, { term: 1, site: "site-a", timeline: 1 });
    expect(need(led, { conninfoMs: 1e6 })).toBeUndefined();
    expect(need(led, { mayRelease: true })).toBe("release");
    expect(need(led, { mayRelease: true, named: false })).toBeUndefined();
    expect(need(led, { streaming: false, conninfoMs: 500, idleMs: 1499 })).toBeUndefined();
    expect(need(led, { streaming: false, conninfoMs: 500 })).toBe("point");
    // Another became the primary.
    expect(need(leadingFence(base, other, { term: 1, site: "site-a", timeline: 1 }), { conninfoMs: 500 })).toBe("point");
    // The move has not come to its end.
    expect(need(leadingFence(base, other, { term: 1, site: "site-a", timeline: 2 }), { conninfoMs: 6000 })).toBe("take over");
  });

  it("takes over a fence against the living primary before it lets go", () => {
    expect(need(fence(2), { streaming: false, conninfoMs: 5999 })).toBeUndefined();
    expect(need(fence(2), { streaming: false, conninfoMs: 6000 })).toBe("take over");
    expect(need(fence(2), { streaming: false, conninfoMs: 6000, named: false })).toBeUndefined();
    expect(need(fence(2), { streaming: false, conninfoMs: 30_000 })).toBe("point");
  });
});
