/** The figures as rows of text: for the terminal and for the report. */
import type { ScenarioFigures } from "./measure.ts";
import { goalRatio } from "./scenarios.ts";

/** Three significant digits, thousands apart: `1,930`, `41.2`, `0.83`. */
export function formatFigure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function cells(figures: ScenarioFigures): string[] {
  const { scenario, resources, unitsPerSecond, comparison, closed, open } = figures;
  return [
    scenario,
    `${formatFigure(unitsPerSecond)} ${resources === null ? "requests" : "resources"}`,
    comparison === null ? "–" : formatFigure(comparison.peerPerSecond),
    comparison === null ? "–" : `${formatFigure(comparison.ratio)}×${comparison.reached ? " ✓" : ""}`,
    formatFigure(open.ratePerSecond),
    `${formatFigure(open.p50Ms)} ms`,
    `${formatFigure(open.p99Ms)} ms`,
    `${formatFigure(closed.cpu?.serviceMs)} ms`,
    `${formatFigure(closed.cpu?.primaryMs)} ms`,
    `${formatFigure(closed.cpu?.standbysMs)} ms`,
  ];
}

/** The first row names the columns. */
export function commitRows(figures: readonly ScenarioFigures[]): string[][] {
  const head = ["scenario", "a second", "peer", `of peer (goal ${goalRatio}×)`, "open loop, requests/s", "p50", "p99"];
  return [[...head, "CPU/request: service", "PostgreSQL", "standbys"], ...figures.map(cells)];
}

/** One row a scenario and number of patients. */
export function curveRows(points: readonly { patients: number; scenarios: readonly ScenarioFigures[] }[]): string[][] {
  const head = ["scenario", "patients", "requests/s", "open loop, requests/s", "p50", "p99", "CPU/request: service", "PostgreSQL"];
  const names = [...new Set(points.flatMap(({ scenarios }) => scenarios.map(({ scenario }) => scenario)))];
  const rows = names.flatMap((name) =>
    points.flatMap(({ patients, scenarios }) =>
      scenarios
        .filter(({ scenario }) => scenario === name)
        .map(({ closed, open }) => [
          ...[name, patients.toLocaleString("en"), formatFigure(closed.perSecond), formatFigure(open.ratePerSecond)],
          ...[`${formatFigure(open.p50Ms)} ms`, `${formatFigure(open.p99Ms)} ms`],
          ...[`${formatFigure(open.cpu?.serviceMs)} ms`, `${formatFigure(open.cpu?.primaryMs)} ms`],
        ]),
    ),
  );
  return [head, ...rows];
}

/** Columns under each other, numbers to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  const ruler = `|${head.map((_, column) => (column === 0 ? " --- " : " ---: ")).join("|")}|\n`;
  return [line(head), ruler, ...body.map(line)].join("");
}
