import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { passkeysOf } from "../account/passkey-store.ts";
import { type Account, accountById, accountByLogin, countRecoveryCodes } from "../account/store.ts";
import type { Deps } from "../deps.ts";
import { sessionsOf } from "../provider/store.ts";
import { operatorsForPassword } from "./desk-code.ts";
import { addAction, passwordCodesOf, waitsOf } from "./store.ts";

/** What the service desk sees of an account: nothing of any record, no secret. */
export interface SeenAccount {
  id: string;
  login: string;
  name: string;
  role: Account["role"];
  organization?: string;
  secondFactor: {
    app: boolean;
    passkeys: number;
    recoveryCodes: number;
    /** ISO instant: a reset waits until then for a new factor. */
    resetUntil?: string;
  };
  /** Undefined: there is none, the person signs in elsewhere. Codes for a new one: how many are good now, and from how many operators it takes. */
  password?: { codes: number; operators: 1 | 2 };
  /** From how many places attempts have to wait, and until when (ISO instant). */
  waits: { count: number; until?: string };
  /** Browsers that are signed in. */
  sessions: number;
}

/** The beginnings of the keys by which attempts at the account are counted (account/throttle.ts). */
export function attemptPrefixes({ cookieKeys }: Deps, { id, login }: Pick<Account, "id" | "login">): string[] {
  const subjects = [`login:${login}`, `factor:${id}`, `own:${id}`].map((subject) => cookieKeys.sign("attempt", subject));
  return subjects.flatMap((subject) => [`pair:${subject}:`, `device:${subject}:`]);
}

/** One account by its exact login: the desk leafs through no list. That it looked is recorded, also where there is none. @throws FhirError 404 */
export async function lookUpAccount(context: Context, deps: Deps, login: string): Promise<SeenAccount> {
  const { subject, name } = context.principal;
  const found = await deps.database.write(context, async (transaction) => {
    const account = await accountByLogin(transaction, login.slice(0, 200));
    await addAction(transaction, { operator: subject, operatorName: name, account, action: "look" });
    await recordLook(context, deps, transaction, account);
    return account && (await seen(deps, transaction, account));
  });
  if (!found) throw fhirError(404, "not-found", "No account has this user name");
  return found;
}

/** The same account again, after something was done. @throws FhirError 404 */
export async function readAccount(context: Context, deps: Deps, id: string): Promise<SeenAccount> {
  const found = await deps.database.write(context, async (transaction) => {
    const account = await accountById(transaction, id);
    await recordLook(context, deps, transaction, account);
    return account && (await seen(deps, transaction, account));
  });
  if (!found) throw fhirError(404, "not-found", "There is no such account");
  return found;
}

async function recordLook(context: Context, deps: Deps, transaction: Transaction, account: Account | undefined): Promise<void> {
  const fact = { interaction: "read", outcome: account ? "0" : "4", resourceType: "Person" } as const;
  deps.audit.record(context, transaction, [account ? { ...fact, resourceId: account.id } : fact]);
}

async function seen(deps: Deps, transaction: Transaction, account: Account): Promise<SeenAccount> {
  const { id, login, name, role, organizationId, totpSecret, factorReset, passwordHash } = account;
  const passkeys = await passkeysOf(transaction, id);
  const recoveryCodes = await countRecoveryCodes(transaction, id);
  const waits = await waitsOf(transaction, attemptPrefixes(deps, account));
  const sessions = await sessionsOf(transaction, id);
  const codes = await passwordCodesOf(transaction, id);
  return {
    ...{ id, login, name, role },
    ...(organizationId === undefined ? {} : { organization: organizationId }),
    secondFactor: {
      ...{ app: totpSecret !== undefined, passkeys: passkeys.length, recoveryCodes },
      ...(factorReset ? { resetUntil: factorReset.expiresAt.toISOString() } : {}),
    },
    ...(passwordHash === undefined ? {} : { password: { codes: codes.length, operators: operatorsForPassword(account, passkeys.length) } }),
    waits: { count: waits.count, ...(waits.until ? { until: waits.until.toISOString() } : {}) },
    sessions: sessions.length,
  };
}
