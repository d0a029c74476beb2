import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";

/** RFC 6238. */
export const codePeriodS = 30;
const digits = 6;
const secretBytes = 20;

export function newTotpSecret(): Buffer {
  return randomBytes(secretBytes);
}

function totpOf(secret: Buffer, label = ""): TOTP {
  return new TOTP({
    issuer: "DSP",
    label,
    algorithm: "SHA1",
    digits,
    period: codePeriodS,
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
  });
}

/** As authenticator apps take it: the address for their link, and the key to type. */
export function totpEnrolment(secret: Buffer, login: string): { uri: string; key: string } {
  const totp = totpOf(secret, login);
  return { uri: totp.toString(), key: totp.secret.base32 };
}

/** The time step whose code this is, one step early or late included; undefined for a wrong code. */
export function totpStep(secret: Buffer, code: string, nowMs: number = Date.now()): number | undefined {
  const token = code.replace(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return undefined;
  const delta = totpOf(secret).validate({ token, timestamp: nowMs, window: 1 });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / codePeriodS) + delta;
}

export function totpCode(secret: Buffer, nowMs: number = Date.now()): string {
  return totpOf(secret).generate({ timestamp: nowMs });
}
