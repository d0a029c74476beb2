/** What a run of the benchmark leaves in its folder: the figures, a report to read, and the curve. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchResult, doubtsOf, problemsOf } from "./bench.ts";
import type { Skipped } from "./capability.ts";
import { drawCurve } from "./curve-picture.ts";
import { goalRatio, peer } from "./scenarios.ts";
import { commitRows, curveRows, markdownTable } from "./table.ts";

const curveFile = "curve.svg";

/** What the figures stand for, in sentences. */
export function conditionsOf({ seconds, resourcesPerPatient }: BenchResult): string[] {
  return [
    `One process of the record service, PostgreSQL, Redis (primary, replica, Sentinel) and k6 on one machine, over loopback without TLS; audit on; the token is a physician's.`,
    `PostgreSQL has the parameters of charts/postgres: fsync, full pages and checksums on. Local commit: one instance. Synchronous: two standbys, ANY 1, on the same disk.`,
    `A patient has ${resourcesPerPatient} resources. The first hundred patients were written through the API; others are copies of their rows under other ids.`,
    `Throughput: as many clients as it takes, each asking again once answered, for ${seconds} s. p50 and p99: an open loop at half of that rate, for ${seconds} s.`,
    `CPU per request: processor time of the process trees, from before the requests until all that followed them was done.`,
  ];
}

function skippedLines(skipped: readonly Skipped[]): string {
  return skipped.map(({ scenario, because }) => `- ${scenario} was left out: ${because}.\n`).join("");
}

function listed(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}\n\n${lines.map((line) => `- ${line}\n`).join("")}\n`;
}

export function makeReport(result: BenchResult): string {
  const [problems, doubts] = [problemsOf(result), doubtsOf(result)];
  const commits = result.commits.flatMap(({ commit, patients, scenarios, skipped, postgres, auditRecords }) => [
    `## ${commit === "local" ? "Local commit" : "Synchronous commit"}, ${patients.toLocaleString("en")} patients\n\n`,
    `${postgres}; ${auditRecords.toLocaleString("en")} audit records.\n\n`,
    `${markdownTable(commitRows(scenarios))}\n`,
    skippedLines(skipped),
    skipped.length > 0 ? "\n" : "",
  ]);
  const curve = result.curve;
  const drawn =
    curve === null
      ? []
      : [
          "## What concerns one patient, over the number of patients\n\n",
          `![CPU per request and median time over the number of patients](${curveFile})\n\n`,
          "Local commit; each scenario at one rate for all sizes, the CPU is that of the open loop.\n\n",
          `${markdownTable(curveRows(curve.points))}\n`,
          skippedLines(curve.skipped),
        ];
  const compared = `The peer: ${peer}. A ratio to it is a size, not a measurement; the goal is ${goalRatio} times.\n\n`;
  return [
    "# Benchmark of the record service\n\n",
    `${result.startedAt}, ${result.machine}.\n\n`,
    `${conditionsOf(result)
      .map((condition) => `- ${condition}\n`)
      .join("")}\n`,
    listed("**Went wrong:**", problems),
    listed("**To be doubted:**", doubts),
    result.commits.length > 0 ? compared : "",
    ...commits,
    ...drawn,
  ].join("");
}

/** @returns the files, the report first */
export function writeBenchReport(folder: string, result: BenchResult): string[] {
  mkdirSync(folder, { recursive: true });
  const picture = result.curve === null ? undefined : drawCurve(result.curve.points, "What a request costs, over the number of patients");
  const files: [string, string][] = [
    ["report.md", makeReport(result)],
    ["result.json", `${JSON.stringify(result, undefined, 2)}\n`],
    ...(picture === undefined ? [] : ([[curveFile, picture]] as [string, string][])),
  ];
  return files.map(([name, content]) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  });
}
