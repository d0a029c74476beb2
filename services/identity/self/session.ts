import { getCookie } from "hono/cookie";
import type { Context } from "../../lib/context.ts";
import type { Call } from "../../lib/http.ts";
import type { Language } from "../../lib/language.ts";
import { type Passkey, passkeysOf } from "../account/passkey-store.ts";
import { type Account, accountById } from "../account/store.ts";
import { accountClientId } from "../client/service-clients.ts";
import type { Deps } from "../deps.ts";
import { type Say, speak } from "../pages/texts.ts";
import { nodeOf, type RequestScope, requestScope, scopeOf } from "../request-scope.ts";
import { languageOf } from "../signin/visit.ts";

/** Somebody who is signed in, at the pages about the own account. */
export interface Own {
  call: Call;
  deps: Deps;
  context: Context;
  scope: RequestScope;
  account: Account;
  passkeys: Passkey[];
  /** Names the session, without being the cookie. */
  sessionUid: string;
  /** Signed in so shortly ago that what protects the account may be changed. */
  fresh: boolean;
  language: Language;
  say: Say;
}

const freshS = 900;

/** Who is signed in in this browser, by the provider's own session. */
export async function loadOwn(call: Call, deps: Deps): Promise<Own | undefined> {
  const { incoming, outgoing } = nodeOf(call);
  const scope = scopeOf(call, deps);
  const provider = deps.provider();
  const session = await requestScope.run(scope, () =>
    provider.Session.get(provider.createContext(incoming as never, outgoing as never) as never),
  );
  const { accountId, uid, loginTs } = session;
  if (accountId === undefined) return undefined;
  const found = await deps.database.write(scope.context, async (transaction) => {
    const account = await accountById(transaction, accountId);
    return account && { account, passkeys: await passkeysOf(transaction, accountId) };
  });
  if (!found) return undefined;
  const { account } = found;
  const principal = { ...scope.context.principal, subject: account.id, name: account.name, role: account.role, clientId: accountClientId };
  const context = { ...scope.context, principal };
  const language = languageOf(call, getCookie(call, "identity_language") === undefined ? account.language : undefined);
  return {
    call,
    deps,
    context,
    scope: { ...scope, context },
    ...found,
    sessionUid: uid,
    fresh: Date.now() / 1000 - (loginTs ?? 0) < freshS,
    language,
    say: speak(language),
  };
}

/** Where somebody signs in for these pages; `again` even if they are. */
export function signInAddress(deps: Deps, again: boolean): string {
  const { issuer } = deps.identity;
  const url = new URL(`${issuer}/auth`);
  const parameters = {
    client_id: accountClientId,
    response_type: "none",
    scope: "openid",
    redirect_uri: `${issuer}/account`,
    ...(again ? { prompt: "login" } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

export function ownFormToken({ deps, sessionUid }: Pick<Own, "deps" | "sessionUid">): string {
  return deps.cookieKeys.sign("own", sessionUid);
}
