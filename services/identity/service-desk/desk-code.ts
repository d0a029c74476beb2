import { codeDigest, writtenCode } from "../account/recovery-codes.ts";
import type { Account } from "../account/store.ts";
import type { CookieKeys } from "../provider/cookie-keys.ts";

/** How long a code of the service desk is good for. */
export const deskCodeHours = 24;

/** The code for one request: its repetition, after a lost answer, gives the same. */
export function deskCode(keys: CookieKeys, request: { accountId: string; operator: string; key: string }): string {
  const { accountId, operator, key } = request;
  return writtenCode(Buffer.from(keys.sign("desk-code", accountId, operator, key), "base64url"));
}

export function deskCodeDigest(accountId: string, code: string): string {
  return codeDigest("desk-code", accountId, code);
}

/** Whether somebody who knows the password may set up a new second factor with this code. */
export function isDeskCode({ id, factorReset }: Account, code: string): boolean {
  return factorReset !== undefined && factorReset.expiresAt.getTime() > Date.now() && factorReset.digest === deskCodeDigest(id, code);
}
