import type { Context } from "../../lib/context.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { Deps } from "../deps.ts";
import { listUnsealed, replaceSealed, type SealedParts, type Unsealed } from "./store.ts";

/** How many are sealed anew in one transaction. */
const batchMax = 100;

/** A subscription's secret as it is stored. */
export interface SealedSecret {
  sealed: Buffer;
  keyId: string;
}

/** What the database has of a secret. */
interface StoredSecret {
  id: string;
  /** Empty once it is sealed. */
  plainSecret: string;
  sealedSecret: Buffer | null;
}

/** What the database has of the headers that the subscriber wants sent along: its own authorisation, mostly. */
interface StoredHeaders {
  id: string;
  /** Empty once they are sealed. */
  plainHeaders: Record<string, string>;
  sealedHeaders: Buffer | null;
}

function purposeOf(id: string): string {
  return `webhook:${id}`;
}

function headersPurposeOf(id: string): string {
  return `webhook-headers:${id}`;
}

export function sealHeaders(box: SecretBox, id: string, headers: Record<string, string>): Buffer {
  return box.seal(Buffer.from(JSON.stringify(headers)), headersPurposeOf(id));
}

/** @throws as `openSecret` */
export function openHeaders(box: SecretBox, { id, plainHeaders, sealedHeaders }: StoredHeaders): Record<string, string> {
  if (Object.keys(plainHeaders).length > 0 || sealedHeaders === null) return plainHeaders;
  return JSON.parse(box.open(sealedHeaders, headersPurposeOf(id)).toString()) as Record<string, string>;
}

/** The resource as its client sent it, without the headers. */
export function withoutHeaders(content: AnyResource): string {
  return JSON.stringify({ ...content, channel: { ...(content.channel as object), header: undefined } });
}

export function sealSecret(box: SecretBox, id: string, secret: string): SealedSecret {
  return box.sealNamed(Buffer.from(secret), purposeOf(id));
}

/** @throws when none of this pod's keys opens it: the file with the new one has not reached it yet */
export function openSecret(box: SecretBox, { id, plainSecret, sealedSecret }: StoredSecret): string {
  // Written by a pod of the version before, or before there was a key: newer than anything sealed.
  if (plainSecret !== "" || sealedSecret === null) return plainSecret;
  return box.open(sealedSecret, purposeOf(id)).toString();
}

/**
 * Seals what lies open, and what an older key has sealed, under the key of now: after a rotation the older one is soon of no use to anybody.
 * Returns how many; safe beside deliveries and changes, since each row is held meanwhile.
 */
export async function resealSecrets(context: Context, deps: Deps): Promise<number> {
  const { secrets } = deps;
  let [count, after] = [0, ""];
  for (;;) {
    const due = await deps.database.write(context, async (transaction) => {
      const rows = await listUnsealed(transaction, { keyId: secrets.keyId, after, max: batchMax });
      const resealed = rows.flatMap((row) => resealing(deps, row));
      for (const parts of resealed) await replaceSealed(transaction, parts);
      return { last: rows.at(-1)?.id, sealed: resealed.length };
    });
    count += due.sealed;
    if (due.last === undefined) return count;
    after = due.last;
  }
}

/** One that no key opens keeps none of the others waiting. */
function resealing({ secrets, log }: Deps, row: Unsealed): SealedParts[] {
  const { id, content } = row;
  try {
    const sealedHeaders = sealHeaders(secrets, id, openHeaders(secrets, row));
    return [{ id, ...sealSecret(secrets, id, openSecret(secrets, row)), sealedHeaders, content: withoutHeaders(JSON.parse(content)) }];
  } catch (error) {
    log.error({ error }, "a subscription's secret cannot be opened: its owner needs a new one ($rotate-secret)");
    return [];
  }
}
