import { describe, expect, it } from "vitest";
import type { Answer } from "./instances.ts";
import { Picture } from "./picture.ts";
import { defaultTimings } from "./timings.ts";

const members = ["pg-1", "pg-2", "pg-3"].map((name) => ({ name, site: "site-a", address: name, port: 5432 }));
const writes = (timeline: number): Answer => ({ state: { inRecovery: false, timeline, streaming: false, conninfo: "", clockMs: 0 } });
const follows: Answer = { state: { inRecovery: true, streaming: true, conninfo: "", clockMs: 0 } };
const refused: Answer = { failure: "refused", reason: "refused" };

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
