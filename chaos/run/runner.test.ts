import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isAlive, readRunning } from "./running.ts";
import { stopDrills } from "./stop.ts";
import { madeTarget } from "./testing/made-drill.ts";

let reports = "";
let child: ChildProcess | undefined;
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), "dsp-runner-"));
});
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(reports, { recursive: true, force: true });
});

interface Runner {
  /** Resolves when it has said so. */
  says(word: string): Promise<void>;
  ended: Promise<{ code: number | null; said: string[] }>;
}

function startRunner(): Runner {
  const started = spawn(process.execPath, [join(import.meta.dirname, "testing/made-runner.ts"), reports], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child = started;
  const said: string[] = [];
  const waiting: { word: string; done: () => void }[] = [];
  started.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.push(...text.trimEnd().split("\n"));
    for (const { word, done } of waiting) if (said.includes(word)) done();
  });
  return {
    says: (word) => new Promise((done) => (said.includes(word) ? done() : waiting.push({ word, done }))),
    ended: new Promise((resolve) => started.once("close", (code) => resolve({ code, said }))),
  };
}

describe("a runner", () => {
  it("heals at Ctrl-C, and a second one does not keep it from it", async () => {
    const runner = startRunner();
    await runner.says("injected");
    child?.kill("SIGINT");
    await runner.says("healing");
    child?.kill("SIGINT");
    const { code, said } = await runner.ended;
    expect(said).toContain("healed");
    expect(code).toBe(130);
    expect(readRunning(reports)).toBeUndefined();
  });

  it("is left by a third", async () => {
    const runner = startRunner();
    await runner.says("injected");
    child?.kill("SIGINT");
    await runner.says("healing");
    child?.kill("SIGTERM");
    await runner.says("healing goes on; once more, and it is left to each fault's own time limit");
    child?.kill("SIGINT");
    const { code, said } = await runner.ended;
    expect(said).not.toContain("healed");
    expect(code).toBe(130);
  });

  it("heals when it is stopped from outside", async () => {
    const runner = startRunner();
    await runner.says("injected");
    const target = madeTarget(reports);
    const kept = { list: async () => [], heal: async () => undefined };
    expect(await stopDrills({ target, kept, say: () => undefined, runnerLimitMs: 10_000 })).toBe(true);
    expect((await runner.ended).said).toContain("healed");
  });

  it("that was killed leaves a journal that says what it had broken", async () => {
    const runner = startRunner();
    await runner.says("injected");
    child?.kill("SIGKILL");
    await runner.ended;
    const running = readRunning(reports);
    expect(running && isAlive(running)).toBe(false);
    const said: string[] = [];
    const kept = { list: async () => [], heal: async () => undefined };
    expect(await stopDrills({ target: madeTarget(reports), kept, say: (text) => said.push(text) })).toBe(true);
    expect(said.join("\n")).toContain("begun and not healed by it: node-kill: the target of node-kill");
    expect(readRunning(reports)).toBeUndefined();
  });
});
