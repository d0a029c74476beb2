import { type Content, type Html, html } from "../../../lib/html.ts";
import { uuidPattern } from "../../../lib/uuid.ts";
import type { DeskAccount, DeskAction } from "../../clients/service-desk.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, form, type Problems, textArea, textField } from "../../layout/forms.ts";
import { fill, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { serviceDeskTexts } from "./service-desk-texts.ts";

type Name = keyof typeof serviceDeskTexts;
type Say = (name: Name) => string;

const path = "/portal/operator/service-desk";
const reasonLength = { min: 10, max: 500 };
const roleTexts = { patient: "patient", practitioner: "professional", operator: "operator" } as const;
const actionTexts = { look: "looked", unlock: "unlocked", "reset-factor": "wasReset", "reset-password": "passwordCodeGiven" } as const;

interface Typed {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

const nothingTyped: Typed = { values: {}, problems: {} };

function sayIn({ language }: Member): Say {
  return (name) => serviceDeskTexts[name][language];
}

/** Somebody calls who cannot sign in. One account by its exact name; below, what was done here before. */
export async function serviceDeskPage(visit: Member, deps: Deps): Promise<Response> {
  return await showDesk(visit, deps, nothingTyped);
}

async function showDesk(visit: Member, deps: Deps, { values, problems, key }: Typed): Promise<Response> {
  const text = sayIn(visit);
  const actions = await deps.serviceDesk.actions(visit.caller);
  return page(visit, {
    title: text("title"),
    area: "operator",
    status: statusOf(problems),
    content: html`<p class="lead">${text("lead")}</p>
${form(visit, {
  ...{ action: path, submit: text("find"), problems, ...(key === undefined ? {} : { key }) },
  content: textField({ name: "login", label: text("login"), hint: text("loginHint"), value: values.login, problem: problems.login }),
})}
<h2>${text("done")}</h2><p class="soft">${text("doneHint")}</p>
${actions.length === 0 ? html`<p class="empty">${text("nothingDone")}</p>` : html`<ul class="entries">${actions.map((each) => actionItem(each, visit))}</ul>`}`,
  });
}

function statusOf(problems: Problems): 200 | 422 {
  return Object.keys(problems).length > 0 ? 422 : 200;
}

function actionItem({ at, operator, operatorName, login, action, reason }: DeskAction, visit: Member): Html {
  const text = sayIn(visit);
  const what = fill(text(actionTexts[action]), { login: login ?? text("nobody") });
  return html`<li><div class="entry"><p><strong>${what}</strong></p>${reason === undefined ? undefined : html`<p class="said">${reason}</p>`}<p class="soft small">${instantText(at, visit.language)} · ${operatorName ?? operator}</p></div></li>`;
}

/** The name goes in a form, not in an address: it stays out of histories and logs. */
export async function findAccount(visit: Member, deps: Deps): Promise<Response> {
  const sent = await readForm(visit, deps);
  const login = sent.text("login").slice(0, 200);
  const text = sayIn(visit);
  const again = (problem: string): Promise<Response> =>
    showDesk(visit, deps, { values: { login }, problems: { login: problem }, key: sent.pageKey });
  if (login === "") return await again(text("loginMissing"));
  const account = await deps.serviceDesk.lookUp(visit.caller, login, sent.key);
  return account ? redirectAfterForm(visit.call, `${path}/${account.id}`) : await again(text("notFound"));
}

export async function deskAccountPage(visit: Member, deps: Deps): Promise<Response> {
  return showAccount(visit, await deps.serviceDesk.account(visit.caller, idOf(visit)), nothingTyped);
}

function idOf({ call }: Member): string {
  const id = call.req.param("id") ?? "";
  if (!uuidPattern.test(id)) throw new NoSuchPage();
  return id;
}

function showAccount(visit: Member, account: DeskAccount, typed: Typed): Response {
  const text = sayIn(visit);
  const isOwn = visit.principal.subject === account.id;
  const ownAccount = html`<p class="empty">${text("ownAccount")}</p>`;
  return page(visit, {
    title: account.name,
    area: "operator",
    status: statusOf(typed.problems),
    notice: visit.call.req.query("done") === "unlocked" ? html`<p>${text("nowUnlocked")}</p>` : undefined,
    content: html`<p class="no-print"><a href="${path}">${text("back")}</a></p>
${facts(account, visit)}
<h2>${text("unlock")}</h2>
${account.waits.count === 0 ? html`<p class="empty">${text("noWait")}</p>` : unlockForm(visit, account, typed)}
<h2>${text("reset")}</h2>
${isOwn ? ownAccount : codeForm(visit, account, typed, resetting)}
<h2>${text("forgotten")}</h2>
${account.password === undefined ? html`<p class="empty">${text("noPassword")}</p>` : isOwn ? ownAccount : codeForm(visit, account, typed, forgotten)}`,
  });
}

function facts({ login, role, organization, secondFactor, password, waits, sessions }: DeskAccount, visit: Member): Html {
  const text = sayIn(visit);
  const { app, passkeys, recoveryCodes, resetUntil } = secondFactor;
  const factors = [
    ...(app ? [text("app")] : []),
    ...(passkeys > 0 ? [fill(text("passkeys"), { count: passkeys })] : []),
    ...(recoveryCodes > 0 ? [fill(text("codes"), { count: recoveryCodes })] : []),
  ].join(", ");
  const until = waits.until === undefined ? "" : instantText(waits.until, visit.language);
  const rows: [string, Content][] = [
    [text("login"), login],
    [text("role"), text(roleTexts[role])],
    ...(organization === undefined ? [] : ([[text("organization"), organization]] satisfies [string, Content][])),
    [text("factor"), factors || text("noFactor")],
    ...(resetUntil === undefined
      ? []
      : ([[text("pending"), fill(text("until"), { time: instantText(resetUntil, visit.language) })]] satisfies [string, Content][])),
    ...(password === undefined || password.codes === 0
      ? []
      : ([[text("passwordCodes"), fill(text("codesOf"), { codes: password.codes, operators: password.operators })]] satisfies [
          string,
          Content,
        ][])),
    [text("waits"), waits.count === 0 ? text("none") : html`<span class="tag tag-warning">${fill(text("until"), { time: until })}</span>`],
    [text("sessions"), String(sessions)],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function reasonField(name: string, text: Say, { values, problems }: Typed): Html {
  const shared = { name, label: text("reason"), hint: text("reasonHint"), rows: 2, maxLength: reasonLength.max };
  return textArea({ ...shared, value: values[name] ?? "", problem: problems[name] });
}

function unlockForm(visit: Member, { id }: DeskAccount, typed: Typed): Html {
  const text = sayIn(visit);
  const isThis = "unlockReason" in typed.values;
  return html`<p>${text("unlockWhat")}</p>${form(visit, {
    ...{ action: `${path}/${id}/unlock`, submit: text("unlock"), problems: isThis ? typed.problems : {} },
    ...(isThis && typed.key !== undefined ? { key: typed.key } : {}),
    content: reasonField("unlockReason", text, typed),
  })}`;
}

/** Something for which the desk gives out a code: the form's fields and what it says. */
interface CodeForm {
  /** Where the form leads. */
  to: "reset" | "password";
  reason: "resetReason" | "passwordReason";
  identified: "identified" | "passwordIdentified";
  submit: Name;
  what: Name;
}

const resetting: CodeForm = { to: "reset", reason: "resetReason", identified: "identified", submit: "reset", what: "resetWhat" };
const forgotten: CodeForm = {
  ...{ to: "password", reason: "passwordReason", identified: "passwordIdentified" },
  ...{ submit: "giveCode", what: "forgottenWhat" },
};

function codeForm(visit: Member, { id }: DeskAccount, typed: Typed, { to, reason, identified, submit, what }: CodeForm): Html {
  const text = sayIn(visit);
  const isThis = reason in typed.values;
  return html`<p>${text(what)}</p>${form(visit, {
    ...{ action: `${path}/${id}/${to}`, submit: text(submit), danger: true, problems: isThis ? typed.problems : {} },
    ...(isThis && typed.key !== undefined ? { key: typed.key } : {}),
    content: html`${reasonField(reason, text, typed)}
${choiceField({
  ...{ name: identified, label: text("identify"), type: "checkbox", problem: typed.problems[identified] },
  ...{ values: typed.values[identified] === "yes" ? ["yes"] : [], choices: [{ value: "yes", text: text("identified") }] },
})}`,
  })}`;
}

function reasonProblem(reason: string, text: Say): string | undefined {
  return reason.length < reasonLength.min || reason.length > reasonLength.max ? text("reasonWrong") : undefined;
}

export async function unlockAccount(visit: Member, deps: Deps): Promise<Response> {
  const [text, id] = [sayIn(visit), idOf(visit)];
  const sent = await readForm(visit, deps);
  const reason = sent.text("unlockReason");
  const problem = reasonProblem(reason, text);
  if (problem !== undefined) {
    const typed = { values: { unlockReason: reason }, problems: { unlockReason: problem }, key: sent.pageKey };
    return showAccount(visit, await deps.serviceDesk.account(visit.caller, id), typed);
  }
  await deps.serviceDesk.unlock(visit.caller, id, reason, sent.key);
  return redirectAfterForm(visit.call, `${path}/${id}?done=unlocked`);
}

export async function resetAccount(visit: Member, deps: Deps): Promise<Response> {
  return await giveCode(visit, deps, resetting, async (account, reason, key) => {
    const text = sayIn(visit);
    const { code, hours } = await deps.serviceDesk.resetFactor(visit.caller, account.id, reason, key);
    return { code, title: text("codeTitle"), lead: fill(text("codeLead"), { name: account.name, hours }) };
  });
}

export async function resetAccountPassword(visit: Member, deps: Deps): Promise<Response> {
  return await giveCode(visit, deps, forgotten, async (account, reason, key) => {
    const text = sayIn(visit);
    const { code, hours, operators } = await deps.serviceDesk.resetPassword(visit.caller, account.id, reason, key);
    const lead = text(operators === 1 ? "passwordCodeLead" : "passwordCodeLeadTwo");
    return { code, title: text("passwordCodeTitle"), lead: fill(lead, { name: account.name, hours }) };
  });
}

/** Answers with the code, which no address leads to again. */
async function giveCode(
  visit: Member,
  deps: Deps,
  asked: CodeForm,
  give: (account: DeskAccount, reason: string, key: string) => Promise<{ code: string; title: string; lead: string }>,
): Promise<Response> {
  const [text, id] = [sayIn(visit), idOf(visit)];
  const sent = await readForm(visit, deps);
  const [reason, identified] = [sent.text(asked.reason), sent.text(asked.identified)];
  const problem = reasonProblem(reason, text);
  const problems = {
    ...(problem === undefined ? {} : { [asked.reason]: problem }),
    ...(identified === "yes" ? {} : { [asked.identified]: text("notIdentified") }),
  };
  const account = await deps.serviceDesk.account(visit.caller, id);
  if (Object.keys(problems).length > 0) {
    return showAccount(visit, account, { values: { [asked.reason]: reason, [asked.identified]: identified }, problems, key: sent.pageKey });
  }
  const { code, title, lead } = await give(account, reason, sent.key);
  return page(visit, {
    title,
    area: "operator",
    content: html`<p class="lead">${lead}</p>
<dl class="facts"><dt>${text("code")}</dt><dd><code>${code}</code></dd></dl>
<p>${text("codeOnce")}</p>
<p class="actions"><a class="button" href="${path}/${id}">${text("toAccount")}</a></p>`,
  });
}
