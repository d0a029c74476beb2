import { createHash } from "node:crypto";

/** SHA-256 in base64url over the parts: what is stored in place of a value that opens something. */
export function digest(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
