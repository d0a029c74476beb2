/** What the drills write, the portal reads: the one is the outside's, the other a service's, and neither imports the other. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSession } from "../chaos/report/read-run.ts";
import { makeResults } from "../chaos/report/results.ts";
import { writeMadeSession } from "../chaos/report/testing/made-session.ts";
import { parseReport, promiseRows } from "../services/portal/drills/parse-report.ts";

it("the portal takes results.json as the drills write it", () => {
  const reports = mkdtempSync(join(tmpdir(), "dsp-drill-report-"));
  try {
    const folder = writeMadeSession(reports, "2026-11-23-154500", [
      { drill: "primary-pod-kill" },
      {
        drill: "primary-pod-kill",
        run: 2,
        stallMs: 7000,
        verdict: "invalid",
        failed: 3,
        lost: 1,
        reasons: ["the longest stall was 7000 ms"],
      },
      { drill: "network-latency", promise: "site", verdict: "not run", reasons: ["this kernel has no sch_netem"] },
      { drill: "node-kill", promise: "node", died: true },
    ]);
    const report = parseReport(makeResults(readSession(folder)));
    expect(report.drills.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["primary-pod-kill", "invalid"],
      ["network-latency", "not run"],
      ["node-kill", "unknown"],
    ]);
    expect(promiseRows(report)[0]).toMatchObject({ verdict: "invalid", stallMs: 7000, lost: 1 });
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
});
