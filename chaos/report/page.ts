/** The report as one page: no script, no other file, light, and good on paper. */
import type { DrillVerdict } from "../run/outcome.ts";
import { escapeMarkup } from "./escape-markup.ts";
import { pageStyle } from "./page-style.ts";
import type { RunFacts, SessionFacts } from "./read-run.ts";
import {
  type DrillSummary,
  formatCount,
  formatMs,
  formatPace,
  type PromiseSummary,
  paceRange,
  summarizePromises,
  summarizeRuns,
} from "./summary.ts";
import { type TellingLine, tellStall } from "./telling-lines.ts";
import { drawStrip, drawTimeline } from "./timeline.ts";

function badge(verdict: DrillVerdict): string {
  return `<span class="badge ${verdict.replace(" ", "-")}">${verdict}</span>`;
}

function row(cells: readonly string[], tag: "td" | "th" = "td"): string {
  return `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
}

function table(head: readonly string[], rows: readonly string[], kind = ""): string {
  return `<table${kind === "" ? "" : ` class="${kind}"`}><thead>${row(head.map(escapeMarkup), "th")}</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function promiseTable(promises: readonly PromiseSummary[]): string {
  const rows = promises.map(({ promise, drills, stall, stallsMs, failed, lost, doubled, verdict }) =>
    row([
      `<strong>${escapeMarkup(promise.row)}</strong><br><span class="quiet">${drills.map(({ name }) => `<a href="#${name}">${name}</a>`).join(", ")}</span>`,
      formatMs(promise.stallBarMs),
      formatMs(promise.stallGoalMs),
      String(stall?.runs ?? 0),
      formatMs(stall?.p50),
      formatMs(stall?.worst),
      stallsMs.length === 0 ? "" : drawStrip(stallsMs, promise),
      String(failed),
      formatCount(lost),
      formatCount(doubled),
      badge(verdict),
    ]),
  );
  const head = ["one fault", "bar", "goal", "runs", "p50", "worst", "stalls", "failed", "lost", "doubled", "verdict"];
  return table(head, rows, "figures");
}

function drillTable(drills: readonly DrillSummary[]): string {
  const rows = drills.map(({ name, title, promise, stall, runs, failed, lost, doubled, redundancy, verdict }) =>
    row([
      `<a href="#${name}">${name}</a><br><span class="quiet">${escapeMarkup(title)}</span>`,
      String(runs.length),
      formatMs(promise.stallBarMs),
      formatMs(stall?.p50),
      formatMs(stall?.worst),
      String(failed),
      formatCount(lost),
      formatCount(doubled),
      formatMs(redundancy?.worst),
      badge(verdict),
    ]),
  );
  const head = ["drill", "runs", "bar", "stall p50", "worst", "failed", "lost", "doubled", "full redundancy after", "verdict"];
  return table(head, rows, "figures");
}

const columns = [
  "client",
  "fault",
  "watcher",
  "operator",
  "postgres",
  "redis",
  "edge",
  "service",
] as const satisfies readonly TellingLine["source"][];

/** Everybody's word side by side, in seconds since the first fault. */
function stallTable(lines: readonly TellingLine[], zeroMs: number): string {
  const used = columns.filter((column) => lines.some(({ source }) => source === column));
  const rows = lines.map(({ atMs, source, who, text }) =>
    row([
      `${((atMs - zeroMs) / 1_000).toFixed(2)} s`,
      ...used.map((column) =>
        column === source ? `${who === source ? "" : `<span class="quiet">${escapeMarkup(who)}</span><br>`}${escapeMarkup(text)}` : "",
      ),
    ]),
  );
  return table(["after", ...used], rows, "stall");
}

function figuresOf(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${escapeMarkup(name)} <b>${Number.isInteger(value) ? value : value.toFixed(3)}</b>`)
    .join(", ");
}

function checkTable({ checks }: RunFacts): string {
  const rows = checks.map(({ title, verdict, figures, findings }) =>
    row([
      badge(verdict),
      escapeMarkup(title),
      `${figuresOf(figures)}${findings.length > 0 ? `<ul>${findings.map((finding) => `<li>${escapeMarkup(finding)}</li>`).join("")}</ul>` : ""}`,
    ]),
  );
  return rows.length === 0 ? "" : table(["", "promise", "what was seen"], rows, "checks");
}

function runsTable({ runs }: DrillSummary): string {
  if (runs.length < 2) return "";
  const rows = runs.map(({ run, verdict, stallMs, failed, lost, doubled, faults }) =>
    row([
      String(run),
      badge(verdict),
      formatMs(stallMs),
      String(failed),
      formatCount(lost),
      formatCount(doubled),
      escapeMarkup(faults.map(({ what }) => what).join("; ")),
    ]),
  );
  return `<details><summary>All ${runs.length} runs</summary>${table(["run", "verdict", "stall", "failed", "lost", "doubled", "what was hit"], rows, "figures")}</details>`;
}

function faultList({ faults }: RunFacts): string {
  const items = faults.map(({ name, what, evidence }) => {
    const seen = evidence === undefined ? "" : ` <span class="quiet">Seen: ${escapeMarkup(evidence)}</span>`;
    return `<li><b>${escapeMarkup(name)}</b>: ${escapeMarkup(what === "" ? "not aimed" : what)}.${seen}</li>`;
  });
  return items.length === 0 ? "" : `<ul class="faults">${items.join("")}</ul>`;
}

/** What the platform and the machine were like before the fault. */
function beforeText({ medianBeforeMs, paceMs }: RunFacts): string {
  const parts = [
    ...(medianBeforeMs === undefined ? [] : [`half of the answers came within ${formatMs(medianBeforeMs)}`]),
    ...(paceMs === undefined ? [] : [`the machine's pace was ${formatMs(paceMs)}`]),
  ];
  return parts.length === 0 ? "" : ` Before it ${parts.join(", and ")}.`;
}

