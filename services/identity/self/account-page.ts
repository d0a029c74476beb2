import { type Html, html } from "../../lib/html.ts";
import { type Change, type News, readNews } from "../account/news.ts";
import { offerPasskey } from "../account/passkey.ts";
import { countRecoveryCodes } from "../account/store.ts";
import { newTotpSecret, totpEnrolment } from "../account/totp.ts";
import { button, field, form, renderPage } from "../pages/page.ts";
import { type TextKey, waitingTime } from "../pages/texts.ts";
import { type Access, type SignedIn, sessionsOf, softwareWithAccess } from "../provider/store.ts";
import type { Outcome } from "./change.ts";
import { type Own, ownFormToken } from "./session.ts";

const here = "/identity/account";

const newsTexts: Record<Change, TextKey> = {
  "new-device": "newsNewDevice",
  password: "newsPassword",
  "totp-added": "newsTotpAdded",
  "totp-removed": "newsTotpRemoved",
  "passkey-added": "newsPasskeyAdded",
  "passkey-removed": "newsPasskeyRemoved",
  "recovery-renewed": "newsRecoveryRenewed",
  "recovery-used": "newsRecoveryUsed",
  "code-reused": "newsCodeReused",
  "factor-reset": "newsFactorReset",
  "password-code": "newsPasswordCode",
};

function ownForm(own: Own, action: string, body: Html, more: { id?: string; data?: string } = {}): Html {
  return form({ action, to: here, token: ownFormToken(own), body, ...more });
}

/** The page about the own account: password, second factor, software, devices. */
export async function accountPage(own: Own, outcome: Outcome = {}): Promise<string> {
  const { say, language, account, deps, context } = own;
  const { sessions, codesLeft, software, news } = await deps.database.write(context, async (transaction) => ({
    sessions: await sessionsOf(transaction, account.id),
    codesLeft: await countRecoveryCodes(transaction, account.id),
    software: await softwareWithAccess(transaction, account.id),
    news: await readNews(transaction, account.id, own.sessionUid),
  }));
  const body = html`<p>${say("signedInAs", account.name)}</p>
${outcome.recoveryCodes && recoveryList(own, outcome.recoveryCodes)}
${passwordSection(own, outcome)}
${await factorSection(own, codesLeft, outcome)}
${softwareSection(own, software)}
${deviceSection(own, sessions)}
${newsSection(own, news)}`;
  const error = outcome.error && say(outcome.error, outcome.waitS === undefined ? "" : waitingTime(say, outcome.waitS));
  const notice = outcome.notice && say(outcome.notice);
  return renderPage({ language, title: say("account"), body, here, script: true, error, notice });
}

function recoveryList({ say }: Own, codes: readonly string[]): Html {
  return html`<section><h2>${say("recoveryTitle")}</h2><p>${say("recoveryWhy")}</p><ul>${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul></section>`;
}

function passwordSection(own: Own, { error }: Outcome): Html {
  const { say, account } = own;
  if (account.passwordHash === undefined) return html``;
  const weak = error === "weakPassword" || error === "guessedPassword";
  const secret = { type: "password", show: say("showPassword") } as const;
  const fields = html`<input type="hidden" name="username" value="${account.login}" autocomplete="username">
${field({ name: "present", label: say("presentPassword"), ...secret, autocomplete: "current-password", wrong: error === "wrongPassword" })}
${field({ name: "wanted", label: say("newPassword"), ...secret, autocomplete: "new-password", hint: say("newPasswordHint"), wrong: weak })}
${button(say("changePassword"))}`;
  return html`<section><h2>${say("changePassword")}</h2>${ownForm(own, "password", fields)}</section>`;
}

