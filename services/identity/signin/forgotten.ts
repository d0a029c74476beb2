import { passkeysOf } from "../account/passkey-store.ts";
import { passwordFault } from "../account/password-strength.ts";
import { accountByLogin, setPassword } from "../account/store.ts";
import { attemptSucceeded } from "../account/throttle.ts";
import { signOutEverywhere } from "../provider/store.ts";
import { deskCodeDigest, operatorsForPassword } from "../service-desk/desk-code.ts";
import { dropPasswordCodes, passwordCodesOf } from "../service-desk/store.ts";
import { admit, authenticated, keysFor, noteNews, recordFact, recordFailure } from "./progress.ts";
import { loginAsKept, type Refusal } from "./prove.ts";
import { putSignin } from "./store.ts";
import type { Visit } from "./visit.ts";

/**
 * Name and what the service desk gave out, in place of the password. A second factor is asked for next, where there is one; the answer tells
 * nobody whether an account has one, or is there at all.
 */
export async function proveDeskCodes(visit: Visit, given: { login: string; codes: readonly string[] }): Promise<Refusal | undefined> {
  const { deps, context } = visit;
  const login = loginAsKept(given.login);
  const known = await deps.database.write(context, async (transaction) => {
    const account = await accountByLogin(transaction, login);
    if (!account) return undefined;
    const passkeys = await passkeysOf(transaction, account.id);
    return { account, wanted: operatorsForPassword(account, passkeys.length), kept: await passwordCodesOf(transaction, account.id) };
  });
  // Counted as a password is: there is one number of guesses, not two.
  const keys = await keysFor(visit, `login:${login}`, known?.account);
  const waitS = await admit(visit, keys, known?.account);
  if (waitS > 0) return { reason: "wait", waitS };
  const shown = new Set(known && given.codes.map((code) => deskCodeDigest("password-code", known.account.id, code)));
  if (!known || known.kept.filter((digest) => shown.has(digest)).length < known.wanted) {
    await recordFailure(visit, known?.account);
    return { reason: "forgotten" };
  }
  await deps.database.write(context, async (transaction) => {
    await attemptSucceeded(transaction, keys);
    await putSignin(transaction, visit.uid, { accountId: known.account.id, amr: [], complete: false, renewsPassword: true });
  });
  return undefined;
}

/** The new password: it uses the codes up, ends every other session and all software's access, and completes the sign-in. */
export async function renewPassword(visit: Visit, wanted: string): Promise<Refusal | undefined> {
  const { deps, context, state } = visit;
  const { account, passkeys, signin } = state;
  if (!account) return { reason: "forgotten" };
  const fault = await passwordFault(account, wanted);
  if (fault) return { reason: fault };
  const hash = await deps.passwords.hash(wanted);
  const renewed: Visit = { ...visit, state: { ...state, signin: { ...signin, renewsPassword: false } } };
  await deps.database.write(context, async (transaction) => {
    await setPassword(transaction, account.id, hash);
    await dropPasswordCodes(transaction, account.id);
    // Not this browser's own session, if it has one: the sign-in is bound to it.
    await signOutEverywhere(transaction, account.id, visit.interaction.session?.uid);
    await recordFact(visit, transaction, account, "credentials");
    await noteNews(visit, transaction, account.id, "password");
    await authenticated(renewed, transaction, { account, passkeys: passkeys.length, amr: [...signin.amr, "pwd"] });
  });
  return undefined;
}
