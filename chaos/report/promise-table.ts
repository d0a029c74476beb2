/** The README's tables of promises, from the last run of all drills and the last of drills run again and again. */
import { limitOf } from "../promises.ts";
import type { SessionFacts } from "./read-run.ts";
import { type DrillSummary, formatCount, formatMs, formatPace, paceRange, summarizePromises, summarizeRuns } from "./summary.ts";

export const beginMark = "<!-- drills:begin -->";
export const endMark = "<!-- drills:end -->";

function cells(values: readonly string[]): string {
  return `| ${values.map((value) => value.replaceAll("|", "\\|")).join(" | ")} |`;
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [cells(head), `|${"---|".repeat(head.length)}`, ...rows.map(cells)].join("\n");
}

/** `2026-11-23 15:45 UTC on 2 × Some CPU, 24 GiB` */
export function whenAndWhere({ session }: SessionFacts): string {
  return `${session.startedAt.slice(0, 16).replace("T", " ")} UTC on ${session.machine}`;
}

/** `5 valid, 1 invalid`: a single verdict for all would hide either. */
function verdictsOf(drills: readonly DrillSummary[]): string {
  const names = ["valid", "invalid", "unknown", "not run"] as const;
  const counts = names.map((name) => ({ name, count: drills.filter(({ verdict }) => verdict === name).length }));
  return counts.flatMap(({ name, count }) => (count > 0 ? `${count} ${name}` : [])).join(", ");
}

/** What stands between the marks. */
export function promiseTable(facts: SessionFacts): string {
  const drills = summarizeRuns(facts.runs);
  const kept = summarizePromises(drills);
  const rows = kept.map(({ promise, stall, failed, lost, doubled, redundancy, drills: members }) => [
    promise.row,
    formatMs(promise.stallBarMs),
    formatMs(promise.stallGoalMs),
    String(stall?.runs ?? 0),
    formatMs(stall?.p50),
    formatMs(stall?.worst),
    String(failed),
    formatCount(lost),
    formatCount(doubled),
    formatMs(redundancy?.worst),
    verdictsOf(members),
  ]);
  const short = kept.filter(({ promise, stall }) => stall !== undefined && stall.worst > promise.stallGoalMs);
  const limits = short.map(({ promise }) => [promise.row, limitOf(promise.row)]);
  const each = drills.map(({ name, title, stall, redundancy, verdict }) => [
    `\`${name}\``,
    title,
    String(stall?.runs ?? 0),
    formatMs(stall?.p50),
    formatMs(stall?.worst),
    formatMs(redundancy?.worst),
    verdict,
  ]);
  const judged = drills.filter(({ stall }) => stall !== undefined);
  const runs = drills.reduce((sum, { stall }) => sum + (stall?.runs ?? 0), 0);
  const rest = drills.length - judged.length;
  const others = rest === 0 ? "" : `; ${rest} more were not run, or came to no verdict`;
  const pace = paceRange(facts.runs);
  const machine = pace === undefined ? "" : ` The machine's pace between the drills (processor time of a fixed loop): ${formatPace(pace)}.`;
  return [
    `Measured by \`./dsp drill all\`, ${whenAndWhere(facts)}: the longest stall that an open-loop client saw, ${runs} runs of ${judged.length} drills${others}. Whole again: from the end of the fault to full redundancy, the longest.${machine}`,
    "",
    markdownTable(["one fault", "bar", "goal", "runs", "p50", "worst", "failed", "lost", "doubled", "whole again", "verdict"], rows),
    "",
    ...(limits.length === 0
      ? []
      : [markdownTable(["whose goal is not reached", "what limits it, and what the goal would take"], limits), ""]),
    "<details><summary>Each drill</summary>",
    "",
    markdownTable(["drill", "what is lost", "runs", "stall p50", "worst", "whole again", "verdict"], each),
    "",
    "</details>",
  ].join("\n");
}

const withinOf = (stallsMs: readonly number[], limitMs: number) =>
  `${stallsMs.filter((stallMs) => stallMs <= limitMs).length} of ${stallsMs.length}`;

/** Around the names of the drills: so that a table is known again in the document. */
const oftenLead = "Again and again, one after another, by `./dsp drill ";
const oftenRepeat = " --repeat ";

/** What is said of drills that were run again and again: each stall. */
export function oftenTable(facts: SessionFacts): string {
  const rows = summarizeRuns(facts.runs).map(({ name, promise, stallsMs, stall, failed, lost, doubled, redundancy }) => [
    `\`${name}\``,
    stallsMs
      .toSorted((left, right) => left - right)
      .map((stallMs) => (stallMs / 1_000).toFixed(1))
      .join(", "),
    formatMs(stall?.p50),
    `${withinOf(stallsMs, promise.stallBarMs)} in ${formatMs(promise.stallBarMs)}`,
    `${withinOf(stallsMs, promise.stallGoalMs)} in ${formatMs(promise.stallGoalMs)}`,
    String(failed),
    formatCount(lost),
    formatCount(doubled),
    formatMs(redundancy?.worst),
  ]);
  const { session } = facts;
  return [
    `${oftenLead}${session.drills.join(" ")}${oftenRepeat}${session.repeat}\`, ${whenAndWhere(facts)}; the longest stall of each run, in seconds:`,
    "",
    markdownTable(["drill", "stalls", "p50", "bar", "goal", "failed", "lost", "doubled", "whole again"], rows),
  ].join("\n");
}

function marksOf(document: string): { begin: number; end: number } {
  const begin = document.indexOf(beginMark);
  const end = document.indexOf(endMark);
  if (begin === -1 || end < begin) throw new Error(`the document lacks the marks ${beginMark} and ${endMark}`);
  return { begin: begin + beginMark.length, end };
}

/** The tables of drills run again and again that the document has already. @throws Error where the marks are missing */
export function oftenTablesIn(document: string): { drills: readonly string[]; table: string }[] {
  const { begin, end } = marksOf(document);
  const [, ...parts] = document.slice(begin, end).split(oftenLead);
  return parts.map((part) => ({ drills: part.slice(0, part.indexOf(oftenRepeat)).split(" "), table: `${oftenLead}${part}`.trim() }));
}

/** Puts the text between the marks. @throws Error where the marks are missing */
export function replaceBetweenMarks(document: string, text: string): string {
  const { begin, end } = marksOf(document);
  return `${document.slice(0, begin)}\n${text}\n${document.slice(end)}`;
}