async function factorSection(own: Own, codesLeft: number, outcome: Outcome): Promise<Html> {
  const { say, account, passkeys, deps, sessionUid } = own;
  const on = html`<p>${say("totpOn")}</p>${ownForm(own, "remove-totp", button(say("removeTotp"), true))}`;
  const keys = passkeys.map(
    ({ id, label }) =>
      html`<li>${ownForm(own, "remove-passkey", html`<input type="hidden" name="id" value="${id}">${button(say("removePasskey", label), true)}`)}</li>`,
  );
  const create = html`<input type="hidden" name="credential" value="">
${field({ name: "label", label: say("passkeyName"), autocomplete: "off" })}${button(say("addPasskey"))}`;
  const options = await offerPasskey(deps, sessionUid, account, passkeys);
  const strong = account.totpSecret !== undefined || passkeys.length > 0;
  const recovery = html`<p>${say("recoveryLeft", codesLeft)}</p>${ownForm(own, "recovery", button(say("newRecovery"), true))}`;
  return html`<section><h2>${say("factors")}</h2>
${account.totpSecret === undefined ? offerTotp(own, outcome) : on}
<h3>${say("passkeys")}</h3>
${keys.length > 0 ? html`<ul>${keys}</ul>` : html`<p>${say("noPasskeys")}</p>`}
<noscript><p class="hint">${say("passkeyScript")}</p></noscript>
${ownForm(own, "passkey", create, { id: "passkey-create", data: options })}
${strong && recovery}</section>`;
}

function offerTotp(own: Own, { error }: Outcome): Html {
  const { say, account, deps, sessionUid } = own;
  const secret = newTotpSecret();
  const { uri, key } = totpEnrolment(secret, account.login);
  const sealed = deps.secrets.seal(secret, `offer:${sessionUid}`).toString("base64url");
  const fields = html`<input type="hidden" name="offer" value="${sealed}">
<p>${say("enrolKey")}: <code class="key">${key.replace(/(.{4})(?=.)/g, "$1 ")}</code></p><p><a href="${uri}">${say("enrolLink")}</a></p>
${field({ name: "code", label: say("code"), autocomplete: "one-time-code", numeric: true, wrong: error === "wrongCode" })}${button(say("addTotp"))}`;
  return html`<details${error === "wrongCode" && html` open`}><summary>${say("addTotp")}</summary>${ownForm(own, "totp", fields)}</details>`;
}

function softwareSection(own: Own, software: readonly Access[]): Html {
  const { say } = own;
  const date = dateIn(own);
  const rows = software.map(({ clientId, name, since }) => {
    const end = html`<input type="hidden" name="client" value="${clientId}">${button(say("endAccess", name), true)}`;
    return html`<li>${name}, ${say("since", date.format(since))}${ownForm(own, "end-access", end)}</li>`;
  });
  return html`<section><h2>${say("software")}</h2>
${rows.length > 0 ? html`<p class="hint">${say("softwareHint")}</p><ul>${rows}</ul>` : html`<p>${say("noSoftware")}</p>`}</section>`;
}

function dateIn({ language }: Own): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: "Europe/Luxembourg" });
}

function deviceSection(own: Own, sessions: readonly SignedIn[]): Html {
  const { say, sessionUid } = own;
  const date = dateIn(own);
  const rows = sessions.map(({ uid, device, since }) => {
    const own = uid === sessionUid ? ` (${say("thisDevice")})` : "";
    return html`<li>${browserName(device) ?? say("unknownDevice")}${own}, ${say("since", date.format(since))}</li>`;
  });
  return html`<section><h2>${say("devices")}</h2><ul>${rows}</ul>${ownForm(own, "sign-out-others", button(say("signOutOthers"), true))}
<p><a href="/identity/session/end?client_id=account-pages">${say("signOut")}</a></p></section>`;
}

function newsSection(own: Own, news: readonly News[]): Html {
  const { say } = own;
  const date = dateIn(own);
  const rows = news.map(({ at, what, device, isNew }) => {
    const where = device === undefined ? say("byServiceDesk") : (browserName(device) ?? say("unknownDevice"));
    return html`<li>${isNew && html`<strong>${say("newsNew")}</strong> `}${date.format(at)}: ${say(newsTexts[what])} (${where})</li>`;
  });
  return html`<section id="news"><h2>${say("news")}</h2><p class="hint">${say("newsHint")}</p>
${rows.length > 0 ? html`<ul>${rows}</ul>` : html`<p>${say("noNews")}</p>`}</section>`;
}

/** Browser and system, as far as the User-Agent header tells. */
function browserName(userAgent: string): string | undefined {
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => userAgent.includes(`${name}/`));
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux"].find((name) => userAgent.includes(name));
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  return browser && `${names[browser] ?? browser}${system ? `, ${system}` : ""}`;
}
