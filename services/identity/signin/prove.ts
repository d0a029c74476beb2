import { answeringCredential, verifyPasskey } from "../account/passkey.ts";
import { passkeyById, passkeysOf, usedPasskey } from "../account/passkey-store.ts";
import { newRecoveryCodes, recoveryDigest } from "../account/recovery-codes.ts";
import {
  type Account,
  accountById,
  accountByLogin,
  replaceRecoveryCodes,
  setPassword,
  setTotpSecret,
  useRecoveryCode,
  useTotpStep,
} from "../account/store.ts";
import { newTotpSecret, totpStep } from "../account/totp.ts";
import { isDeskCode } from "../service-desk/desk-code.ts";
import { admit, authenticated, keysFor, noteNews, recordFact, recordFailure } from "./progress.ts";
import { putSignin } from "./store.ts";
import type { Visit } from "./visit.ts";

/** Why somebody has not come further. */
export type Refusal =
  | {
      reason:
        | "password"
        | "code"
        | "recovery"
        | "passkey"
        | "patient"
        | "upstream"
        | "desk"
        | "forgotten"
        | "weakPassword"
        | "guessedPassword";
    }
  | { reason: "wait"; waitS: number };

const loginLengthMax = 200;

/** As accounts bear it. */
export function loginAsKept(typed: string): string {
  return typed.trim().toLowerCase().slice(0, loginLengthMax);
}

const passwordLengthMax = 1000;

/** Name and password. */
export async function provePassword(visit: Visit, given: { login: string; password: string }): Promise<Refusal | undefined> {
  const { deps, context } = visit;
  const login = loginAsKept(given.login);
  const known = await deps.database.write(context, async (transaction) => {
    const account = await accountByLogin(transaction, login);
    return { account, passkeys: account ? (await passkeysOf(transaction, account.id)).length : 0 };
  });
  const keys = await keysFor(visit, `login:${login}`, known.account);
  const waitS = await admit(visit, keys, known.account);
  if (waitS > 0) return { reason: "wait", waitS };
  const password = given.password.slice(0, passwordLengthMax);
  const right = await deps.passwords.verify(password, known.account?.passwordHash);
  const { account, passkeys } = known;
  if (!right || !account) {
    await recordFailure(visit, account);
    return { reason: "password" };
  }
  // The one moment in which it is known: what an older key or none was mixed into, is kept better from now on.
  const better = account.passwordHash && deps.passwords.isDated(account.passwordHash) ? await deps.passwords.hash(password) : undefined;
  await deps.database.write(context, async (transaction) => {
    if (better !== undefined) await setPassword(transaction, account.id, better);
    await authenticated(visit, transaction, { account, passkeys, amr: ["pwd"], keys });
  });
  return undefined;
}

/** A one-time code, which is good once. */
export async function proveCode(visit: Visit, code: string): Promise<Refusal | undefined> {
  const { account, passkeys, signin } = visit.state;
  if (!account?.totpSecret) return { reason: "code" };
  const step = totpStep(visit.deps.secrets.open(account.totpSecret, `totp:${account.id}`), code);
  return await proveFactor(visit, account, "code", async (transaction, keys) => {
    if (step === undefined) return false;
    if (!(await useTotpStep(transaction, { accountId: account.id, step, requestKey: visit.scope.requestKey }))) {
      await noteNews(visit, transaction, account.id, "code-reused");
      return false;
    }
    await authenticated(visit, transaction, { account, passkeys: passkeys.length, amr: [...signin.amr, "otp", "mfa"], keys });
    return true;
  });
}

/** A recovery code in place of the second factor. */
export async function proveRecovery(visit: Visit, code: string): Promise<Refusal | undefined> {
  const { account, passkeys, signin } = visit.state;
  if (!account) return { reason: "recovery" };
  return await proveFactor(visit, account, "recovery", async (transaction, keys) => {
    const use = { accountId: account.id, digest: recoveryDigest(account.id, code), requestKey: visit.scope.requestKey };
    if (!(await useRecoveryCode(transaction, use))) return false;
    await noteNews(visit, transaction, account.id, "recovery-used");
    await authenticated(visit, transaction, { account, passkeys: passkeys.length, amr: [...signin.amr, "rec", "mfa"], keys });
    return true;
  });
}

