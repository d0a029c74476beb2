import { Deadline } from "../../../lib/context.ts";
import { html } from "../../../lib/html.ts";
import type { Counts } from "../../clients/mailbox.ts";
import type { Deps } from "../../deps.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { professionText } from "../../layout/professions.ts";
import type { Member } from "../../session/visit.ts";
import { startCourse, startSteps } from "../practice/start.ts";
import { recentPatients } from "./find-patient.ts";
import { landingTexts } from "./landing-texts.ts";

const tiles = [
  { path: "/portal/professional/patients", name: "find" },
  { path: "/portal/practice/agenda", name: "agenda" },
  { path: "/portal/professional/messages", name: "messages" },
  { path: "/portal/professional/colleagues", name: "colleagues" },
  { path: "/portal/practice/training", name: "training" },
  { path: "/portal/practice/profile", name: "profile" },
] as const;
const countPatienceMs = 1500;

/** Where a professional begins: what waits, and the way to everything. */
export async function landingPage(visit: Member, deps: Deps): Promise<Response> {
  const { context, language, principal } = visit;
  const text = (name: keyof typeof landingTexts): string => landingTexts[name][language];
  const [counts, recent, done] = await Promise.all([
    countsOf(visit, deps),
    deps.practice.recent(context),
    deps.practice.progress(context, startCourse),
  ]);
  const unread = counts?.unread ?? 0;
  const finished = startSteps.filter((step) => done.has(step)).length;
  const profession = principal.profession === undefined ? "" : ` (${professionText(principal.profession, language)})`;
  return page(visit, {
    title: fill(text("title"), { name: principal.name ?? "" }),
    area: "professional",
    content: html`<p class="lead">${text("lead")}<span class="hidden">${profession}</span></p>
${finished === startSteps.length ? undefined : html`<p class="notice">${fill(text("start"), { done: finished, all: startSteps.length })} <a href="/portal/practice/start">${text("startLink")}</a></p>`}
<ul class="tiles">${tiles.map(({ path, name }) => html`<li><a class="tile" href="${path}"><strong>${text(name)}</strong>${name === "messages" && unread > 0 ? html`<span class="count">${fill(text("messagesUnread"), { count: unread })}</span>` : html`<span>${text(`${name}Why`)}</span>`}</a></li>`)}</ul>
${recentPatients(visit, recent)}`,
  });
}

/** The start page comes also while the exchange does not answer. */
async function countsOf({ caller }: Member, { mailbox }: Deps): Promise<Counts | undefined> {
  const deadline = Deadline.after(Math.min(countPatienceMs, caller.context.deadline.remainingMs()));
  return await mailbox.counts({ ...caller, context: { ...caller.context, deadline } }).catch(() => undefined);
}
