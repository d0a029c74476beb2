import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { actionButton } from "../../layout/forms.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { startTexts } from "./start-texts.ts";

/** The first steps: each is done by doing it, wherever in the portal; what is done is kept, so that one goes on where one was. */
export const startCourse = "start";
export const startSteps = ["profile", "find", "agenda", "letter", "deposit"] as const;

const ways: Readonly<Record<(typeof startSteps)[number], string>> = {
  ...{ profile: "/portal/practice/profile", find: "/portal/professional/patients", agenda: "/portal/practice/visits/new" },
  ...{ letter: "/portal/professional/patients", deposit: "/portal/professional/patients" },
};

export async function startPage(visit: Member, { practice }: Deps): Promise<Response> {
  const { context, language, call } = visit;
  const text = (name: keyof typeof startTexts): string => startTexts[name][language];
  const done = await practice.progress(context, startCourse);
  const next = startSteps.find((step) => !done.has(step));
  return page(visit, {
    title: text("title"),
    area: "practice",
    notice: call.req.query("done") === undefined ? undefined : html`<p>${text("saved")}</p>`,
    content: html`<p class="lead">${text(next === undefined ? "finished" : "lead")}</p>
${progressBar(fill(text("progress"), { done: startSteps.filter((step) => done.has(step)).length, all: startSteps.length }), startSteps.filter((step) => done.has(step)).length, startSteps.length)}
<ol class="steps">${startSteps.map((step) => stepItem(visit, step, { done: done.has(step), next: step === next }))}</ol>
${next === undefined ? html`<div class="actions"><a class="button" href="/portal/professional">${text("home")}</a>${actionButton(visit, { action: "/portal/practice/start/restart", text: text("restart") })}</div>` : undefined}`,
  });
}

export function progressBar(label: string, done: number, all: number): Html {
  return html`<p class="progress"><progress value="${done}" max="${all}" aria-label="${label}"></progress><span>${label}</span></p>`;
}

function stepItem(visit: Member, step: (typeof startSteps)[number], { done, next }: { done: boolean; next: boolean }): Html {
  const text = (name: keyof typeof startTexts): string => startTexts[name][visit.language];
  const about = html` <span class="hidden">${text(step)}</span>`;
  return html`<li class="step${done ? " step-done" : ""}${next ? " step-next" : ""}"><h2>${text(step)} ${done ? html`<span class="tag tag-good">${text("done")}</span>` : next ? html`<span class="tag tag-strong">${text("next")}</span>` : undefined}</h2><p>${text(`${step}How`)}</p>
<div class="actions"><a class="${next ? "button" : "button-secondary"}" href="${ways[step]}">${text(done ? "again" : "go")}${about}</a>${done ? undefined : actionButton(visit, { action: "/portal/practice/start/skip", text: text("skip"), values: { step }, about: text(step) })}</div></li>`;
}

export async function skipStep(visit: Member, deps: Deps): Promise<Response> {
  const sent = await readForm(visit, deps);
  const step = startSteps.find((each) => each === sent.text("step"));
  if (!step) throw new NoSuchPage();
  await deps.practice.finish(visit.context, startCourse, step);
  return redirectAfterForm(visit.call, "/portal/practice/start");
}

export async function restartSteps(visit: Member, deps: Deps): Promise<Response> {
  await readForm(visit, deps);
  await deps.practice.restart(visit.context, startCourse);
  return redirectAfterForm(visit.call, "/portal/practice/start");
}
