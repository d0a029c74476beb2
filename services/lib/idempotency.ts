import { createHash } from "node:crypto";
import type { Context } from "./context.ts";
import type { Database, Statement, Transaction } from "./database/database.ts";
import type { Metrics } from "./metrics.ts";
import { fhirError } from "./operation-outcome.ts";

/** What is remembered of a write: enough to answer a repeated request as the first one was. */
export interface WriteResult {
  status: number;
  resourceType: string;
  resourceId: string;
  version: number;
  /** Of a transaction: one for each of its entries. */
  entries?: WriteResult[];
}

export interface WriteRequest {
  /** The client's Idempotency-Key; without one the service makes its own, for its own repetitions. */
  key: string;
  /** Distinguishes requests that wrongly share a key (`fingerprint`). */
  fingerprint: string;
}

const claim: Statement = {
  name: "idempotency-claim",
  text: `INSERT INTO idempotency_key (client, key, fingerprint, status, resource_type, resource_id, version) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT DO NOTHING RETURNING ctid AS place`,
};
/** Not prepared: see `finish`. */
const replay: Statement = {
  text: `UPDATE idempotency_key SET replays = replays + 1 WHERE client = $1 AND key = $2
    RETURNING fingerprint, status, resource_type, resource_id, version, entries`,
};
/** By its place, which within the transaction stays the same: a plan made while the table was small would read all of it ever after. */
const finish: Statement = {
  name: "idempotency-finish",
  text: `UPDATE idempotency_key SET status = $2, resource_type = $3, resource_id = $4, version = $5, entries = $6 WHERE ctid = $1::tid`,
};
const expire: Statement = {
  name: "idempotency-expire",
  text: `DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotency_key WHERE created_at < now() - make_interval(hours => $1) LIMIT 5000))`,
};

/** A digest of all that makes two requests the same one. */
export function fingerprint(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest("base64");
}

/** A key as clients may send it: 1 to 255 printable ASCII characters. @throws FhirError 400 */
export function checkedKey(header: string | undefined): string {
  if (header === undefined) {
    return crypto.randomUUID();
  }
  if (!/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw fhirError(400, "value", "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces");
  }
  return header;
}

/**
 * Does a write exactly once (docs/adr/0021): the key, the write's own rows and its audit record are one transaction. Another
 * request with the key waits for that transaction and then finds its result; a repetition after a lost commit does the same.
 * The replay itself writes a row, so that it is acknowledged only when its own commit, which follows the first in the log,
 * is replicated.
 * @param expected the result where nothing else can come of it: kept with the key at once. @throws FhirError 422 when the key was used for another request
 */
export async function exactlyOnce(
  context: Context,
  deps: { database: Database; metrics: Metrics },
  request: WriteRequest,
  work: (transaction: Transaction) => Promise<WriteResult>,
  expected?: Omit<WriteResult, "entries">,
): Promise<WriteResult & { replayed: boolean }> {
  const client = `${context.principal.clientId}|${context.principal.subject}`;
  let attempts = 0;
  return await deps.database.write(context, async (transaction) => {
    attempts++;
    const early = expected ? [expected.status, expected.resourceType, expected.resourceId, expected.version] : [null, null, null, null];
    const [claimed] = await transaction.query<{ place: string }>(claim, [client, request.key, request.fingerprint, ...early]);
    if (claimed) {
      const result = await work(transaction);
      const { status, resourceType, resourceId, version, entries } = result;
      const kept = entries === undefined ? null : JSON.stringify(entries);
      if (!isSame(result, expected)) transaction.send(finish, [claimed.place, status, resourceType, resourceId, version, kept]);
      return { ...result, replayed: false };
    }
    const [row] = await transaction.query<StoredResult>(replay, [client, request.key]);
    if (!row) {
      throw fhirError(409, "conflict", "The Idempotency-Key expired this moment; use a new one");
    }
    if (row.fingerprint !== request.fingerprint) {
      throw fhirError(422, "duplicate", "This Idempotency-Key was used for another request");
    }
    deps.metrics.replays.inc();
    // After attempts of our own the stored result is the answer to this very request, not a replay the client should know of.
    return {
      status: row.status,
      resourceType: row.resource_type,
      resourceId: row.resource_id,
      version: row.version,
      ...(row.entries === null ? {} : { entries: row.entries }),
      replayed: attempts === 1,
    };
  });
}

function isSame(result: WriteResult, expected: WriteResult | undefined): boolean {
  const { status, resourceType, resourceId, version, entries } = result;
  const asExpected = status === expected?.status && resourceType === expected.resourceType && resourceId === expected.resourceId;
  return asExpected && version === expected.version && entries === undefined;
}

interface StoredResult {
  fingerprint: string;
  status: number;
  resource_type: string;
  resource_id: string;
  version: number;
  entries: WriteResult[] | null;
}

/** Forgets old keys, a bounded number at a time; one replica does it, the others skip. */
export async function expireKeys(context: Context, database: Database, maxAgeHours: number): Promise<void> {
  await database.write(context, async (transaction) => {
    const lock = await transaction.query<{ locked: boolean }>({
      text: "SELECT pg_try_advisory_xact_lock(hashtext('idempotency-expire')) AS locked",
    });
    if (lock[0]?.locked) {
      await transaction.query(expire, [maxAgeHours]);
    }
  });
}
