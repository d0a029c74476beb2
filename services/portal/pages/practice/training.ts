import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { actionButton } from "../../layout/forms.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { progressBar } from "./start.ts";
import { type TrainingModule, trainingModules } from "./training-modules.ts";
import { trainingTexts } from "./training-texts.ts";

const course = "training";
const steps = trainingModules.flatMap((module) => module.steps.map(({ name }) => name));

/** Exercises on invented patients; who has done one says so. */
export async function trainingPage(visit: Member, { practice }: Deps): Promise<Response> {
  const { context, language } = visit;
  const text = (name: keyof typeof trainingTexts): string => trainingTexts[name][language];
  const done = await practice.progress(context, course);
  const count = steps.filter((step) => done.has(step)).length;
  return page(visit, {
    title: text("title"),
    area: "practice",
    content: html`<p class="lead">${text("lead")}</p>
${progressBar(fill(text("progress"), { done: count, all: steps.length }), count, steps.length)}
${count === steps.length ? html`<div class="notice notice-done"><p>${text("finished")}</p></div>` : undefined}
${trainingModules.map((module) => moduleSection(visit, module, done))}
${count === 0 ? undefined : actionButton(visit, { action: "/portal/practice/training/restart", text: text("restart") })}`,
  });
}

function moduleSection(visit: Member, { name, steps: own }: TrainingModule, done: ReadonlySet<string>): Html {
  const text = (each: keyof typeof trainingTexts): string => trainingTexts[each][visit.language];
  return html`<section aria-labelledby="${name}"><h2 id="${name}">${text(name)}</h2><ol class="entries exercises">${own.map(
    ({ name: step, path }) =>
      html`<li id="step-${step}"><div class="entry"><p>${text(step)}</p></div>${done.has(step) ? html`<span class="tag tag-good">${text("done")}</span>` : undefined}<a class="button-secondary" href="${path}">${text("try")} <span class="hidden">${text(step)}</span></a>${done.has(step) ? undefined : actionButton(visit, { action: "/portal/practice/training", text: text("mark"), values: { step }, about: text(step) })}</li>`,
  )}</ol></section>`;
}

export async function finishExercise(visit: Member, deps: Deps): Promise<Response> {
  const sent = await readForm(visit, deps);
  const step = steps.find((each) => each === sent.text("step"));
  if (!step) throw new NoSuchPage();
  await deps.practice.finish(visit.context, course, step);
  return redirectAfterForm(visit.call, `/portal/practice/training#step-${step}`);
}

export async function restartTraining(visit: Member, deps: Deps): Promise<Response> {
  await readForm(visit, deps);
  await deps.practice.restart(visit.context, course);
  return redirectAfterForm(visit.call, "/portal/practice/training");
}
