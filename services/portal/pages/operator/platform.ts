import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { clockText, fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { type Judgement, judgePlatform, worst } from "../../platform/judge-platform.ts";
import type { Platform } from "../../platform/sights.ts";
import type { Member } from "../../session/visit.ts";
import {
  backupsSection,
  edgeSection,
  postgresSection,
  redisSection,
  type Say,
  servicesSection,
  watchersSection,
} from "./platform-sections.ts";
import { platformTexts } from "./platform-texts.ts";

/** What the platform looks like now; the script of the site asks for it again and again. */
export async function platformPage(visit: Member, deps: Deps): Promise<Response> {
  const { language } = visit;
  const text: Say = (name) => platformTexts[name][language];
  return page(visit, {
    title: text("title"),
    area: "operator",
    content: html`<div class="live-bar"><p class="soft small"><span data-live-note hidden>${text("live")}</span></p><p><a class="button-secondary" href="/portal/operator">${text("reload")}</a> <button type="button" class="button-secondary" data-live-pause="live" data-resume="${text("resume")}" hidden>${text("pause")}</button></p></div>
<p class="notice notice-warning" id="live-stale" role="status" data-text="${text("stale")}" hidden></p>
<div id="live" class="short-cells" data-live="/portal/operator/platform" data-live-stale="live-stale" data-live-changes="live-changes">${content(visit, await deps.platform.observe())}</div>
<section class="no-print" id="live-changes" hidden><h2>${text("changes")}</h2><p class="soft">${text("noChanges")}</p><ol class="changes" reversed></ol></section>
<p class="soft small">${text("noRecords")}</p>`,
  });
}

/** The part of the page that changes. */
export async function platformNow(visit: Member, deps: Deps): Promise<Response> {
  return new Response(content(visit, await deps.platform.observe()).text, {
    headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
  });
}

function content(visit: Member, platform: Platform): Html {
  const { language } = visit;
  const text: Say = (name) => platformTexts[name][language];
  const judged = judgePlatform(platform);
  const title: Record<Judgement, string> = { good: text("allGood"), bad: text("someBad"), unknown: text("allUnknown") };
  const all = worst(Object.values(judged));
  const style = all === "good" ? "notice-done" : all === "bad" ? "notice-problem" : "notice-warning";
  const parts = ["postgres", "services", "redis", "watchers"] as const;
  return html`<div class="notice ${style}"><h2>${title[all]}</h2>
<ul class="states">${parts.map((part) => html`<li>${text(part)} ${tag(text, judged[part], text(part))}</li>`)}</ul>
<p class="soft small">${fill(text("seen"), { time: clockText(platform.at, language), site: platform.seenFrom })}</p></div>
${postgresSection(platform.postgres, text, language)}
${servicesSection(platform, text)}
${redisSection(platform.sentinels, text)}
${watchersSection(platform.watchers, text)}
${backupsSection(platform, text, language)}
${edgeSection(visit.call.req.header("DSP-Edge"), text)}`;
}

function tag(text: Say, judgement: Judgement, key: string): Html {
  const style = judgement === "good" ? "tag-good" : judgement === "bad" ? "tag-problem" : "tag-warning";
  return html`<span class="tag ${style}" data-fact="${key}">${text(judgement)}</span>`;
}
