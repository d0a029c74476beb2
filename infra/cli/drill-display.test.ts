import { Writable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { allDrills } from "../../chaos/drills/catalogue.ts";
import type { DrillOutcome } from "../../chaos/run/outcome.ts";
import { type DrillDisplay, showDrills } from "./drill-display.ts";

let display: DrillDisplay | undefined;
afterEach(() => {
  display?.end();
  vi.useRealTimers();
});

function stream(isTTY: boolean): { written: () => string; stream: NodeJS.WriteStream } {
  let text = "";
  const sink = new Writable({
    write: (part, _encoding, done) => {
      text += String(part);
      done();
    },
  });
  const terminal = { isTTY, columns: 120, hasColors: () => false, getColorDepth: () => 1 };
  return { written: () => text, stream: Object.assign(sink, terminal) as unknown as NodeJS.WriteStream };
}

const outcome: DrillOutcome = {
  ...{
    name: "node-kill",
    run: 1,
    verdict: "invalid",
    reasons: ["stall: it was 13 s"],
    checks: [],
    stallMs: 13_000,
    failed: 2,
    lost: 0,
    doubled: 0,
  },
  ...{ elements: [], unhealed: [], folder: "/nowhere", startedMs: 0, endedMs: 61_000 },
};
const [drill] = allDrills;

describe("the display of drills", () => {
  it("writes plain lines where there is no terminal", () => {
    const { stream: out, written } = stream(false);
    display = showDrills(out);
    if (drill) display.onDrill(drill, 1, 2);
    display.onLine({ atMs: 1, entry: "phase", phase: "inject" });
    display.onLine({ atMs: 2, entry: "fault", fault: 0, name: "node-kill", event: "happened", text: "no kubelet answers" });
    display.onLine({ atMs: 3, entry: "sighting", role: "virtual-ip", holder: "edge-a" });
    display.onOutcome(outcome);
    expect(written()).toContain("service-pod-kill, run 1 of 2: A pod of the record service is killed\n");
    expect(written()).toMatch(/phase inject\n.*node-kill happened: no kubelet answers\n/);
    expect(written()).toMatch(/✗ node-kill +invalid +stall 13\.0 s, 2 failed, 0 lost, 0 doubled, 1 min 01 s\n {4}stall: it was 13 s\n$/);
    expect(written()).not.toContain("\x1b");
  });

  it("draws one block on a terminal, and takes it away again", () => {
    vi.useFakeTimers();
    const { stream: out, written } = stream(true);
    display = showDrills(out);
    if (drill) display.onDrill(drill, 1, 1);
    display.onLine({ atMs: 1, entry: "phase", phase: "inject" });
    display.onLine({ atMs: 2, entry: "sighting", role: "postgres-primary", holder: "pg-1" });
    display.onLine({ atMs: 3, entry: "sighting", role: "postgres-primary", holder: "pg-2" });
    vi.advanceTimersByTime(1_000);
    const drawn = written();
    expect(drawn.match(/who {9}PostgreSQL pg-1 → pg-2/g)).toHaveLength(2);
    expect(drawn).toContain("\x1b[5A\x1b[J");
    display.onOutcome(outcome);
    expect(written().slice(drawn.length)).toContain("\x1b[5A\x1b[J✗ node-kill");
  });
});
