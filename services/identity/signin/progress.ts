import type { AuditFact } from "../../lib/audit-event.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { deviceDigest, rememberDevice } from "../account/known-device.ts";
import { addNews, type Change } from "../account/news.ts";
import type { Account } from "../account/store.ts";
import { type AttemptKeys, admitAttempt, attemptKeys, attemptSucceeded } from "../account/throttle.ts";
import { putSignin, type Signin } from "./store.ts";
import { knownDevice, type SigninState, type Visit } from "./visit.ts";

/** What a sign-in still wants. */
export type Step = "identify" | "factor" | "enrol" | "renew" | "patient" | "consent" | "finish";

/** Of the ways of authentication, those that are a second factor or two in one. */
const strong = ["otp", "hwk", "rec", "ext"];

export function isStrong(amr: readonly string[]): boolean {
  return amr.some((each) => strong.includes(each));
}

/** Professionals and operators need a second factor; patients show the one they have set up, or set it up anew after a reset. */
export function needsFactor(account: Account, passkeys: number): boolean {
  return account.role !== "patient" || account.totpSecret !== undefined || passkeys > 0 || account.factorReset !== undefined;
}

/** What authentication still wants, once somebody has said who they are. */
export function missingFactor({ signin, account, passkeys }: SigninState): "factor" | "enrol" | undefined {
  if (!account || signin.complete || isStrong(signin.amr) || !needsFactor(account, passkeys.length)) return undefined;
  return account.totpSecret === undefined && passkeys.length === 0 ? "enrol" : "factor";
}

/** What an attempt at the account or login is counted by. */
export async function keysFor(visit: Visit, subject: string, account: Account | undefined): Promise<AttemptKeys> {
  const device = account ? await knownDevice(visit, account.id) : undefined;
  return attemptKeys({ subject: visit.deps.cookieKeys.sign("attempt", subject), network: visit.scope.network, device });
}

function factAbout(account: Account | undefined, interaction: AuditFact["interaction"], outcome: AuditFact["outcome"]): AuditFact {
  return { interaction, outcome, resourceType: "Person", ...(account ? { resourceId: account.id } : {}) };
}

/** Records a fact about an account in its own name. */
export async function recordFact(
  visit: Pick<Visit, "context" | "deps">,
  transaction: Transaction,
  account: Account | undefined,
  interaction: AuditFact["interaction"],
  outcome: AuditFact["outcome"] = "0",
): Promise<void> {
  const { context, deps } = visit;
  const who = account ? { subject: account.id, name: account.name } : {};
  const role = account?.role ?? context.principal.role;
  const principal = { ...context.principal, ...who, role };
  deps.audit.record({ ...context, principal }, transaction, [factAbout(account, interaction, outcome)]);
}

/** Tells the account's owner of what this request did. @param by with the session it was done in, if one had begun */
export async function noteNews(
  by: Pick<Visit, "call" | "scope"> & { sessionUid?: string },
  transaction: Transaction,
  accountId: string,
  what: Change,
): Promise<void> {
  const { call, scope, sessionUid } = by;
  // A client that does not say what it is, is not the service desk.
  const device = call.req.header("User-Agent") ?? "";
  await addNews(transaction, { accountId, what, device, sessionUid, requestKey: scope.requestKey });
}

/** Counts an attempt. Returns the seconds to wait, 0 when it may be made. */
export async function admit(visit: Visit, keys: AttemptKeys, account: Account | undefined): Promise<number> {
  return await visit.deps.database.write(visit.context, async (transaction) => {
    const { waitS, slowed } = await admitAttempt(transaction, keys, visit.scope.requestKey);
    if (slowed) await recordFact(visit, transaction, account, "lock", "8");
    return waitS;
  });
}

export async function recordFailure(visit: Visit, account: Account | undefined): Promise<void> {
  await visit.deps.database.write(visit.context, (transaction) => recordFact(visit, transaction, account, "login", "8"));
}

/**
 * Notes a way of authentication that succeeded, within the caller's transaction. With the last one that is needed, the sign-in is
 * complete: it is recorded, and the browser is known from now on.
 */
export async function authenticated(
  visit: Visit,
  transaction: Transaction,
  proof: { account: Account; amr: string[]; passkeys: number; keys?: AttemptKeys; enrolled?: boolean },
): Promise<void> {
  const { account, amr, passkeys, keys, enrolled } = proof;
  const shown = isStrong(amr) || (enrolled ?? false) || !needsFactor(account, passkeys);
  const complete = shown && !(visit.state.signin.renewsPassword ?? false);
  const signin: Signin = { ...visit.state.signin, accountId: account.id, amr, complete, enrolSecret: undefined, upstream: undefined };
  if (keys) await attemptSucceeded(transaction, keys);
  await putSignin(transaction, visit.uid, signin);
  if (!complete) return;
  if (await rememberDevice(transaction, deviceDigest(visit.device, account.id), account.id)) {
    await noteNews(visit, transaction, account.id, "new-device");
  }
  await recordFact(visit, transaction, account, "login");
}
