import { createHash } from "node:crypto";
import { html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { form, type Problems, textArea } from "../../layout/forms.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { localPath, redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import type { Member } from "../../session/visit.ts";
import { feedbackTexts } from "./feedback-texts.ts";

const messageMax = 4000;
const draftName = "feedback";
/** What stands in addresses behind these is an id, unless it is a word of the portal's own. */
const collections = new Set([
  "patients",
  "documents",
  "results",
  "reports",
  "threads",
  "attachments",
  "messages",
  "referrals",
  "visits",
  "accesses",
]);
const words = new Set(["new", "threads", "attachments"]);

/** A page's address without any id: whoever reads feedback sees no patient. */
export function withoutIds(path: string): string {
  const parts = (path.split(/[?#]/)[0] ?? "").split("/");
  return parts
    .map((part, place) => {
      const isBehind = collections.has(parts[place - 1] ?? "") && part !== "" && !words.has(part);
      return isBehind || !/^[a-z-]*$/.test(part) ? ":id" : part;
    })
    .join("/")
    .slice(0, 200);
}

export async function feedbackPage(visit: Member, deps: Deps): Promise<Response> {
  const { call, context, language } = visit;
  const from = localPath(call.req.query("page"));
  if (call.req.query("done") !== undefined) {
    const text = (name: keyof typeof feedbackTexts): string => feedbackTexts[name][language];
    const content = html`<p class="lead">${text("thanksText")}</p><p class="actions"><a class="button" href="${from}">${text("back")}</a></p>`;
    return page(visit, { title: text("thanks"), area: areaOf(visit), content });
  }
  const draft = await deps.drafts.find(context, draftName);
  return show(visit, from, { message: draft.message ?? "", problems: {} });
}

function areaOf({ principal }: Member): "patient" | "professional" | "operator" | "public" {
  return principal.role === "practitioner" ? "professional" : principal.role === "system" ? "public" : principal.role;
}

function show(visit: Member, from: string, { message, problems, key }: { message: string; problems: Problems; key?: string }): Response {
  const { language } = visit;
  const text = (name: keyof typeof feedbackTexts): string => feedbackTexts[name][language];
  return page(visit, {
    title: text("title"),
    area: areaOf(visit),
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`<p class="lead">${text("lead")}</p>${form(visit, {
      action: "/portal/feedback",
      submit: text("submit"),
      problems,
      draft: draftName,
      ...(key === undefined ? {} : { key }),
      content: html`<input type="hidden" name="page" value="${from}"><p class="soft small">${fill(text("about"), { page: withoutIds(from) })}</p>
${textArea({ name: "message", label: text("message"), value: message, problem: problems.message, rows: 7, maxLength: messageMax })}`,
    })}`,
  });
}

export async function giveFeedback(visit: Member, deps: Deps): Promise<Response> {
  const { call, context, language } = visit;
  const sent = await readForm(visit, deps);
  const from = localPath(sent.text("page"));
  const message = sent.text("message").slice(0, messageMax);
  if (message === "") return show(visit, from, { message, problems: { message: feedbackTexts.missing[language] }, key: sent.pageKey });
  await deps.practice.feedback(context, { id: uuidOf(sent.key), page: withoutIds(from), language, message });
  await deps.drafts.remove(context, draftName);
  return redirectAfterForm(call, `/portal/feedback?${new URLSearchParams({ done: "sent", page: from })}`);
}

/** The form's key as an id (RFC 9562, version 8): the same form is kept once. */
function uuidOf(key: string): string {
  const hex = createHash("sha256").update(key).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
