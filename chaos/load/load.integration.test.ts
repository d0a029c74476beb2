/** The load for real: k6, the script, and a small server that dies, falls silent and holds. Skipped only where there is no k6. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CheckInput } from "../check.ts";
import { audit } from "../checks/audit.ts";
import { availability } from "../checks/availability.ts";
import { consistency } from "../checks/consistency.ts";
import { durability } from "../checks/durability.ts";
import { splitBrain } from "../checks/split-brain.ts";
import type { Operation } from "../history.ts";
import type { Target } from "../target.ts";
import { bareTarget } from "../testing/bare-target.ts";
import { type LoadOptions, startLoad } from "./load.ts";
import { readRunFacts } from "./run-facts.ts";
import { judgeLoad } from "./slo.ts";
import { FhirServer } from "./testing/fhir-server.ts";
import { findK6 } from "./testing/find-k6.ts";
import { attemptMs } from "./workloads.ts";

const present = findK6();

let server: FhirServer;
let folder: string;
let target: Target;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dsp-load-"));
});

beforeEach(async () => {
  server = new FhirServer();
  await server.start();
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, server.certificate);
  target = bareTarget({
    publicUrl: server.url,
    caFile,
    reports: folder,
    environment: { PATH: process.env.PATH ?? "" },
    makeToken: async () => "secret",
  });
});

afterEach(async () => {
  server.release();
  await server.die();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(
  runName: string,
  workload: "smoke" | "steady" | "peak",
  rest: Partial<Pick<LoadOptions, "seconds" | "signal" | "after">> = {},
) {
  return startLoad({ target, workload, folder, seconds: 300, runName, signal: new AbortController().signal, ...rest });
}

function judge(history: readonly Operation[], endMs: number): Record<string, string> {
  const input: CheckInput = {
    history: history.toSorted((left, right) => left.n - right.n),
    ...{ steadyEndMs: 0, endMs, faults: [], sightings: [], aftermath: server.aftermath() },
    ...{ stall: { barMs: 30_000, goalMs: 200 }, redundantMs: endMs },
  };
  const verdicts = [availability, durability, consistency, splitBrain, audit].map((check) => {
    const { verdict, findings } = check.judge(input);
    return [check.name, [verdict, ...findings].join("; ")] as const;
  });
  return Object.fromEntries(verdicts);
}

const allValid = { availability: "valid", durability: "valid", consistency: "valid", "split-brain": "valid", audit: "valid" };

function numbers(history: readonly Operation[]): number[] {
  return history
    .map(({ n }) => n)
    .filter((n) => n >= 0)
    .toSorted((left, right) => left - right);
}

describe.runIf(present)("the load", () => {
  it("keeps its schedule, and tells of every operation in one line", async () => {
    const load = await start("quiet", "steady");
    await delay(5_000);
    await load.stop();
    const begun = numbers(load.operations);
    expect(begun).toEqual(begun.map((_, index) => index));
    expect(begun.length).toBeGreaterThan(90);
    expect(new Set(load.operations.map(({ kind }) => kind))).toEqual(new Set(["create", "update", "read", "search"]));
    expect(load.operations.filter(({ outcome, status }) => outcome === "refused" && status !== 404 && status !== 412)).toEqual([]);
    expect(judgeLoad("steady", load.operations).figures).toMatchObject({ failed: 0, availabilityPercent: 100 });
    expect(judge(load.operations, Date.now())).toEqual(allValid);
    expect([...server.protocols]).toEqual(["1.1"]);
    const written = readFileSync(join(folder, "history.ndjson"), "utf8").trim().split("\n");
    expect(written).toHaveLength(load.operations.length);
  });

  it("is got ready while another is under way, and begins nothing before that is over", async () => {
    let overMs = Number.POSITIVE_INFINITY;
    const after = delay(4_000).then(() => {
      overMs = Date.now();
    });
    const load = await start("after", "steady", { after });
    await load.stop();
    expect(Math.min(...load.operations.filter(({ n }) => n >= 0).map(({ dueMs }) => dueMs))).toBeGreaterThanOrEqual(overMs);
  });

  it("repeats what a dead server did not answer, with the same key: nothing lost, nothing done twice", async () => {
    const load = await start("dead", "steady");
    await delay(2_000);
    await server.die();
    await delay(1_500);
    await server.start();
    await delay(2_500);
    await load.stop();
    const stalled = Math.max(...load.operations.map(({ dueMs, endMs }) => endMs - dueMs));
    expect(stalled).toBeGreaterThan(1_300);
    expect(stalled).toBeLessThan(4_000);
    const repeated = load.operations.filter(({ attempts }) => attempts > 1);
    expect(repeated.length).toBeGreaterThan(10);
    for (const { attempts, earlier = [], endMs } of repeated) {
      expect(earlier.map(({ reason }) => reason)).toEqual(Array(attempts - 1).fill(expect.stringContaining("no answer")));
      expect(Math.max(...earlier.map((attempt) => attempt.endMs))).toBeLessThan(endMs);
    }
    expect(judge(load.operations, Date.now())).toEqual(allValid);
  });

  it("leaves a connection that has gone silent after the first attempt's patience", async () => {
    const load = await start("silent", "steady");
    await delay(2_500);
    server.silenceConnections();
    const [patienceMs = 0] = attemptMs;
    await delay(patienceMs + 3_000);
    await load.stop();
    const waits = load.operations.map(({ dueMs, endMs }) => endMs - dueMs);
    expect(Math.max(...waits)).toBeGreaterThan(patienceMs - 100);
    expect(Math.max(...waits)).toBeLessThan(patienceMs + 6_000);
    expect(judge(load.operations, Date.now())).toEqual(allValid);
  });

  it("waits with as many requests as a stall holds, and shows how long each had to", async () => {
    const load = await start("held", "steady");
    await delay(1_500);
    server.hold();
    const heldMs = Date.now();
    await delay(12_000);
    server.release();
    await delay(1_000);
    await load.stop();
    const held = load.operations.filter(({ dueMs, endMs }) => dueMs >= heldMs && endMs - dueMs > 1_000);
    expect(held.length).toBeGreaterThan(190);
    expect(numbers(load.operations)).toEqual(numbers(load.operations).map((_, index) => index));
    expect(judge(load.operations, Date.now())).toEqual(allValid);
  });

  it("gives up past the deadline, and does not hide it", async () => {
    const load = await start("gone", "smoke");
    await delay(1_000);
    server.hold();
    const heldMs = Date.now();
    await delay(2_000);
    await load.stop();
    const late = load.operations.filter(({ dueMs }) => dueMs >= heldMs);
    expect(late.length).toBeGreaterThan(5);
    expect(late.every(({ outcome }) => outcome === "failed")).toBe(true);
    expect(Math.min(...late.map(({ dueMs, endMs }) => endMs - dueMs))).toBeGreaterThanOrEqual(19_900);
    expect(Math.max(...late.map(({ dueMs, endMs }) => endMs - dueMs))).toBeLessThan(22_000);
  });

  it("ends at once when it is aborted, and what was under way is not forgotten", async () => {
    const abort = new AbortController();
    const load = await start("aborted", "steady", { signal: abort.signal });
    await delay(1_500);
    server.hold();
    await delay(1_000);
    abort.abort();
    await load.stop();
    const begun = numbers(load.operations);
    expect(begun).toEqual(begun.map((_, index) => index));
    expect(load.operations.filter(({ outcome, key }) => outcome === "failed" && key !== undefined).length).toBeGreaterThan(5);
  });

  it("says so when k6 dies under it", async () => {
    const load = await start("killed", "smoke");
    process.kill(readRunFacts(folder, "killed").processId ?? 0, "SIGKILL");
    await delay(300);
    await expect(load.stop()).rejects.toThrow(/k6 died/);
  });
});
