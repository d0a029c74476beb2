import { type Html, html } from "../../lib/html.ts";
import { parseScopes } from "../../lib/scope.ts";
import { askPasskey } from "../account/passkey.ts";
import { totpEnrolment } from "../account/totp.ts";
import { button, field, form, type Page } from "../pages/page.ts";
import { waitingTime } from "../pages/texts.ts";
import { mustChoose, needsConsent, offered } from "./authorise.ts";
import { missingFactor, type Step } from "./progress.ts";
import { enrolmentSecret, type Refusal } from "./prove.ts";
import { formToken, type Visit } from "./visit.ts";

/** What the person is to be shown next. */
export function nextStep(visit: Visit): Step {
  const { signin, account } = visit.state;
  if (!account) return "identify";
  const factor = missingFactor(visit.state);
  if (factor) return factor;
  if (signin.renewsPassword) return "renew";
  if (!signin.complete) return "identify";
  if (mustChoose(visit)) return "patient";
  return needsConsent(visit) ? "consent" : "finish";
}

type Content = Pick<Page, "title" | "body" | "script">;

/** The page of a step; `recovery` shows the other way to give a second factor. */
export async function stepPage(visit: Visit, step: Step, refusal?: Refusal): Promise<Page> {
  const content = await contentOf(visit, step, refusal);
  const here = new URL(visit.call.req.url).pathname;
  return { ...content, language: visit.language, here, error: refusal && refusalText(visit, refusal) };
}

function contentOf(visit: Visit, step: Step, refusal?: Refusal): Content | Promise<Content> {
  if (step === "factor") return factorPage(visit, refusal);
  if (step === "enrol") return enrolPage(visit, refusal);
  if (step === "renew") return renewPage(visit, refusal);
  if (step === "patient") return patientPage(visit);
  if (step === "consent") return consentPage(visit);
  return identifyPage(visit, refusal);
}

function refusalText({ say, deps }: Visit, refusal: Refusal): string {
  switch (refusal.reason) {
    case "wait":
      return say("blocked", waitingTime(say, refusal.waitS));
    case "password":
      return say("wrongPassword");
    case "code":
      return say("wrongCode");
    case "recovery":
      return say("wrongRecovery");
    case "passkey":
      return say("passkeyFailed");
    case "patient":
      return say("wrongPatient");
    case "desk":
      return say("wrongDeskCode");
    case "forgotten":
      return say("wrongForgotten");
    case "weakPassword":
    case "guessedPassword":
      return say(refusal.reason);
    case "upstream":
      return say("upstreamFailed", deps.identity.upstream?.name ?? "");
  }
}

function stepForm(visit: Visit, action: string, body: Html, more: { id?: string; data?: string } = {}): Html {
  return form({ action, to: new URL(visit.call.req.url).pathname, token: formToken(visit), body, ...more });
}

async function passkeyForm(visit: Visit): Promise<Html> {
  const options = await askPasskey(visit.deps, visit.uid, visit.state.passkeys);
  const body = html`<input type="hidden" name="credential" value="">${button(visit.say("withPasskey"), true)}`;
  return stepForm(visit, "passkey", body, { id: "passkey-get", data: options });
}

async function identifyPage(visit: Visit, refusal?: Refusal): Promise<Content> {
  const { say, deps, client } = visit;
  const wrong = refusal?.reason === "password";
  const title = client.kind === "first-party" ? say("signIn") : say("signInTo", client.name);
  const hint = visit.interaction.params.login_hint;
  const login = typeof hint === "string" ? { value: hint.slice(0, 200) } : {};
  const fields = html`${field({ name: "login", label: say("login"), autocomplete: "username webauthn", wrong, focus: !refusal, ...login })}
${field({ name: "password", label: say("password"), type: "password", autocomplete: "current-password", wrong, show: say("showPassword") })}
${button(say("signIn"))}`;
  const { upstream } = deps.identity;
  const outside = upstream && stepForm(visit, "upstream", button(say("withUpstream", upstream.name), true));
  const body = html`${stepForm(visit, "password", fields)}
${forgottenForm(visit, refusal)}
${await passkeyForm(visit)}
${outside}
${stepForm(visit, "cancel", button(say("cancel"), true))}`;
  return { title, body, script: true };
}

/** For who was given codes by the service desk. */
function forgottenForm(visit: Visit, refusal?: Refusal): Html {
  const { say } = visit;
  const wrong = refusal?.reason === "forgotten";
  const fields = html`${field({ name: "owner", label: say("login"), autocomplete: "username", wrong })}
${field({ name: "desk", label: say("deskCode"), autocomplete: "off", wrong })}
${field({ name: "desk2", label: say("secondDeskCode"), autocomplete: "off", optional: true, wrong })}
${button(say("continue"), true)}`;
  return html`<details${wrong && html` open`}><summary>${say("forgotten")}</summary><p>${say("forgottenWhat")}</p>
${stepForm(visit, "forgotten", fields)}</details>`;
}

