import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePage } from "./page.ts";
import { promiseTable, replaceBetweenMarks } from "./promise-table.ts";
import { readRun, readSession } from "./read-run.ts";
import { makeJunit } from "./results.ts";
import { spread, summarizePromises, summarizeRuns } from "./summary.ts";
import { pickLines, tellStall } from "./telling-lines.ts";
import { type MadeRun, madeLog, writeMadeSession } from "./testing/made-session.ts";
import { requirements } from "./tier-iv.ts";
import { segmentsOf } from "./timeline.ts";
import { drillFigures, writeReport } from "./write-report.ts";
import { budgetSeconds, yearlyBudget } from "./yearly-budget.ts";

let reports = "";
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), "dsp-report-"));
});
afterEach(() => rmSync(reports, { recursive: true, force: true }));

const runs: readonly MadeRun[] = [
  { drill: "primary-pod-kill" },
  { drill: "primary-pod-kill", run: 2, stallMs: 7_000, verdict: "invalid", failed: 3, lost: 1, reasons: ["the longest stall was 7000 ms"] },
  { drill: "primary-pod-kill", run: 3, stallMs: 3_000, paceMs: 51 },
  { drill: "network-latency", promise: "site", verdict: "not run", reasons: ["this kernel has no sch_netem"] },
  { drill: "node-kill", promise: "node", died: true },
];

/** Every element that is opened is closed, in order. */
function unbalanced(markup: string): string[] {
  const open: string[] = [];
  const problems: string[] = [];
  for (const [, closing, name = "", selfClosed] of markup.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*?(\/?)>/g)) {
    if (selfClosed === "/" || ["meta", "br"].includes(name)) continue;
    if (closing !== "/") open.push(name);
    else if (open.pop() !== name) problems.push(`</${name}>`);
  }
  return [...problems, ...open];
}

