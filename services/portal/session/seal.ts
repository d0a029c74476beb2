import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** What a session's cookie holds: 32 random bytes, base64url. Everything about the session is derived from it. */
const secretPattern = /^[A-Za-z0-9_-]{43}$/;

export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

export function isSecret(text: string | undefined): text is string {
  return text !== undefined && secretPattern.test(text);
}

/** By which the session is kept; the secret cannot be found from it. */
export function sessionId(secret: string): Buffer {
  return createHash("sha256").update(`dsp-portal-session:${secret}`).digest();
}

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync("sha256", Buffer.from(secret, "base64url"), "", "dsp-portal-session-content", 32));
}

const ivBytes = 12;
const tagBytes = 16;

/** AES-256-GCM: initialisation vector, tag, ciphertext. */
export function seal(secret: string, text: string): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", keyOf(secret), iv);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

/** @throws when it was sealed with another secret, or changed */
export function unseal(secret: string, sealed: Buffer): string {
  const decipher = createDecipheriv("aes-256-gcm", keyOf(secret), sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]).toString("utf8");
}

/** What each form of the session carries, and no other site can know. */
export function formToken(secret: string): string {
  return createHmac("sha256", Buffer.from(secret, "base64url")).update("dsp-portal-form").digest("base64url");
}

export function isFormToken(secret: string, token: string): boolean {
  const [expected, given] = [Buffer.from(formToken(secret)), Buffer.from(token)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}
