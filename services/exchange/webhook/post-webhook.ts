import { lookup as systemLookup } from "node:dns/promises";
import { existsSync, readFileSync } from "node:fs";
import type { BlockList } from "node:net";
import { isIP } from "node:net";
import { Client } from "undici";
import { mayReach } from "./address-guard.ts";

export interface WebhookOptions {
  allowed: BlockList;
  /** The authority of receivers in the allowed networks; those on the Internet have public ones. */
  caFile?: string | undefined;
  lookup?: (name: string) => Promise<string[]>;
}

export interface Webhook {
  url: string;
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
}

/** Why a notification did not arrive, in words for its subscriber; nothing of the answer, which may be of somebody else's host. */
export class UndeliveredError extends Error {
  constructor(text: string) {
    super(text);
    this.name = "UndeliveredError";
  }
}

/** What of an answer is read, and thrown away: so much that a polite receiver's connection ends well. */
const answerMaxBytes = 16 * 1024;
const connectTimeoutMs = 5000;
const addressesMax = 16;

async function resolveName(name: string): Promise<string[]> {
  return (await systemLookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}

/**
 * An address a webhook may have, as far as it tells by itself: https, a host, no user, no fragment.
 * @throws UndeliveredError
 */
export function checkedUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UndeliveredError("The endpoint is not a URL");
  }
  if (url.protocol !== "https:") throw new UndeliveredError("The endpoint must be an https address");
  if (url.username !== "" || url.password !== "" || url.hash !== "")
    throw new UndeliveredError("The endpoint must not hold a user, a password or a fragment");
  if (url.hostname === "") throw new UndeliveredError("The endpoint names no host");
  return url;
}

/** The addresses to connect to: every one that the name has must be allowed, or a second look could give another. @throws UndeliveredError */
async function checkedAddresses(url: URL, options: WebhookOptions): Promise<string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) === 0 ? await (options.lookup ?? resolveName)(host).catch(() => []) : [host];
  if (addresses.length === 0) throw new UndeliveredError("The endpoint's name is not known to the DNS");
  if (addresses.length > addressesMax || !addresses.every((address) => mayReach(address, options.allowed))) {
    throw new UndeliveredError("The endpoint is not on the public Internet");
  }
  return addresses;
}

/**
 * Posts to an address of somebody else's choice: never to the inside of the platform, never on by a redirect, never for long.
 * @throws UndeliveredError unless the receiver answers 2xx
 */
export async function postWebhook(options: WebhookOptions, { url: text, headers, body, timeoutMs }: Webhook): Promise<void> {
  const url = checkedUrl(text);
  const limit = AbortSignal.timeout(timeoutMs);
  const addresses = await Promise.race([checkedAddresses(url, options), failing(limit)]);
  const client = new Client(url.origin, {
    pipelining: 0,
    connect: {
      timeout: Math.min(connectTimeoutMs, timeoutMs),
      // The name was looked up once, above, and what it gave was checked: the connection goes there.
      lookup: (_name, { all }, done) => {
        const checked = addresses.map((address) => ({ address, family: isIP(address) }));
        const [first] = checked;
        if (all) done(null, checked);
        else done(null, first?.address ?? "", first?.family);
      },
      ...(options.caFile && existsSync(options.caFile) ? { ca: readFileSync(options.caFile) } : {}),
    },
  });
  try {
    const request = { method: "POST" as const, path: `${url.pathname}${url.search}`, headers, body, signal: limit };
    const { statusCode, body: answer } = await client.request(request);
    await swallow(answer);
    if (statusCode < 200 || statusCode > 299) throw new UndeliveredError(`The endpoint answered ${statusCode}`);
  } catch (error) {
    if (error instanceof UndeliveredError) throw error;
    throw new UndeliveredError(limit.aborted ? `The endpoint did not answer within ${timeoutMs} ms` : "The endpoint could not be reached");
  } finally {
    await client.destroy().catch(() => {});
  }
}

async function swallow(answer: AsyncIterable<Uint8Array>): Promise<void> {
  let length = 0;
  for await (const chunk of answer) {
    length += chunk.length;
    if (length > answerMaxBytes) return;
  }
}

function failing(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new UndeliveredError("The endpoint's name was not found in time")), { once: true });
  });
}