describe("the page", () => {
  it("is one well-formed file without scripts or other files", () => {
    const page = makePage(readSession(writeMadeSession(reports, "a", runs, { uncovered: ["volume/pg-3"] })));
    expect(unbalanced(page.replace(/<!doctype html>/, "").replace(/<style>[\s\S]*?<\/style>/, "<style></style>"))).toEqual([]);
    expect(page).not.toMatch(/<script|<link|<img|src=|url\(/);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(page).toContain("volume/pg-3");
    expect(page).toContain("The title of primary-pod-kill &lt;b&gt;&amp;&lt;/b&gt;");
    expect(page).toContain("this kernel has no sch_netem");
    expect(page).toContain("the runner ended before it came to a verdict");
  });

  it("shows the run with the longest stall", () => {
    const page = makePage(readSession(writeMadeSession(reports, "a", runs)));
    expect(page).toContain("The picture is run 2 of 3");
    expect(page.match(/<svg class="timeline"/g)).toHaveLength(1);
    expect(page).toMatch(/the longest: [a-z]+ \d+, 7\.0 s/);
    expect(page).toMatch(/class="nobody"/);
    expect(page).toMatch(/class="dot lost" d="M/);
  });

  it("says how long it took, and how the machine's own pace went", () => {
    const page = makePage(readSession(writeMadeSession(reports, "a", runs)));
    expect(page).toContain("It took 50 min 0 s.");
    expect(page).toContain("Before it half of the answers came within 23 ms, and the machine's pace was 25 ms.");
    expect(page).toContain("took 25 ms to 51 ms, p50 25 ms of processor time");
    const without = makePage(readSession(writeMadeSession(reports, "b", [{ drill: "x", verdict: "not run" }], { ended: false })));
    expect(without).not.toMatch(/It took|processor time/);
  });
});

describe("the summary", () => {
  it("is the distribution and the worst of all runs", () => {
    const [summary] = summarizeRuns(readSession(writeMadeSession(reports, "a", runs)).runs);
    expect(summary).toMatchObject({ verdict: "invalid", failed: 3, lost: 1, doubled: 0, stall: { runs: 3, p50: 4_200, worst: 7_000 } });
    expect(summary?.redundancy?.worst).toBe(19_600);
    expect(spread([])).toBeUndefined();
    expect(spread([4, 1, 3, 2])).toEqual({ runs: 4, p50: 2, worst: 4 });
  });

  it("counts in the README only what came to a verdict", () => {
    const table = promiseTable(readSession(writeMadeSession(reports, "a", runs)));
    expect(table).toContain("3 runs of 1 drills; 2 more were not run, or came to no verdict.");
    expect(table).toMatch(/`primary-pod-kill` \| .* \| 3 \| 4\.2 s \| 7\.0 s \| 19\.6 s \| invalid/);
    expect(table).toMatch(/`network-latency` \| .* \| 0 \| – \| – \| – \| not run/);
    expect(table).toMatch(/^\| PostgreSQL primary crashed \| .* \| 1 invalid \|$/m);
    expect(table).toMatch(/^\| a whole site .* \| 1 not run \|$/m);
    // Of a goal that was not reached, what it would take; nothing of what was not measured.
    expect(table).toMatch(/^\| PostgreSQL primary crashed \| [^|]* goal takes [^|]* \|$/m);
    expect(table).not.toMatch(/^\| a whole site [^|]* \| [^|]* goal takes/m);
  });

  it("puts a drill that was never judged into no distribution", () => {
    const promises = summarizePromises(summarizeRuns(readSession(writeMadeSession(reports, "a", runs)).runs));
    expect(promises.find(({ promise }) => promise.row.startsWith("a whole site"))).toMatchObject({
      stall: undefined,
      verdict: "not run",
      lost: undefined,
    });
  });
});

describe("a lane of who holds what", () => {
  it("joins equal neighbours, keeps gaps, and shows two holders as two", () => {
    const role = "postgres-primary" as const;
    const sightings = [
      { atMs: 0, role, holder: "pg-1" },
      { atMs: 2, role, holder: "pg-1" },
      { atMs: 4, role, holder: null },
      { atMs: 6, role, holder: "pg-2" },
      { atMs: 6, role, holder: "pg-1" },
      { atMs: 8, role, holder: "pg-2" },
    ];
    expect(segmentsOf(sightings, role, 10).map(({ fromMs, toMs, holder }) => [fromMs, toMs, holder])).toEqual([
      [0, 4, "pg-1"],
      [4, 6, null],
      [6, 8, "pg-1 + pg-2"],
      [8, 10, "pg-2"],
    ]);
  });
});

describe("what the longest stall was made of", () => {
  it("is told by client, fault, watcher and PostgreSQL, in order of time", () => {
    const folder = writeMadeSession(reports, "a", [{ drill: "primary-pod-kill" }]);
    const told = tellStall(readRun(join(folder, "primary-pod-kill-1")));
    const sources = told.map(({ source, text }) => `${source}: ${text}`);
    expect(sources.filter((text) => !text.startsWith("client"))).toEqual([
      "fault: pod-kill-postgres-primary begins: the PostgreSQL primary pg-1 on node-1",
      "fault: dsp/pg-1 (uid 7) is gone",
      "fault: pod-kill-postgres-primary is healed",
      "watcher: suspects the primary",
      "watcher: failover begins",
      "postgres: received promote request",
      "watcher: primary promoted",
      "postgres: database system is ready to accept connections",
    ]);
    expect(sources.filter((text) => text.startsWith("client"))).toHaveLength(4);
    expect(told.map(({ atMs }) => atMs)).toEqual(told.map(({ atMs }) => atMs).toSorted((left, right) => left - right));
    expect(told.find(({ source }) => source === "watcher")?.who).toBe("watcher-site-b-6d-x");
  });

  it.each([
    ["operator", { msg: "Current primary isn't healthy, initiating a failover" }, "Current primary isn't healthy, initiating a failover"],
    [
      "postgres",
      { msg: "I'm the target primary, applying WALs and promoting my instance" },
      "I'm the target primary, applying WALs and promoting my instance",
    ],
    [
      "postgres",
      { record: { message: "server process (PID 77) was terminated by signal 9: Killed" } },
      "server process (PID 77) was terminated by signal 9: Killed",
    ],
    ["postgres", { record: { message: 'parameter "primary_conninfo" changed to "x"' } }, "fence or new primary: primary_conninfo changed"],
  ] as const)("picks a line of the %s", (source, line, text) => {
    expect(pickLines(source, madeLog("a-pod", [["01.000", line]])).map((picked) => picked.text)).toEqual([text]);
  });

  it("passes over what no rule knows, and what is no log line", () => {
    expect(pickLines("postgres", `nonsense\n${madeLog("pg-1", [["01.000", { msg: "a checkpoint" }]])}`)).toEqual([]);
    const sentinel =
      "[pod/redis-1/sentinel] 2026-11-23T15:45:02.500000000Z 8:X 23 Nov 2026 15:45:02.500 # +switch-master dsp 10.0.0.1 6379 10.0.0.2 6379";
    expect(pickLines("redis", sentinel)).toMatchObject([
      { atMs: Date.parse("2026-11-23T15:45:02.500Z"), who: "redis-1", text: expect.stringMatching(/^\+switch-master/) },
    ]);
  });
});

describe("the results for machines", () => {
  it("have the figures of each drill, the worst of its runs", () => {
    expect(drillFigures(writeMadeSession(reports, "a", runs))).toEqual([
      { name: "primary-pod-kill", verdict: "invalid", stallMs: 7_000, failed: 3, lost: 1, doubled: 0, runs: 3 },
      { name: "network-latency", verdict: "not run", stallMs: null, failed: 0, lost: null, doubled: null, runs: 1 },
      { name: "node-kill", verdict: "unknown", stallMs: null, failed: 0, lost: null, doubled: null, runs: 1 },
    ]);
  });

  it("count invalid as failure, unknown as error, not run as skipped, and an element without a drill as failure", () => {
    const junit = makeJunit(readSession(writeMadeSession(reports, "a", runs, { uncovered: ["node/<x>"] })));
    expect(junit).toContain('tests="6" failures="2" errors="1" skipped="1"');
    expect(junit).toContain('name="node/&lt;x&gt;"');
    expect(unbalanced(junit.replace(/<\?xml.*?\?>/, ""))).toEqual([]);
  });
});

describe("the documents", () => {
  const prepare = (readme: string) => {
    const checkout = join(reports, "checkout");
    mkdirSync(join(checkout, "docs"), { recursive: true });
    writeFileSync(join(checkout, "README.md"), readme);
    return checkout;
  };

  it("are written from the last run of all drills, whatever was run after it or was interrupted", () => {
    const checkout = prepare("before\n<!-- drills:begin -->\nold\n<!-- drills:end -->\nafter\n");
    writeMadeSession(reports, "2026-11-23T100000Z", runs);
    writeMadeSession(reports, "2026-11-23T110000Z", [{ drill: "edge-kill", promise: "edge" }], { full: false });
    writeMadeSession(reports, "2026-11-23T120000Z", [{ drill: "edge-kill", promise: "edge" }], { ended: false });
    writeMadeSession(reports, "2026-11-23T113000Z", [{ drill: "edge-kill", promise: "edge" }], { uncovered: null });
    const { files, problems } = writeReport({ reports, checkout });
    expect(problems).toEqual([]);
    expect(files[0]).toBe(join(reports, "2026-11-23T120000Z/index.html"));
    const readme = readFileSync(join(checkout, "README.md"), "utf8");
    expect(readme).toMatch(/^before\n<!-- drills:begin -->\nMeasured by .* 2026-11-23 15:40 UTC on 2 × Some Processor, 24 GiB/);
    expect(readme).toContain("| PostgreSQL primary crashed | 6.0 s | 2.0 s | 3 | 4.2 s | 7.0 s | 3 | 1 | 0 | 19.6 s | 1 invalid |");
    expect(readme).toContain("(processor time of a fixed loop): 25 ms to 51 ms, p50 25 ms.");
    expect(readme).not.toContain("old");
    expect(readme.endsWith("<!-- drills:end -->\nafter\n")).toBe(true);
    const tierIv = readFileSync(join(checkout, "docs/tier-iv.md"), "utf8");
    expect(tierIv).toContain("built to and drilled against the Tier IV requirements");
    expect(tierIv).not.toMatch(/certified/i);
    expect(tierIv).toContain("`primary-pod-kill` invalid: worst 7.0 s, 3 failed, 1 lost");
    expect(tierIv).toContain("`site-kill` not in the last run");
  });

  it("have the stalls of drills run again and again, of each drill the last, beside those of all drills", () => {
    const checkout = prepare("<!-- drills:begin -->\n<!-- drills:end -->\n");
    const often = (drill: string, stalls: readonly number[]): MadeRun[] =>
      stalls.map((stallMs, index) => ({ drill, run: index + 1, stallMs }));
    const ten = [3_000, 1_900, 5_000, 2_100, 4_000, 2_600, 6_200, 2_400, 2_300, 2_200];
    writeMadeSession(reports, "2026-11-23T100000Z", runs);
    writeMadeSession(reports, "2026-11-23T103000Z", often("site-kill", ten), { full: false });
    writeMadeSession(reports, "2026-11-23T104500Z", often("primary-pod-kill", [...ten, 100]), { full: false });
    writeMadeSession(reports, "2026-11-23T110000Z", often("primary-pod-kill", ten), { full: false });
    writeMadeSession(reports, "2026-11-23T120000Z", [...often("primary-pod-kill", ten), ...often("node-kill", [1_000, 2_000])], {
      full: false,
    });
    expect(writeReport({ reports, checkout }).problems).toEqual([]);
    const readme = readFileSync(join(checkout, "README.md"), "utf8");
    expect(readme).toContain(
      "| `primary-pod-kill` | 1.9, 2.1, 2.2, 2.3, 2.4, 2.6, 3.0, 4.0, 5.0, 6.2 | 2.4 s | 9 of 10 in 6.0 s | 1 of 10 in 2.0 s | 0 | 0 | 0 | 19.6 s |",
    );
    expect(readme).toContain("`./dsp drill primary-pod-kill --repeat 10`");
    expect(readme).toContain("`./dsp drill site-kill --repeat 10`");
    expect(readme).not.toContain("`./dsp drill primary-pod-kill --repeat 11`");
    expect(readme).not.toContain("`./dsp drill primary-pod-kill node-kill");
    expect(readme).toContain("| PostgreSQL primary crashed | 6.0 s | 2.0 s | 3 |");
  });

  it("keep the stalls that were measured elsewhere, until those drills are run again and again here", () => {
    const table = (drills: string) => `Again and again, one after another, by \`./dsp drill ${drills} --repeat 20\`, elsewhere\n\n| old |`;
    const old = ["site-kill", "primary-pod-kill", "primary-pod-kill edge-kill"].map(table);
    const checkout = prepare(`<!-- drills:begin -->\nMeasured of old\n\n${old.join("\n\n")}\n<!-- drills:end -->\n`);
    writeMadeSession(reports, "2026-11-23T100000Z", runs);
    const ten = Array.from({ length: 10 }, (_, index) => ({ drill: "primary-pod-kill", run: index + 1 }));
    writeMadeSession(reports, "2026-11-23T110000Z", ten, { full: false });
    for (const _ of ["once", "again"]) expect(writeReport({ reports, checkout }).problems).toEqual([]);
    const readme = readFileSync(join(checkout, "README.md"), "utf8");
    expect(readme).not.toContain("Measured of old");
    expect(readme.match(/^Again and again, .*`/gm)).toEqual([
      expect.stringContaining("`./dsp drill primary-pod-kill --repeat 10`"),
      expect.stringContaining("`./dsp drill site-kill --repeat 20`"),
      expect.stringContaining("`./dsp drill primary-pod-kill edge-kill --repeat 20`"),
    ]);
    expect(readme.match(/\| old \|/g)).toHaveLength(2);
  });

  it("stay as they are where no run of all drills has ended, or the marks are missing", () => {
    const checkout = prepare("no marks\n");
    writeMadeSession(reports, "a", runs, { full: false });
    expect(writeReport({ reports, checkout }).problems).toEqual([expect.stringContaining("no run of all drills")]);
    writeMadeSession(reports, "b", runs);
    expect(writeReport({ reports, checkout }).problems).toEqual([expect.stringContaining("lacks the marks")]);
    expect(readFileSync(join(checkout, "README.md"), "utf8")).toBe("no marks\n");
    expect(() => replaceBetweenMarks("<!-- drills:end --><!-- drills:begin -->", "x")).toThrow();
  });

  it("count a year of faults against 26.3 minutes, and say what is missing", () => {
    expect(budgetSeconds / 60).toBeCloseTo(26.3, 1);
    const summaries = summarizePromises(summarizeRuns(readSession(writeMadeSession(reports, "a", runs)).runs));
    const budget = yearlyBudget(summaries);
    expect(budget.worstS).toBeCloseTo(4 * 7);
    expect(budget.typicalS).toBeCloseTo(4 * 4.2);
    expect(budget.unmeasured).toContain("any node killed");
    expect(budget.unmeasured).not.toContain("PostgreSQL primary crashed");
  });

  it("name each drill of a requirement once", () => {
    for (const { drills } of requirements) expect(new Set(drills).size).toBe(drills.length);
  });
});
