import { createHmac, timingSafeEqual } from "node:crypto";

/** The header that a receiver checks. */
export const signatureHeader = "DSP-Signature";
/** How old a notification may be when it arrives: an older one is a recording. */
const toleranceSeconds = 300;

/** `t=<seconds since 1970>,v1=<HMAC-SHA256 in hexadecimal>` over the time, a full stop and the body, under the subscription's secret. */
export function sign(secret: string, body: string, atSeconds: number): string {
  return `t=${atSeconds},v1=${createHmac("sha256", secret).update(`${atSeconds}.${body}`).digest("hex")}`;
}

/** Whether a receiver may believe a notification: it is signed, and it is fresh. */
export function verify(secret: string, body: string, header: string, nowSeconds: number): boolean {
  const [, time, mac] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (time === undefined || mac === undefined || Math.abs(nowSeconds - Number(time)) > toleranceSeconds) return false;
  const expected = createHmac("sha256", secret).update(`${time}.${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(mac, "hex"));
}
