import { type Content, type Html, html } from "../../../lib/html.ts";
import { authenticate, type Call, decodeUtf8, readBody } from "../../../lib/http.ts";
import type { Language } from "../../../lib/language.ts";
import { FhirError, fhirError } from "../../../lib/operation-outcome.ts";
import type { Deps } from "../../deps.ts";
import { receiveReport } from "../../drills/keep-report.ts";
import { type DrillReport, promiseRows, type ReportedDrill } from "../../drills/parse-report.ts";
import { findReport, type KeptReport, listReports } from "../../drills/store.ts";
import { fileField, form, type Problems } from "../../layout/forms.ts";
import { durationText, fill, instantText, numberText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { type Member, member, NoSuchPage } from "../../session/visit.ts";
import { drillsTexts } from "./drills-texts.ts";
import { table } from "./table.ts";

type Say = (name: keyof typeof drillsTexts) => string;
type Listed = Pick<KeptReport, "id" | "startedAt">;

/** The newest report, or the one that is asked for. */
export async function drillsPage(visit: Member, deps: Deps): Promise<Response> {
  const id = visit.call.req.param("id");
  const { shown, all } = await deps.database.read(
    visit.context,
    () => !visit.caller.fresh,
    async (transaction) => ({ shown: await findReport(transaction, id), all: await listReports(transaction) }),
  );
  if (id !== undefined && !shown) throw new NoSuchPage();
  return show(visit, { shown, all, problems: {} });
}

function show(visit: Member, { shown, all, problems }: { shown: KeptReport | undefined; all: Listed[]; problems: Problems }): Response {
  const { language, call } = visit;
  const text: Say = (name) => drillsTexts[name][language];
  const upload = form(visit, {
    ...{ action: "/portal/operator/drill-reports", submit: text("submit"), upload: true, problems },
    content: fileField({
      ...{
        name: "file",
        label: text("file"),
        hint: text("fileHint"),
        problem: problems.file,
        accept: ".json,application/json",
        drop: text("drop"),
      },
    }),
  });
  return page(visit, {
    title: text("title"),
    area: "operator",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    notice: call.req.query("done") === "added" ? html`<p>${text("added")}</p>` : undefined,
    content: html`<p class="lead">${text("lead")}</p>
${shown ? reportSection(shown.report, text, language) : html`<p class="empty">${text("none")}</p>`}
${all.length < 2 ? undefined : html`<h2>${text("others")}</h2><ul class="entries">${all.map(({ id, startedAt }) => html`<li><div class="entry"><a class="entry-title" href="/portal/operator/drills/${id}"${id === shown?.id ? html` aria-current="page"` : undefined}>${instantText(startedAt.toISOString(), language)}</a></div></li>`)}</ul>`}
<h2>${text("add")}</h2>${upload}`,
  });
}

function reportSection(report: DrillReport, text: Say, language: Language): Content {
  const { startedAt, endedAt, stack, machine, full, uncovered, drills } = report;
  const broken = drills.filter(({ verdict }) => verdict === "invalid").length;
  const open = drills.filter(({ verdict }) => verdict === "unknown" || verdict === "not run").length;
  const style = broken > 0 ? "notice-problem" : open > 0 ? "notice-warning" : "notice-done";
  const counts = { count: broken > 0 ? broken : open, all: drills.length };
  const missed = uncovered ?? [];
  return html`<div class="notice ${style}"><h2>${broken > 0 ? fill(text("broken"), counts) : open > 0 ? fill(text("open"), counts) : text("kept")}</h2>
${missed.length === 0 ? undefined : html`<p>${fill(text("uncovered"), { parts: missed.join(", ") })}</p>`}
<p class="soft small">${text("begun")}: ${instantText(startedAt, language)} · ${text("ended")}: ${endedAt === null ? text("notEnded") : instantText(endedAt, language)} · ${text("stack")}: ${stack} · ${text("machine")}: ${machine} · ${text("scope")}: ${full ? text("full") : text("partial")}</p></div>
<h2>${text("promises")}</h2>${promiseTable(report, text, language)}
<h2>${text("drills")}</h2>${drillTable(drills, text, language)}`;
}

/** Titles come from the drills, which are written in English. */
function promiseTable(report: DrillReport, text: Say, language: Language): Html {
  const heads = [text("loss"), text("verdict"), text("stall"), text("promised"), text("failed"), text("lost"), text("doubled")];
  const rows = promiseRows(report).map(
    ({ row, verdict, stallMs, stallBarMs, failed, lost, doubled }) =>
      html`<tr><th scope="row" lang="en">${row}</th><td>${verdictTag(verdict, text)}</td>${figures({ stallMs: stallMs ?? null, stallBarMs, failed, lost: lost ?? null, doubled: doubled ?? null }, language)}</tr>`,
  );
  return table(text("promises"), heads, rows, 2);
}

function drillTable(drills: readonly ReportedDrill[], text: Say, language: Language): Html {
  const heads = [text("drill"), text("verdict"), text("stall"), text("promised"), text("failed"), text("lost"), text("doubled")];
  const rows = drills.map(({ title, verdict, promise, each, stallMs, failed, lost, doubled }) => {
    const reasons = [...new Set(each.flatMap((run) => run.reasons))];
    const why =
      reasons.length === 0
        ? undefined
        : html`<ul class="small reasons" lang="en">${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`;
    return html`<tr><th scope="row"><span lang="en">${title}</span>${why}</th><td>${verdictTag(verdict, text)}</td>${figures({ stallMs, stallBarMs: promise.stallBarMs, failed, lost, doubled }, language)}</tr>`;
  });
  return table(text("drills"), heads, rows, 2);
}

/** A dash where nothing was measured. */
function figures(
  of: { stallMs: number | null; stallBarMs: number; failed: number; lost: number | null; doubled: number | null },
  language: Language,
): Html {
  const number = (value: number | null): string => (value === null ? "–" : numberText(value, language));
  const duration = (ms: number | null): string => (ms === null ? "–" : durationText(ms, language));
  return html`<td class="figure">${duration(of.stallMs)}</td><td class="figure">${duration(of.stallBarMs)}</td>${[of.failed, of.lost, of.doubled].map((value) => html`<td class="figure">${number(value)}</td>`)}`;
}

function verdictTag(verdict: ReportedDrill["verdict"], text: Say): Html {
  const style = { valid: "good", invalid: "problem", unknown: "warning", "not run": "warning" }[verdict];
  return html`<span class="tag tag-${style}">${text(verdict === "not run" ? "notRun" : verdict)}</span>`;
}

/** A report from the page's form, or from software with an operator's token, which is answered in JSON. */
export async function addReport(call: Call, deps: Deps): Promise<Response> {
  if (call.req.header("Authorization") !== undefined) return await addBySoftware(call, deps);
  const visit = await member(call, deps, "operator");
  const { language, context } = visit;
  const file = (await readForm(visit, deps)).file("file");
  const text: Say = (name) => drillsTexts[name][language];
  try {
    if (!file) return await again(visit, deps, text("missing"));
    const { id } = await receiveReport(context, deps, decodeUtf8(file.bytes));
    return redirectAfterForm(call, `/portal/operator/drills/${id}?done=added`);
  } catch (error) {
    if (error instanceof FhirError && error.status === 400) return await again(visit, deps, text("wrong"));
    throw error;
  }
}

async function again(visit: Member, deps: Deps, problem: string): Promise<Response> {
  const { shown, all } = await deps.database.read(
    visit.context,
    () => true,
    async (transaction) => ({ shown: await findReport(transaction, undefined), all: await listReports(transaction) }),
  );
  return show(visit, { shown, all, problems: { file: problem } });
}

async function addBySoftware(call: Call, deps: Deps): Promise<Response> {
  try {
    const about = { interaction: "create" as const, resourceType: "DrillReport" };
    const context = await authenticate(call, deps, about);
    if (context.principal.role !== "operator") {
      await deps.audit.refused(context, { ...about, outcome: "8" });
      throw fhirError(403, "forbidden", "Reports of drills are sent with the token of an operator");
    }
    const { id, isNew } = await receiveReport(context, deps, decodeUtf8(await readBody(call, deps)));
    const location = `${deps.settings.publicUrl}/operator/drills/${id}`;
    return Response.json({ id, location }, { status: isNew ? 201 : 200, headers: { Location: location } });
  } catch (error) {
    if (error instanceof FhirError) return error.toResponse();
    throw error;
  }
}
