import { getCookie, setCookie } from "hono/cookie";
import type { Interaction } from "oidc-provider";
import type { Context } from "../../lib/context.ts";
import type { Call } from "../../lib/http.ts";
import { isLanguage, type Language } from "../../lib/language.ts";
import { deviceDigest, deviceName, isKnownDevice } from "../account/known-device.ts";
import { type Passkey, passkeysOf } from "../account/passkey-store.ts";
import { type Account, accountById } from "../account/store.ts";
import { type ClientRecord, findClient } from "../client/store.ts";
import type { Delegation } from "../delegation/find-delegations.ts";
import { othersRecords } from "../delegation/records.ts";
import type { Deps } from "../deps.ts";
import { chooseLanguage } from "../pages/language.ts";
import { type Say, speak } from "../pages/texts.ts";
import { nodeOf, type RequestScope, requestScope, scopeOf } from "../request-scope.ts";
import { findSignin, type Signin } from "./store.ts";

/** Everything a step of signing in works with. */
export interface Visit {
  call: Call;
  deps: Deps;
  context: Context;
  scope: RequestScope;
  interaction: Interaction;
  uid: string;
  client: ClientRecord;
  language: Language;
  say: Say;
  /** The browser's own name. */
  device: string;
  state: SigninState;
}

export interface SigninState {
  signin: Signin;
  /** Who is signing in or, after the password, has to show a second factor. */
  account: Account | undefined;
  passkeys: Passkey[];
  /** Records of others that the account opens; none before it has shown who it is. */
  others: Delegation[];
}

const yearS = 365 * 86_400;
export const deviceCookie = "identity_device";
export const languageCookie = "identity_language";
export const cookieOptions = { path: "/identity", httpOnly: true, sameSite: "Lax", secure: true, maxAge: yearS } as const;

/** The language of the page, and a switch of it. */
export function languageOf(call: Call, uiLocales?: string): Language {
  const asked = call.req.query("lang");
  if (isLanguage(asked)) {
    setCookie(call, languageCookie, asked, cookieOptions);
    return asked;
  }
  return chooseLanguage(getCookie(call, languageCookie), uiLocales, call.req.header("Accept-Language"));
}

/** Loads what the page's address and cookie name; undefined when the sign-in is over or another browser's. */
export async function loadVisit(call: Call, deps: Deps): Promise<Visit | undefined> {
  const { incoming, outgoing } = nodeOf(call);
  const provider = deps.provider();
  const base = scopeOf(call, deps);
  const interaction = await requestScope.run(base, () =>
    provider.interactionDetails(incoming as never, outgoing as never).catch((error: unknown) => {
      if ((error as Error).name === "SessionNotFound") return undefined;
      throw error;
    }),
  );
  if (!interaction || interaction.uid !== call.req.param("uid")) return undefined;
  const clientId = String(interaction.params.client_id);
  const client = await findClient(base.context, deps, clientId);
  if (!client) return undefined;
  const principal = { ...base.context.principal, clientId };
  const context = { ...base.context, principal };
  const language = languageOf(call, interaction.params.ui_locales as string | undefined);
  return {
    call,
    deps,
    context,
    scope: { ...base, context },
    interaction,
    uid: interaction.uid,
    client,
    language,
    say: speak(language),
    device: deviceName(getCookie(call, deviceCookie)),
    state: await loadState(context, deps, interaction),
  };
}

async function loadState(context: Context, deps: Deps, interaction: Interaction): Promise<SigninState> {
  const state = await readState(context, deps, interaction);
  const { account, signin } = state;
  return { ...state, others: account && signin.complete ? await othersRecords(context, deps, account) : [] };
}

async function readState(context: Context, deps: Deps, interaction: Interaction): Promise<Omit<SigninState, "others">> {
  return await deps.database.write(context, async (transaction) => {
    const signin = await findSignin(transaction, interaction.uid);
    // Only a request that wants nothing but consent goes on with the session there is.
    const signedIn = interaction.prompt.name === "consent" ? interaction.session?.accountId : undefined;
    if (signin.accountId === undefined && signedIn !== undefined) Object.assign(signin, { accountId: signedIn, complete: true });
    const account = signin.accountId === undefined ? undefined : await accountById(transaction, signin.accountId);
    const passkeys = account ? await passkeysOf(transaction, account.id) : [];
    return { signin: account ? signin : { ...signin, accountId: undefined, amr: [], complete: false }, account, passkeys };
  });
}

/** Whether this account has signed in from this browser before. */
export async function knownDevice(visit: Visit, accountId: string): Promise<string | undefined> {
  const id = deviceDigest(visit.device, accountId);
  return (await visit.deps.database.write(visit.context, (transaction) => isKnownDevice(transaction, id))) ? id : undefined;
}

/** What the form's token covers: this sign-in. */
export function formToken({ deps, uid }: Pick<Visit, "deps" | "uid">): string {
  return deps.cookieKeys.sign("form", uid);
}
