import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Content, type Html, html } from "../../../lib/html.ts";
import { isStopped, listWalks, type Walk } from "../../audit/store.ts";
import { walkChain } from "../../audit/walk-chain.ts";
import type { ChainDefect } from "../../clients/oversight.ts";
import type { Deps } from "../../deps.ts";
import { form } from "../../layout/forms.ts";
import { fill, instantText, numberText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import type { Member } from "../../session/visit.ts";
import { auditTexts } from "./audit-texts.ts";
import { table } from "./table.ts";

type Say = (name: keyof typeof auditTexts) => string;

/** Most walks are done in this time, and the page that comes then shows the end. */
const worthWaitingMs = 2000;
const kinds = ["changed", "removed", "gap", "added", "cut"] as const;

/** How the record's audit chain stands. The record writes down who asked. */
export async function auditPage(visit: Member, deps: Deps): Promise<Response> {
  const { language, caller, context } = visit;
  const text: Say = (name) => auditTexts[name][language];
  const [state, walks] = await Promise.all([
    deps.oversight.chainState(caller),
    deps.database.read(context, () => !caller.fresh, listWalks),
  ]);
  const [newest] = walks;
  const ended = walks.filter(({ endedAt }) => endedAt !== null);
  const isGoing = newest !== undefined && newest.endedAt === null && !isStopped(newest);
  const verify = newest !== undefined && isStopped(newest) ? text("goOn") : text("verify");
  return page(visit, {
    title: text("title"),
    area: "operator",
    content: html`<p class="lead">${text("lead")}</p>
<h2>${text("verification")}</h2>
${newest?.endedAt === null ? progress(newest, state.head, visit) : undefined}
${ended[0] ? verdict(ended[0], visit) : newest ? undefined : html`<p class="empty">${text("never")}</p>`}
${
  isGoing
    ? html`<p class="actions"><a class="button" href="/portal/operator/audit">${text("reload")}</a></p>`
    : form(visit, { action: "/portal/operator/audit/walks", submit: verify, content: undefined })
}
<h2>${text("state")}</h2>
<dl class="facts"><dt>${text("sealed")}</dt><dd>${numberText(count(state.head), language)}</dd><dt>${text("waiting")}</dt><dd>${numberText(state.waiting, language)}</dd><dt>${text("head")}</dt><dd><code>${state.head}</code><br><span class="soft small">${text("headHint")}</span></dd></dl>
${ended.length < 2 ? undefined : html`<h2>${text("earlier")}</h2><ul class="entries">${ended.slice(1).map((walk) => earlier(walk, visit))}</ul>`}
<p class="soft small">${text("recorded")}</p>`,
  });
}

/** The sequence of a head: how many entries the chain has up to there. */
function count(head: string): number {
  return Number(head.split(":")[0]);
}

function progress(walk: Walk, head: string, { language }: Member): Html {
  const values = { count: numberText(count(walk.head), language), all: numberText(count(head), language) };
  const stopped = isStopped(walk);
  return html`<div class="notice${stopped ? " notice-warning" : ""}" role="status"><p>${fill(auditTexts[stopped ? "stopped" : "going"][language], values)}</p></div>`;
}

function verdict({ head, endedAt, defects }: Walk, { language }: Member): Content {
  const text: Say = (name) => auditTexts[name][language];
  const date = instantText(endedAt?.toISOString(), language);
  const values = { count: numberText(count(head), language), found: numberText(defects.length, language), date };
  if (defects.length === 0) {
    return html`<div class="notice notice-done"><h3>${text("whole")}</h3><p>${fill(text("wholeText"), values)}</p></div>`;
  }
  return html`<div class="notice notice-problem"><h3>${text("broken")}</h3><p>${fill(text("brokenText"), values)}</p></div>
${table(
  text("broken"),
  [text("place"), text("defect")],
  defects.map(
    (defect) =>
      html`<tr><th scope="row">${defect.sequence === undefined ? text("noPlace") : numberText(defect.sequence, language)}</th><td>${nameOf(defect, text)}</td></tr>`,
  ),
)}`;
}

function nameOf({ kind }: ChainDefect, text: Say): string {
  return text(kinds.find((each) => each === kind) ?? "other");
}

function earlier({ head, endedAt, defects }: Walk, { language }: Member): Html {
  const values = { count: numberText(count(head), language), found: numberText(defects.length, language) };
  const name = defects.length === 0 ? "earlierWhole" : "earlierBroken";
  return html`<li><div class="entry"><p>${instantText(endedAt?.toISOString(), language)}</p><p class="soft small">${fill(auditTexts[name][language], values)}</p></div></li>`;
}

/** Verifies behind the answer. */
export async function verifyAudit(visit: Member, deps: Deps): Promise<Response> {
  const { key } = await readForm(visit, deps);
  const walking = await walkChain(visit.caller, deps, uuidOf(key));
  if (walking) await Promise.race([walking, sleep(worthWaitingMs)]);
  return redirectAfterForm(visit.call, "/portal/operator/audit?done=begun");
}

/** A form sent again is the same wish. */
function uuidOf(key: string): string {
  const digest = createHash("sha256").update(key).digest("hex");
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