function drillSection(summary: DrillSummary): string {
  const { name, title, tolerates, verdict, worstRun, promise, stall, redundancy, runs } = summary;
  const reasons = worstRun.reasons.map((reason) => `<li>${escapeMarkup(reason)}</li>`).join("");
  const injected = worstRun.faults.flatMap(({ injectedMs }) => injectedMs ?? []);
  const lines = injected.length > 0 ? tellStall(worstRun) : [];
  const shown = runs.length > 1 ? `<p class="quiet">The picture is run ${worstRun.run} of ${runs.length}, the longest stall.</p>` : "";
  return `<section id="${name}">
<h2>${escapeMarkup(title)} ${badge(verdict)}</h2>
<p class="quiet"><code>${name}</code> · tolerates ${escapeMarkup(tolerates)} · ${escapeMarkup(promise.row)}: bar ${formatMs(promise.stallBarMs)}, goal ${formatMs(promise.stallGoalMs)}</p>
<p>Longest stall <b>${formatMs(stall?.worst)}</b>${stall !== undefined && stall.runs > 1 ? ` (p50 ${formatMs(stall.p50)} of ${stall.runs} runs)` : ""}, ${summary.failed} failed, ${formatCount(summary.lost)} lost, ${formatCount(summary.doubled)} doubled, full redundancy ${formatMs(redundancy?.worst)} after healing.${beforeText(worstRun)}</p>
${faultList(worstRun)}
${reasons === "" ? "" : `<ul class="reasons">${reasons}</ul>`}
${shown}
${worstRun.operations.length === 0 ? "" : drawTimeline(worstRun)}
${lines.length === 0 ? "" : `<h3>What the longest stall was made of</h3>${stallTable(lines, Math.min(...injected))}`}
${checkTable(worstRun)}
${runsTable(summary)}
</section>`;
}

const legend = `<p class="legend"><span class="key create"></span>create <span class="key update"></span>update <span class="key read"></span>read <span class="key search"></span>search
<span class="key lost"></span>failed <span class="key fault"></span>the fault <span class="key whole"></span>full redundancy again; each dot is one request at the moment when it was due, its height what the client waited (logarithmic).</p>`;

function summaryLine(drills: readonly DrillSummary[]): string {
  const counts = Map.groupBy(drills, ({ verdict }) => verdict);
  return (["valid", "invalid", "unknown", "not run"] as const)
    .flatMap((verdict) => (counts.has(verdict) ? [`${counts.get(verdict)?.length ?? 0} ${badge(verdict)}`] : []))
    .join(" ");
}

/** `61 min 53 s`: what the whole run took, and how fast the machine was meanwhile. */
function lengthAndPace({ session, runs }: Pick<SessionFacts, "session" | "runs">): string {
  const parts: string[] = [];
  if (session.endedAt !== null) {
    const seconds = Math.round((Date.parse(session.endedAt) - Date.parse(session.startedAt)) / 1_000);
    parts.push(`It took ${Math.floor(seconds / 60)} min ${seconds % 60} s.`);
  }
  const pace = paceRange(runs);
  if (pace !== undefined)
    parts.push(`A loop of fixed length took ${formatPace(pace)} of processor time between the drills: what varies there is the machine.`);
  return parts.length === 0 ? "" : `<p class="quiet">${parts.join(" ")}</p>`;
}

/** @returns the whole page */
export function makePage({ session, runs }: SessionFacts): string {
  const drills = summarizeRuns(runs);
  const missed = session.uncovered ?? [];
  const day = session.startedAt.slice(0, 16).replace("T", " ");
  const uncovered =
    missed.length === 0
      ? ""
      : `<h2>Elements without a drill</h2><ul class="reasons">${missed.map((name) => `<li>${escapeMarkup(name)}</li>`).join("")}</ul>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drills of ${day}</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>Drills of ${day} UTC</h1>
<p>Stack <b>${escapeMarkup(session.stack)}</b> on ${escapeMarkup(session.machine)}. ${drills.length} drills, ${runs.length} runs: ${summaryLine(drills)}${session.endedAt === null ? " <b>This run did not come to its end.</b>" : ""}</p>
${lengthAndPace({ session, runs })}
<p class="quiet">Judged by what an open-loop client saw through the public address: a stall is what one request waited from the moment it was due. A verdict is valid, invalid or unknown; a fault that could not be made is not run. Neither is a pass.</p>
</header>
<h2>Promises</h2>
${promiseTable(summarizePromises(drills))}
<h2>Drills</h2>
${drillTable(drills)}
${uncovered}
${legend}
${drills.map(drillSection).join("\n")}
</body>
</html>
`;
}
