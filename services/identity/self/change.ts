import type { Transaction } from "../../lib/database/database.ts";
import type { Change } from "../account/news.ts";
import { acceptPasskey } from "../account/passkey.ts";
import { addPasskey, removePasskey } from "../account/passkey-store.ts";
import { passwordFault } from "../account/password-strength.ts";
import { newRecoveryCodes, recoveryDigest } from "../account/recovery-codes.ts";
import { replaceRecoveryCodes, setPassword, setTotpSecret, useTotpStep } from "../account/store.ts";
import { admitAttempt, attemptKeys, attemptSucceeded } from "../account/throttle.ts";
import { totpStep } from "../account/totp.ts";
import type { TextKey } from "../pages/texts.ts";
import { endAccess, signOutEverywhere } from "../provider/store.ts";
import { noteNews } from "../signin/progress.ts";
import type { Own } from "./session.ts";

/** What came of a change: a text for the person, and recovery codes to be shown once. */
export interface Outcome {
  error?: TextKey;
  waitS?: number;
  notice?: TextKey;
  recoveryCodes?: string[];
}

/** Changes what protects the account, in one transaction with its record and its news; where the work says `false`, nothing was changed. */
async function changed(own: Own, what: Change | "logout", work: (transaction: Transaction) => Promise<unknown>): Promise<void> {
  const { deps, context, account } = own;
  const interaction = what === "logout" ? "logout" : "credentials";
  await deps.database.write(context, async (transaction) => {
    if ((await work(transaction)) === false) return;
    deps.audit.record(context, transaction, [{ interaction, outcome: "0", resourceType: "Person", resourceId: account.id }]);
    if (what !== "logout") await noteNews(own, transaction, account.id, what);
  });
}

/** A new password ends what others may have begun with the old one: every other session and all software's access. */
export async function changePassword(own: Own, given: { present: string; wanted: string }): Promise<Outcome> {
  const { deps, context, account, scope } = own;
  const { present, wanted } = given;
  const fault = await passwordFault(account, wanted);
  if (fault) return { error: fault };
  const keys = attemptKeys({
    subject: deps.cookieKeys.sign("attempt", `own:${account.id}`),
    network: own.sessionUid,
    device: own.sessionUid,
  });
  const { waitS } = await deps.database.write(context, (transaction) => admitAttempt(transaction, keys, scope.requestKey));
  if (waitS > 0) return { error: "blocked", waitS };
  if (!(await deps.passwords.verify(present.slice(0, 1000), account.passwordHash))) {
    // A request that is repeated because its answer was lost finds its own work done.
    return (await deps.passwords.verify(wanted, account.passwordHash)) ? { notice: "passwordChanged" } : { error: "wrongPassword" };
  }
  const hash = await deps.passwords.hash(wanted);
  await changed(own, "password", async (transaction) => {
    await setPassword(transaction, account.id, hash);
    await attemptSucceeded(transaction, keys);
    await signOutEverywhere(transaction, account.id, own.sessionUid);
  });
  return { notice: "passwordChanged" };
}

export async function signOutOthers(own: Own): Promise<Outcome> {
  await changed(own, "logout", async (transaction) => (await signOutEverywhere(transaction, own.account.id, own.sessionUid)) > 0);
  return { notice: "othersSignedOut" };
}

/** Takes back what was granted to a software; what it still holds ends within minutes. */
export async function endSoftware(own: Own, clientId: string): Promise<Outcome> {
  await changed(own, "logout", (transaction) => endAccess(transaction, own.account.id, clientId));
  return { notice: "accessEnded" };
}

/** @param sealed the secret that was shown, as the form brings it back: encrypted, so that nobody else could have made it */
export async function addTotp(own: Own, sealed: string, code: string): Promise<Outcome> {
  const { deps, account, scope } = own;
  const secret = openOffered(own, sealed);
  const step = secret && totpStep(secret, code);
  if (!secret || step === undefined) return { error: "wrongCode" };
  const recoveryCodes = newRecoveryCodes();
  await changed(own, "totp-added", async (transaction) => {
    await setTotpSecret(transaction, account.id, deps.secrets.seal(secret, `totp:${account.id}`));
    await useTotpStep(transaction, { accountId: account.id, step, requestKey: scope.requestKey });
    await replaceRecoveryCodes(transaction, account.id, digests(account.id, recoveryCodes));
  });
  return { recoveryCodes };
}

export function openOffered({ deps, sessionUid }: Own, sealed: string): Buffer | undefined {
  try {
    return deps.secrets.open(Buffer.from(sealed, "base64url"), `offer:${sessionUid}`);
  } catch {
    return undefined;
  }
}

function digests(accountId: string, codes: readonly string[]): string[] {
  return codes.map((code) => recoveryDigest(accountId, code));
}

export async function removeTotp(own: Own): Promise<Outcome> {
  const { account, passkeys } = own;
  if (account.role !== "patient" && passkeys.length === 0) return { error: "lastFactor" };
  await changed(own, "totp-removed", (transaction) => setTotpSecret(transaction, account.id, undefined));
  return { notice: "done" };
}

export async function renewRecoveryCodes(own: Own): Promise<Outcome> {
  const { account } = own;
  const recoveryCodes = newRecoveryCodes();
  await changed(own, "recovery-renewed", (transaction) =>
    replaceRecoveryCodes(transaction, account.id, digests(account.id, recoveryCodes)),
  );
  return { recoveryCodes };
}

export async function enrolPasskey(own: Own, answer: string, name: string): Promise<Outcome> {
  const { deps, account, sessionUid } = own;
  const label = name.trim().slice(0, 60) || "Passkey";
  const passkey = await acceptPasskey(deps, sessionUid, answer, { accountId: account.id, label });
  if (!passkey) return { error: "passkeyFailed" };
  let added = false;
  await changed(own, "passkey-added", async (transaction) => {
    added = await addPasskey(transaction, passkey);
    return added;
  });
  return added ? { notice: "done" } : { error: "passkeyFailed" };
}

export async function dropPasskey(own: Own, id: string): Promise<Outcome> {
  const { account, passkeys } = own;
  const left = passkeys.filter((passkey) => passkey.id !== id);
  if (account.role !== "patient" && account.totpSecret === undefined && left.length === 0) return { error: "lastFactor" };
  await changed(own, "passkey-removed", async (transaction) => {
    await removePasskey(transaction, account.id, id);
  });
  return { notice: "done" };
}
