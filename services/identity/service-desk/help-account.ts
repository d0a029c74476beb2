import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { addNews } from "../account/news.ts";
import { passkeysOf } from "../account/passkey-store.ts";
import { type Account, accountById } from "../account/store.ts";
import type { Deps } from "../deps.ts";
import { signOutEverywhere } from "../provider/store.ts";
import { type DeskCodeKind, deskCode, deskCodeDigest, deskCodeHours, operatorsForPassword } from "./desk-code.ts";
import { attemptPrefixes } from "./find-account.ts";
import { addAction, type DeskAct, forgiveAttempts, putPasswordCode, takeFactors } from "./store.ts";

/** A wish of an operator about an account. */
export interface DeskRequest extends WriteRequest {
  accountId: string;
  reason: string;
}

/** Ends the waiting that wrong attempts brought about, wherever they came from. It lets nobody in. @throws FhirError 404 */
export async function unlock(context: Context, deps: Deps, request: DeskRequest): Promise<void> {
  await once(context, deps, request, "unlock", (transaction, account) => forgiveAttempts(transaction, attemptPrefixes(deps, account)));
}

/**
 * Takes away a lost second factor: app, passkeys and recovery codes, and ends every session. At the next sign-in the person sets up a new
 * one, with the password and the code that the desk gives them: neither the desk nor somebody with the password alone gets in.
 * @throws FhirError 403 for the operator's own account, 404
 */
export async function resetFactor(context: Context, deps: Deps, request: DeskRequest): Promise<GivenCode> {
  const { accountId, key } = request;
  const { code, digest } = await codeFor(context, deps, request, "desk-code");
  await once(context, deps, request, "reset-factor", async (transaction) => {
    await takeFactors(transaction, { accountId, digest, hours: deskCodeHours });
    await signOutEverywhere(transaction, accountId, undefined);
    await addNews(transaction, { accountId, what: "factor-reset", requestKey: key });
  });
  return { code, hours: deskCodeHours };
}

/**
 * Gives out a code for a forgotten password. With it and the second factor the person chooses a new one; an account without a second factor
 * wants the codes of two operators. Nothing changes until then: the old password stays good, and sessions go on.
 * @throws FhirError 403 for the operator's own account, 404, 409 where there is no password
 */
export async function resetPassword(context: Context, deps: Deps, request: DeskRequest): Promise<GivenCode & { operators: 1 | 2 }> {
  const { accountId, key } = request;
  const operator = context.principal.subject;
  const { code, digest } = await codeFor(context, deps, request, "password-code");
  await once(context, deps, request, "reset-password", async (transaction, account) => {
    if (account.passwordHash === undefined) throw fhirError(409, "conflict", "This account has no password: it signs in elsewhere");
    await putPasswordCode(transaction, { accountId, operator, digest, hours: deskCodeHours });
    await addNews(transaction, { accountId, what: "password-code", requestKey: key });
  });
  const operators = await deps.database.write(context, async (transaction) => {
    const account = await accountById(transaction, accountId);
    return account && operatorsForPassword(account, (await passkeysOf(transaction, accountId)).length);
  });
  if (operators === undefined) throw noAccount();
  return { code, hours: deskCodeHours, operators };
}

/** A code that is shown once, and for how many hours it is good. */
export interface GivenCode {
  code: string;
  hours: number;
}

/** Nobody gives a code to the own account. @throws FhirError 403 */
async function codeFor(
  context: Context,
  deps: Deps,
  { accountId, key }: DeskRequest,
  kind: DeskCodeKind,
): Promise<{ code: string; digest: string }> {
  const operator = context.principal.subject;
  if (operator === accountId) {
    await deps.audit.refused(context, { interaction: "credentials", outcome: "8", resourceType: "Person", resourceId: accountId });
    throw fhirError(403, "forbidden", "Nobody resets the own account here; another operator does, or your account page");
  }
  const code = deskCode(deps.cookieKeys, kind, { accountId, operator, key });
  return { code, digest: deskCodeDigest(kind, accountId, code) };
}

function noAccount(): Error {
  return fhirError(404, "not-found", "There is no such account");
}

async function once(
  context: Context,
  deps: Deps,
  request: DeskRequest,
  action: DeskAct,
  work: (transaction: Transaction, account: Account) => Promise<void>,
): Promise<void> {
  const { accountId, reason } = request;
  const { subject, name } = context.principal;
  await exactlyOnce(context, deps, request, async (transaction) => {
    const account = await accountById(transaction, accountId);
    if (!account) throw noAccount();
    await work(transaction, account);
    await addAction(transaction, { operator: subject, operatorName: name, account, action, reason });
    const fact = { interaction: "credentials", outcome: "0", resourceType: "Person", resourceId: accountId } as const;
    deps.audit.record(context, transaction, [{ ...fact, reason: `${action}: ${reason}` }]);
    return { status: 200, resourceType: "Person", resourceId: accountId, version: 1 };
  });
}
