/** The benchmark for real, in its smallest form: that it measures and tidies up, not how fast anything is. Skipped only where there is no k6. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPostgres, findRedis } from "../../services/lib/testing/find-binaries.ts";
import { findK6 } from "../load/testing/find-k6.ts";
import { type BenchOptions, problemsOf, runBench, runCurve } from "./bench.ts";
import { scenarios } from "./scenarios.ts";
import { openTestbed } from "./testbed.ts";
import { writeBenchReport } from "./write-report.ts";

const present = findK6();
const limitMs = 300_000;
let folder: string;
let options: BenchOptions;

function leftBehind(): string[] {
  const own = `dsp-bench-${process.pid}-`;
  const folders = readdirSync("/var/tmp").filter((name) => name.startsWith(own));
  const processes = execFileSync("ps", ["-eo", "args="], { encoding: "utf8" }).split("\n");
  return [...folders, ...processes.filter((line) => line.includes(`/var/tmp/${own}`))];
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dsp-bench-test-"));
  const k6 = (process.env.PATH ?? "").split(":").map((place) => join(place, "k6"));
  const found = k6.find((path) => {
    try {
      execFileSync(path, ["version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
  options = {
    programs: { node: process.execPath, k6: found ?? "k6", postgresBin: findPostgres() ?? "", redisServer: findRedis() ?? "" },
    ...{ memory: { sharedBuffers: "32MB", maxConnections: 60 }, scenarios, seconds: 1 },
    ...{ signal: new AbortController().signal, onProgress: () => undefined },
  };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.runIf(present)("the benchmark", () => {
  it("measures each scenario with synchronous commit, the record of each access counted, and leaves nothing", {
    timeout: limitMs,
  }, async () => {
    const result = await runBench({ ...options, commits: ["synchronous"], patients: 150 });
    expect(problemsOf(result)).toEqual([]);
    const [commit] = result.commits;
    expect(commit).toMatchObject({ commit: "synchronous", patients: 200 });
    const measured = commit?.scenarios ?? [];
    const names = [...measured.map(({ scenario }) => scenario), ...(commit?.skipped ?? []).map(({ scenario }) => scenario)];
    expect(names.toSorted()).toEqual(scenarios.map(({ name }) => name).toSorted());
    for (const { scenario, closed, open, resources, unitsPerSecond } of measured) {
      expect(closed.requests, scenario).toBeGreaterThan(0);
      expect(unitsPerSecond, scenario).toBeCloseTo(closed.perSecond * (resources ?? 1));
      expect(closed.cpu?.serviceMs, scenario).toBeGreaterThan(0);
      expect(closed.cpu?.primaryMs, scenario).toBeGreaterThan(0);
      expect(open.p99Ms ?? 0, scenario).toBeGreaterThanOrEqual(open.p50Ms ?? Number.POSITIVE_INFINITY);
    }
    // Somebody else's commit is written on the standbys as well.
    expect(measured.find(({ scenario }) => scenario === "create")?.closed.cpu?.standbysMs).toBeGreaterThan(0);
    expect(leftBehind()).toEqual([]);
  });

  it("measures the curve in one growing database, and draws it", { timeout: limitMs }, async () => {
    const some = scenarios.filter(({ name }) => name === "read" || name === "everything");
    const result = await runCurve({ ...options, scenarios: some, sizes: [100, 300] });
    expect(problemsOf(result)).toEqual([]);
    const points = result.curve?.points ?? [];
    expect(points.map(({ patients }) => patients)).toEqual([100, 300]);
    expect(points[1]?.scenarios[0]?.open.ratePerSecond).toBe(points[0]?.scenarios[0]?.open.ratePerSecond);
    const files = writeBenchReport(folder, result);
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual(["report.md", "result.json", "curve.svg"]);
    expect(JSON.parse(readFileSync(join(folder, "result.json"), "utf8"))).toEqual(result);
  });

  it("gives each patient of the copies the same record, found the same way", { timeout: limitMs }, async () => {
    const testbed = await openTestbed({ ...options, commit: "local", patients: 300 });
    const get = async (path: string) => {
      const answer = await fetch(`${testbed.url}/${path}`, { headers: { Authorization: `Bearer ${testbed.token}` } });
      return { status: answer.status, text: await answer.text() };
    };
    try {
      const asked = [
        "Patient/<id>",
        "Patient/<id>/$everything",
        "Observation?patient=<id>",
        "Patient?name=test-<id>",
        "Condition/<id>-condition-2",
      ];
      for (const path of asked) {
        const [original, copy] = await Promise.all(["bench-0000-00042", "bench-0002-00042"].map((id) => get(path.replace("<id>", id))));
        expect(original?.status, path).toBe(200);
        const plain = (text: string) => text.replace(/"id":"[0-9a-f-]{36}",/, "").replaceAll("bench-0002-", "bench-0000-");
        expect(plain(copy?.text ?? ""), path).toBe(plain(original?.text ?? ""));
      }
      expect((await get("Patient/bench-0003-00042")).status).toBe(404);
    } finally {
      await testbed.close();
    }
  });

  it("removes what a benchmark that was killed has left", { timeout: limitMs }, async () => {
    const { pid } = spawnSync("true");
    const abandoned = `/var/tmp/dsp-bench-${pid}-test`;
    mkdirSync(abandoned);
    const abort = AbortSignal.abort(new Error("interrupted before it began"));
    await expect(openTestbed({ ...options, signal: abort, commit: "local", patients: 10 })).rejects.toThrow("interrupted before it began");
    expect(existsSync(abandoned)).toBe(false);
    expect(leftBehind()).toEqual([]);
  });

  it("ends at once and leaves nothing when it is interrupted", { timeout: limitMs }, async () => {
    const abort = new AbortController();
    const said: string[] = [];
    const running = runBench({
      ...{ ...options, signal: abort.signal, seconds: 60, commits: ["local"] as const, patients: 10 },
      onProgress: (text) => said.push(text),
    });
    const ended = running.then(
      () => "to its end",
      (failure: unknown) => String(failure),
    );
    while (!said.some((text) => text.includes("create (1"))) await delay(50);
    await delay(1_000);
    abort.abort(new Error("interrupted by the test"));
    expect(await ended).toContain("interrupted by the test");
    expect(leftBehind()).toEqual([]);
  });
});
