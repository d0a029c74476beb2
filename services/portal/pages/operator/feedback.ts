import { type Html, html } from "../../../lib/html.ts";
import { isLanguage } from "../../../lib/language.ts";
import { uuidPattern } from "../../../lib/uuid.ts";
import type { Deps } from "../../deps.ts";
import { countOpen, type Feedback, listFeedback, markFeedback, shownMax } from "../../feedback/store.ts";
import { actionButton } from "../../layout/forms.ts";
import { fill, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { feedbackTexts } from "./feedback-texts.ts";

const roles = ["patient", "practitioner", "operator", "system"] as const;

/** What people wrote about the portal. Who they are is not shown: nobody is answered by name here. */
export async function feedbackPage(visit: Member, deps: Deps): Promise<Response> {
  const { language, context, caller, call } = visit;
  const text = (name: keyof typeof feedbackTexts): string => feedbackTexts[name][language];
  const { value } = await deps.audit.read(context, { primaryOnly: caller.fresh }, async (transaction) => ({
    value: {
      open: await listFeedback(transaction, false),
      count: await countOpen(transaction),
      answered: (await listFeedback(transaction, true)).slice(0, 20),
    },
    facts: [{ interaction: "search-type", outcome: "0", resourceType: "Feedback" }],
  }));
  const done = call.req.query("done");
  return page(visit, {
    title: text("title"),
    area: "operator",
    notice: done === "marked" ? html`<p>${text("marked")}</p>` : done === "reopened" ? html`<p>${text("reopened")}</p>` : undefined,
    content: html`<p class="lead">${text("lead")}</p>
<h2>${fill(text("open"), { count: value.count })}</h2>
${value.count > shownMax ? html`<p class="soft">${fill(text("newest"), { count: shownMax })}</p>` : undefined}
${value.open.length === 0 ? html`<p class="empty">${text("nothing")}</p>` : html`<ul class="entries">${value.open.map((each) => item(each, visit))}</ul>`}
${value.answered.length === 0 ? undefined : html`<h2>${text("answered")}</h2><ul class="entries">${value.answered.map((each) => item(each, visit))}</ul>`}`,
  });
}

function item({ id, createdAt, role, page: from, language: written, message, answeredAt }: Feedback, visit: Member): Html {
  const { language } = visit;
  const text = (name: keyof typeof feedbackTexts): string => feedbackTexts[name][language];
  const date = instantText(createdAt.toISOString(), language);
  const known = roles.find((each) => each === role);
  const button = actionButton(visit, {
    action: `/portal/operator/feedback/${id}`,
    text: text(answeredAt ? "reopen" : "mark"),
    values: { answered: answeredAt ? "no" : "yes" },
    about: fill(text("about"), { date }),
  });
  return html`<li><div class="entry"><p class="soft small">${date} · ${known ? text(known) : role} · ${from}</p><p class="said"${isLanguage(written) ? html` lang="${written}"` : undefined}>${message}</p></div>${button}</li>`;
}

export async function answerFeedback(visit: Member, deps: Deps): Promise<Response> {
  const { call, context } = visit;
  const id = call.req.param("id") ?? "";
  if (!uuidPattern.test(id)) throw new NoSuchPage();
  const isAnswered = (await readForm(visit, deps)).text("answered") !== "no";
  const isThere = await deps.database.write(context, async (transaction) => {
    const marked = await markFeedback(transaction, id, isAnswered);
    if (marked)
      deps.audit.record(context, transaction, [{ interaction: "update", outcome: "0", resourceType: "Feedback", resourceId: id }]);
    return marked;
  });
  if (!isThere) throw new NoSuchPage();
  return redirectAfterForm(call, `/portal/operator/feedback?done=${isAnswered ? "marked" : "reopened"}`);
}