function renewPage(visit: Visit, refusal?: Refusal): Content {
  const { say, state } = visit;
  const wrong = refusal?.reason === "weakPassword" || refusal?.reason === "guessedPassword";
  const secret = { type: "password", show: say("showPassword"), autocomplete: "new-password" } as const;
  const fields = html`<input type="hidden" name="username" value="${state.account?.login ?? ""}" autocomplete="username">
${field({ name: "wanted", label: say("newPassword"), hint: say("newPasswordHint"), ...secret, wrong, focus: !refusal })}
${button(say("continue"))}`;
  const body = html`<p>${say("renewWhat")}</p>${stepForm(visit, "renew", fields)}
${stepForm(visit, "restart", button(say("back"), true))}`;
  return { title: say("renewTitle"), body, script: true };
}

async function factorPage(visit: Visit, refusal?: Refusal): Promise<Content> {
  const { say, state } = visit;
  const code = html`${field({ name: "code", label: say("code"), autocomplete: "one-time-code", hint: say("codeHint"), numeric: true, wrong: refusal?.reason === "code", focus: !refusal })}
${button(say("continue"))}`;
  const recovery = html`<details${refusal?.reason === "recovery" && html` open`}><summary>${say("useRecovery")}</summary>
${stepForm(
  visit,
  "recovery",
  html`${field({ name: "recovery", label: say("recoveryCode"), autocomplete: "off", wrong: refusal?.reason === "recovery" })}${button(say("continue"), true)}`,
)}</details>`;
  const passkey = state.passkeys.length > 0 && (await passkeyForm(visit));
  const body = html`${state.account?.totpSecret !== undefined && stepForm(visit, "code", code)}
${passkey}
${recovery}
${stepForm(visit, "restart", button(say("back"), true))}`;
  return { title: say("secondFactor"), body, script: state.passkeys.length > 0 };
}

async function enrolPage(visit: Visit, refusal?: Refusal): Promise<Content> {
  const { say, state } = visit;
  const { account } = state;
  if (!account) throw new Error("nobody to enrol");
  const { uri, key } = totpEnrolment(await enrolmentSecret(visit, account), account.login);
  const wasReset = account.factorReset !== undefined;
  const desk = wasReset && field({ name: "desk", label: say("deskCode"), autocomplete: "off", wrong: refusal?.reason === "desk" });
  const fields = html`${desk}
${field({ name: "code", label: say("code"), autocomplete: "one-time-code", numeric: true, wrong: refusal?.reason === "code" })}
${button(say("continue"))}`;
  const body = html`<p>${say(wasReset ? "resetWhy" : "enrolWhy")}</p>
<p>${say("enrolKey")}: <code class="key">${key.replace(/(.{4})(?=.)/g, "$1 ")}</code></p>
<p><a href="${uri}">${say("enrolLink")}</a></p>
${stepForm(visit, "enrol", fields)}
${stepForm(visit, "restart", button(say("back"), true))}`;
  return { title: say("enrolTitle"), body };
}

/** The recovery codes, once, with the way on. */
export function recoveryPage(visit: Visit, codes: readonly string[]): Page {
  const { say, language } = visit;
  const list = codes.map((code) => html`<li><code>${code}</code></li>`);
  const body = html`<p>${say("recoveryWhy")}</p><ul>${list}</ul>${stepForm(visit, "continue", button(say("continue")))}`;
  return { language, title: say("recoveryTitle"), body };
}

function patientPage(visit: Visit): Content {
  const { say, state } = visit;
  const { account } = state;
  const own = account?.patientId === undefined ? [] : [{ patientId: account.patientId, name: `${account.name} (${say("ownRecord")})` }];
  const choices = [...own, ...state.others].map(
    ({ patientId, name }, index) =>
      html`<label><input type="radio" name="patient" value="${patientId}" required${index === 0 && html` checked`}> ${name}</label>`,
  );
  const body = html`<fieldset><legend>${say("choosePatient")}</legend>${choices}</fieldset>${button(say("continue"))}`;
  return {
    title: say("choosePatient"),
    body: html`${stepForm(visit, "patient", body)}${stepForm(visit, "cancel", button(say("cancel"), true))}`,
  };
}

function consentPage(visit: Visit): Content {
  const { say, client } = visit;
  const wishes = consentWords(visit).map((text) => html`<li>${text}</li>`);
  const body =
    wishes.length === 0
      ? html`<p>${say("noAccess")}</p>`
      : html`<p>${say("consentWhat")}</p><ul>${wishes}</ul>${stepForm(visit, "consent", button(say("allow")))}`;
  return { title: say("consentTitle", client.name), body: html`${body}${stepForm(visit, "cancel", button(say("refuse"), true))}` };
}

/** Scopes in words; resources have FHIR's names, which are the same in every language. */
function consentWords(visit: Visit): string[] {
  const { say } = visit;
  const scopes = offered(visit);
  const words = new Set<string>();
  for (const scope of scopes) {
    const [parsed] = parseScopes(scope);
    if (scope === "openid" || scope === "fhirUser" || scope === "profile") words.add(say("grantIdentity"));
    if (scope === "offline_access") words.add(say("grantOffline"));
    if (!parsed) continue;
    const what = parsed.resourceType === "*" ? say("everything") : parsed.resourceType;
    const letters = [...parsed.permissions];
    if (letters.some((letter) => "rs".includes(letter))) words.add(say("grantRead", what));
    if (letters.some((letter) => "cud".includes(letter))) words.add(say("grantWrite", what));
  }
  return [...words];
}
