import { describe, expect, it } from "vitest";
import type { Answer } from "./instances.ts";
import { Picture } from "./picture.ts";
import { defaultTimings } from "./timings.ts";

const members = ["pg-1", "pg-2", "pg-3"].map((name) => ({ name, site: "site-a", address: name, port: 5432 }));
const writes = (timeline: number): Answer => ({ state: { inRecovery: false, timeline, streaming: false, conninfo: "", clockMs: 0 } });
const follows: Answer = { state: { inRecovery: true, streaming: true, conninfo: "", clockMs: 0 } };
const refused: Answer = { failure: "refused", reason: "refused" };
const silent: Answer = { failure: "silent", reason: "silent" };

function picture(): Picture {
  const made = new Picture(defaultTimings);
  made.list(members, 0);
  return made;
}

describe("Picture", () => {
  it("takes the highest timeline for the primary, and keeps it when it dies or an old one comes back", () => {
    const seen = picture();
    seen.note("pg-1", writes(1), 0, 1);
    seen.note("pg-2", writes(2), 2, 3);
    seen.note("pg-1", writes(1), 4, 5);
    expect(seen.livePrimary(5)).toEqual({ instance: "pg-2", timeline: 2 });
    seen.note("pg-2", refused, 100, 101);
    expect(seen.livePrimary(101)).toBeUndefined();
    expect(seen.primary).toEqual({ instance: "pg-2", timeline: 2 });
  });

  it("suspects the very primary that is asked about, and never one from before", () => {
    const seen = picture();
    seen.note("pg-1", writes(3), 0, 1);
    for (const askedMs of [500, 700, 900]) seen.note("pg-1", refused, askedMs, askedMs + 1);
    expect(seen.suspects({ instance: "pg-1", timeline: 3 }, 1000)).toBe(true);
    expect(seen.suspects({ instance: "pg-1", timeline: 2 }, 1000)).toBe(false);
    seen.note("pg-2", writes(4), 1000, 1001);
    expect(seen.suspects({ instance: "pg-1", timeline: 3 }, 1002)).toBe(false);
  });

  it("takes silence for death the sooner, the quicker the others answer at the same time", () => {
    const primary = { instance: "pg-1", timeline: 3 };
    const after = (tookMs: number | undefined, nowMs: number): boolean => {
      const seen = picture();
      seen.note("pg-1", writes(3), 9000, 9005);
      if (tookMs !== undefined) seen.note("pg-2", follows, 10_500 - tookMs, 10_500);
      seen.note("pg-1", silent, 10_000, 11_000);
      return seen.suspects(primary, nowMs);
    };
    expect([after(10, 11_039), after(10, 11_040)]).toEqual([false, true]);
    expect([after(100, 11_399), after(100, 11_400)]).toEqual([false, true]);
    expect([after(900, 11_499), after(900, 11_500)]).toEqual([false, true]);
    expect([after(undefined, 11_499), after(undefined, 11_500)]).toEqual([false, true]);
  });

  it("knows the slowest answer of the last seconds", () => {
    const seen = picture();
    expect(seen.slowestAnswerMs(0)).toBe(0);
    seen.note("pg-1", writes(3), 0, 80);
    seen.note("pg-2", follows, 2000, 2010);
    expect(seen.slowestAnswerMs(2010)).toBe(80);
    expect(seen.slowestAnswerMs(3080)).toBe(10);
  });

  it("takes a primary that is in recovery again for one that is starting", () => {
    const seen = picture();
    seen.note("pg-1", writes(3), 0, 1);
    for (let nowMs = 500; nowMs <= 3600; nowMs += 100) seen.note("pg-1", follows, nowMs, nowMs);
    expect(seen.suspects({ instance: "pg-1", timeline: 3 }, 3400)).toBe(false);
    expect(seen.suspects({ instance: "pg-1", timeline: 3 }, 3600)).toBe(true);
  });

  it("notices two primaries on one timeline", () => {
    const seen = picture();
    seen.note("pg-1", writes(3), 0, 1);
    expect(seen.disputed).toBe(false);
    seen.note("pg-2", writes(3), 0, 1);
    expect(seen.disputed).toBe(true);
    seen.note("pg-3", writes(4), 0, 1);
    expect(seen.disputed).toBe(false);
  });

  it("counts a standby only while it answers", () => {
    const seen = picture();
    seen.note("pg-2", follows, 0, 1);
    seen.note("pg-3", { failure: "alive", reason: "too many connections" }, 0, 1);
    expect(seen.standbys(1).map(({ member }) => member.name)).toEqual(["pg-2"]);
    expect(seen.standbys(2000)).toEqual([]);
  });
});
