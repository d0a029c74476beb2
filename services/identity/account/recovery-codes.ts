import { randomInt } from "node:crypto";
import { digest } from "../digest.ts";

const howMany = 8;
const length = 12;
/** Without letters and digits that look alike. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

/** Fresh codes, as they are shown: `abcd-efgh-jkmn`. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: howMany }, () => {
    return grouped(Array.from({ length }, () => alphabet[randomInt(alphabet.length)]));
  });
}

/** A code of the same kind from bytes that nobody can guess. */
export function writtenCode(bytes: Uint8Array): string {
  return grouped(Array.from(bytes.subarray(0, length), (byte) => alphabet[byte % alphabet.length]));
}

function grouped(letters: readonly (string | undefined)[]): string {
  return letters.join("").replace(/(.{4})(?=.)/g, "$1-");
}

export function recoveryDigest(accountId: string, code: string): string {
  return codeDigest("recovery", accountId, code);
}

/** What is stored of a code, however it was typed. 59 bits of chance need no slow hash. */
export function codeDigest(kind: "recovery" | "desk-code" | "password-code", accountId: string, code: string): string {
  return digest(kind, accountId, code.toLowerCase().replace(/[^a-z0-9]/g, ""));
}