async function proveFactor(
  visit: Visit,
  account: Account,
  reason: "code" | "recovery",
  prove: (transaction: Parameters<typeof authenticated>[1], keys: Awaited<ReturnType<typeof keysFor>>) => Promise<boolean>,
): Promise<Refusal | undefined> {
  const keys = await keysFor(visit, `factor:${account.id}`, account);
  const waitS = await admit(visit, keys, account);
  if (waitS > 0) return { reason: "wait", waitS };
  const proved = await visit.deps.database.write(visit.context, async (transaction) => {
    const right = await prove(transaction, keys);
    if (!right) await recordFact(visit, transaction, account, "login", "8");
    return right;
  });
  return proved ? undefined : { reason };
}

/** A passkey: two factors in one, with a name typed before or without. */
export async function provePasskey(visit: Visit, answer: string): Promise<Refusal | undefined> {
  const { deps, context, uid } = visit;
  const id = answeringCredential(answer);
  const known = await deps.database.write(context, async (transaction) => {
    const passkey = id === undefined ? undefined : await passkeyById(transaction, id);
    return { passkey, account: passkey && (await accountById(transaction, passkey.accountId)) };
  });
  const { passkey, account } = known;
  const begun = visit.state.signin.accountId;
  const fits = passkey !== undefined && account !== undefined && (begun === undefined || begun === account.id);
  const counter = fits ? await verifyPasskey(deps, uid, answer, passkey) : undefined;
  if (!fits || counter === undefined) {
    await recordFailure(visit, account);
    return { reason: "passkey" };
  }
  await deps.database.write(context, async (transaction) => {
    await usedPasskey(transaction, passkey.id, counter);
    const { amr } = visit.state.signin;
    await authenticated(visit, transaction, { account, passkeys: 1, amr: [...amr, "hwk", "user", "mfa"] });
  });
  return undefined;
}

/** The secret that a professional without a second factor is asked to set up; made at the first look. */
export async function enrolmentSecret(visit: Visit, account: Account): Promise<Buffer> {
  const { signin } = visit.state;
  const purpose = `enrol:${account.id}`;
  if (signin.enrolSecret) return visit.deps.secrets.open(signin.enrolSecret, purpose);
  const secret = newTotpSecret();
  const sealed = visit.deps.secrets.seal(secret, purpose);
  await visit.deps.database.write(visit.context, (transaction) =>
    putSignin(transaction, visit.uid, { ...signin, accountId: account.id, enrolSecret: sealed }),
  );
  return secret;
}

/**
 * Sets the second factor up by its first code, and after a reset by the service desk's code too. Returns the recovery codes, to be shown once.
 */
export async function enrol(
  visit: Visit,
  { code, deskCode }: { code: string; deskCode: string },
): Promise<Refusal | { recoveryCodes: string[] }> {
  const { account, signin } = visit.state;
  if (!account || !signin.enrolSecret) return { reason: "code" };
  if (account.factorReset && !isDeskCode(account, deskCode)) {
    await recordFailure(visit, account);
    return { reason: "desk" };
  }
  const secret = visit.deps.secrets.open(signin.enrolSecret, `enrol:${account.id}`);
  const step = totpStep(secret, code);
  if (step === undefined) return { reason: "code" };
  const recoveryCodes = newRecoveryCodes();
  const sealed = visit.deps.secrets.seal(secret, `totp:${account.id}`);
  await visit.deps.database.write(visit.context, async (transaction) => {
    await setTotpSecret(transaction, account.id, sealed);
    await useTotpStep(transaction, { accountId: account.id, step, requestKey: visit.scope.requestKey });
    const digests = recoveryCodes.map((each) => recoveryDigest(account.id, each));
    await replaceRecoveryCodes(transaction, account.id, digests);
    await recordFact(visit, transaction, account, "credentials");
    await noteNews(visit, transaction, account.id, "totp-added");
    await authenticated(visit, transaction, { account, passkeys: 0, amr: [...signin.amr, "otp", "mfa"], enrolled: true });
  });
  return { recoveryCodes };
}
