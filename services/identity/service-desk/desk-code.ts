import { codeDigest, writtenCode } from "../account/recovery-codes.ts";
import type { Account } from "../account/store.ts";
import type { CookieKeys } from "../provider/cookie-keys.ts";

/** How long a code of the service desk is good for. */
export const deskCodeHours = 24;

/** What a code is for: a new second factor, or a new password. */
export type DeskCodeKind = "desk-code" | "password-code";

/** The code for one request: its repetition, after a lost answer, gives the same. */
export function deskCode(keys: CookieKeys, kind: DeskCodeKind, request: { accountId: string; operator: string; key: string }): string {
  const { accountId, operator, key } = request;
  return writtenCode(Buffer.from(keys.sign(kind, accountId, operator, key), "base64url"));
}

export function deskCodeDigest(kind: DeskCodeKind, accountId: string, code: string): string {
  return codeDigest(kind, accountId, code);
}

/** Whether somebody who knows the password may set up a new second factor with this code. */
export function isDeskCode({ id, factorReset }: Account, code: string): boolean {
  return (
    factorReset !== undefined &&
    factorReset.expiresAt.getTime() > Date.now() &&
    factorReset.digest === deskCodeDigest("desk-code", id, code)
  );
}

/**
 * How many operators must each have given a code before the password is replaced. The second factor, which no operator has, stands for the
 * other one; without it a single operator could become the person.
 */
export function operatorsForPassword({ totpSecret }: Account, passkeys: number): 1 | 2 {
  return totpSecret !== undefined || passkeys > 0 ? 1 : 2;
}
