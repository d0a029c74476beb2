import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KeptFault } from "../faults/kept.ts";
import { openJournal } from "../journal.ts";
import { exitCodeOf, worst } from "./outcome.ts";
import { isAlive, markRunning, readRunning } from "./running.ts";
import { DrillRefused, requireConfirmed } from "./safety.ts";
import { parseSession, runDrills, type SessionOptions } from "./session.ts";
import { stopDrills } from "./stop.ts";
import { madeDrill, madeFault, madeParts, madeTarget, quick } from "./testing/made-drill.ts";

let reports = "";
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), "dsp-session-"));
});
afterEach(() => rmSync(reports, { recursive: true, force: true }));

const nothingKept = { list: async () => [], heal: async () => undefined };

function session(changes: Partial<SessionOptions> = {}) {
  return runDrills({
    target: madeTarget(reports),
    drills: [madeDrill([{ fault: madeFault("kill"), afterS: 0, lastsS: 0 }])],
    repeat: 1,
    full: false,
    parts: madeParts(),
    kept: nothingKept,
    signal: new AbortController().signal,
    timings: quick,
    ...changes,
  });
}

describe("a run of drills", () => {
  it("runs each as often as asked and says what it was", async () => {
    const seen: string[] = [];
    const { folder, outcomes } = await session({ repeat: 2, events: { onOutcome: ({ name, run }) => seen.push(`${name} ${run}`) } });
    expect(seen).toEqual(["made 1", "made 2"]);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(["valid", "valid"]);
    const written = parseSession(readFileSync(join(folder, "session.json"), "utf8"));
    expect(written).toMatchObject({ stack: "lab", full: false, drills: ["made"], repeat: 2, uncovered: null });
    expect(written.endedAt).not.toBeNull();
    expect(readRunning(reports)).toBeUndefined();
  });

  it("is marked while it runs, with the journal that is being written", async () => {
    let seen: ReturnType<typeof readRunning>;
    await session({
      events: {
        onLine: (line) => {
          if (line.entry === "phase" && line.phase === "inject") seen = readRunning(reports);
        },
      },
    });
    expect(seen).toMatchObject({ processId: process.pid, stack: "lab", journal: expect.stringMatching(/made-1\/journal\.ndjson$/) });
  });

  it("has a drill get ready while the one before is judged, and breaks nothing until then", async () => {
    const order: string[] = [];
    const drills = ["first", "second"].map((name) =>
      madeDrill([{ fault: madeFault(name, { inject: () => void order.push(`${name} broken`) }), afterS: 0, lastsS: 0 }], { name }),
    );
    const parts = madeParts();
    const readAftermath: typeof parts.readAftermath = async (...args) => {
      await delay(300);
      return await parts.readAftermath(...args);
    };
    await session({
      ...{ drills, parts: { ...parts, readAftermath } },
      events: {
        onDrill: ({ name }) => order.push(`${name} begun`),
        onOutcome: ({ name, verdict }) => order.push(`${name} ${verdict}`),
      },
    });
    expect(order).toEqual(["first begun", "first broken", "second begun", "first valid", "second broken", "second valid"]);
  });

  it("breaks nothing more where a fault could not be healed", async () => {
    const first = madeFault("first", { heal: () => Promise.reject(new Error("cannot")) });
    const second = madeFault("second");
    const drills = [first, second].map((fault) => madeDrill([{ fault, afterS: 0, lastsS: 0 }], { name: fault.name }));
    const { outcomes } = await session({ drills });
    expect(outcomes.map(({ name }) => name)).toEqual(["first"]);
    expect(second.calls).toEqual([]);
    expect(exitCodeOf(outcomes)).toBe(2);
  });

  it("refuses a cluster without the label, and one where faults of an earlier run are left", async () => {
    const fault = madeFault("kill");
    const drills = [madeDrill([{ fault, afterS: 0, lastsS: 0 }])];
    await expect(session({ drills, target: madeTarget(reports, { labels: {} }) })).rejects.toThrow(
      /not labelled dsp\.platform\/drills=allowed/,
    );
    const unreachable = madeTarget(reports, { run: () => Promise.reject(new Error("no API server answers")) });
    await expect(session({ drills, target: unreachable })).rejects.toThrow(DrillRefused);
    const kept = { ...nothingKept, list: async () => [{ id: "a", what: "node-1 is cut off", healsAtMs: 1 }] };
    await expect(session({ drills, kept })).rejects.toThrow(/node-1 is cut off/);
    expect(fault.calls).toEqual([]);
  });

  it("of all drills names each element that none has hit", async () => {
    const target = madeTarget(reports, {
      run: async (_command, args) => {
        if (args.includes("namespace")) return JSON.stringify({ metadata: { labels: { "dsp.platform/drills": "allowed" } } });
        if (args.includes("secrets")) return "";
        return JSON.stringify({
          items: args.includes("nodes") ? [{ metadata: { name: "node-1" } }, { metadata: { name: "node-2" } }] : [],
        });
      },
    });
    const fault = madeFault("node-kill", { elements: ["node/node-1"] });
    const { uncovered, outcomes } = await session({ target, full: true, drills: [madeDrill([{ fault, afterS: 0, lastsS: 0 }])] });
    expect(uncovered).toEqual(["address/192.0.2.1", "node/node-2"]);
    expect(exitCodeOf(outcomes, uncovered)).toBe(1);
  });
});

