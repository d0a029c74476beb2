import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { addNews } from "../account/news.ts";
import { type Account, accountById } from "../account/store.ts";
import type { Deps } from "../deps.ts";
import { signOutEverywhere } from "../provider/store.ts";
import { deskCode, deskCodeDigest, deskCodeHours } from "./desk-code.ts";
import { attemptPrefixes } from "./find-account.ts";
import { addAction, type DeskAct, forgiveAttempts, takeFactors } from "./store.ts";

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
export async function resetFactor(context: Context, deps: Deps, request: DeskRequest): Promise<{ code: string; hours: number }> {
  const { accountId, key } = request;
  const operator = context.principal.subject;
  if (operator === accountId) {
    await deps.audit.refused(context, { interaction: "credentials", outcome: "8", resourceType: "Person", resourceId: accountId });
    throw fhirError(403, "forbidden", "Nobody resets the own second factor here; another operator does, or your account page");
  }
  const code = deskCode(deps.cookieKeys, { accountId, operator, key });
  await once(context, deps, request, "reset-factor", async (transaction) => {
    await takeFactors(transaction, { accountId, digest: deskCodeDigest(accountId, code), hours: deskCodeHours });
    await signOutEverywhere(transaction, accountId, undefined);
    await addNews(transaction, { accountId, what: "factor-reset", requestKey: key });
  });
  return { code, hours: deskCodeHours };
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
    if (!account) throw fhirError(404, "not-found", "There is no such account");
    await work(transaction, account);
    await addAction(transaction, { operator: subject, operatorName: name, account, action, reason });
    const fact = { interaction: "credentials", outcome: "0", resourceType: "Person", resourceId: accountId } as const;
    await deps.audit.record(context, transaction, [{ ...fact, reason: `${action}: ${reason}` }]);
    return { status: 200, resourceType: "Person", resourceId: accountId, version: 1 };
  });
}