describe("a production stack", () => {
  it("wants its name typed", () => {
    const stack = { production: true, stack: "national" };
    expect(() => requireConfirmed(stack, undefined)).toThrow(/nobody has confirmed/);
    expect(() => requireConfirmed(stack, "yes")).toThrow(/"yes" is not its name/);
    expect(() => requireConfirmed(stack, "national\n")).not.toThrow();
    expect(() => requireConfirmed({ ...stack, production: false }, undefined)).not.toThrow();
  });
});

describe("the exit code", () => {
  const outcome = (verdict: "valid" | "invalid" | "unknown" | "not run", unhealed: string[] = []) => ({ verdict, unhealed });
  it.each([
    [[outcome("valid"), outcome("valid")], 0],
    [[outcome("valid"), outcome("invalid"), outcome("unknown")], 1],
    [[outcome("valid"), outcome("unknown")], 2],
    [[outcome("valid"), outcome("not run")], 2],
    [[outcome("invalid", ["node-1 is not running"])], 2],
    [[], 2],
  ])("of %j is %i", (outcomes, expected) => expect(exitCodeOf(outcomes)).toBe(expected));

  it("comes from the worst verdict", () => {
    expect(worst(["valid", "invalid", "unknown"])).toBe("invalid");
    expect(worst(["valid", "not run"])).toBe("not run");
    expect(worst([])).toBe("unknown");
  });
});

describe("stopping from outside", () => {
  it("asks a living runner to heal and end", async () => {
    // Ends at SIGTERM as the runner does, after a while in which it heals.
    const program =
      "process.on('SIGTERM', () => setTimeout(() => process.exit(0), 100)); process.send('ready'); setInterval(() => {}, 1000)";
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
    await new Promise((resolve) => child.once("message", resolve));
    mkdirSync(reports, { recursive: true });
    const running = { processId: child.pid, processStart: null, stack: "lab", folder: reports, journal: null };
    writeFileSync(join(reports, "running.json"), JSON.stringify(running));
    const said: string[] = [];
    expect(await stopDrills({ target: madeTarget(reports), kept: nothingKept, say: (text) => said.push(text) })).toBe(true);
    expect(said[0]).toContain(`process ${child.pid} is drilling`);
    expect(readRunning(reports)).toBeUndefined();
  });

  it("tells what a dead runner left, and waits until nothing of it is kept", async () => {
    const journalFile = join(reports, "journal.ndjson");
    const journal = openJournal(journalFile);
    for (const name of ["healed", "left"])
      journal.write({ entry: "fault", fault: name === "left" ? 1 : 0, name, event: "injecting", what: "node-1" });
    journal.write({ entry: "fault", fault: 0, name: "healed", event: "healed" });
    journal.close();
    const mark = markRunning(reports, { stack: "lab", folder: reports });
    mark.setJournal(journalFile);
    const file = join(reports, "running.json");
    // The same number, but another process has it now.
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), processStart: "1" }));
    let left: KeptFault[] = [{ id: "x", what: "node-1 is cut off", healsAtMs: Date.now() + 50 }];
    let heals = 0;
    const kept = {
      list: async () => left,
      heal: async () => {
        heals += 1;
        if (heals === 2) left = [];
      },
    };
    const said: string[] = [];
    expect(await stopDrills({ target: madeTarget(reports), kept, say: (text) => said.push(text), intervalMs: 2 })).toBe(true);
    expect(said.join("\n")).toMatch(
      /died while it drilled[\s\S]*begun and not healed by it: left: node-1[\s\S]*still there: node-1 is cut off/,
    );
    expect(said.join("\n")).not.toContain("not healed by it: healed");
    expect(heals).toBe(2);
  });

  it("says so when a fault outlives its time", async () => {
    const kept = {
      list: async () => [{ id: "x", what: "node-1", healsAtMs: Date.now() - 1_000 }],
      heal: () => Promise.reject(new Error("no")),
    };
    expect(await stopDrills({ target: madeTarget(reports), kept, say: () => undefined, graceMs: 20, intervalMs: 2 })).toBe(false);
  });

  it("knows a living process from one that has its number", () => {
    const mark = markRunning(reports, { stack: "lab", folder: reports });
    const own = readRunning(reports);
    expect(own && isAlive(own)).toBe(true);
    expect(own && isAlive({ ...own, processStart: "1" })).toBe(false);
    mark.remove();
  });
});
