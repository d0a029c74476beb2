import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { Filter, Topic, Wanted } from "./parse-subscription.ts";
import type { SealedSecret } from "./seal-secret.ts";

/** By what the record decides what a subscriber may know. */
export interface Subscriber {
  role: "practitioner" | "system";
  scope: string;
  person?: string;
  profession?: string;
  organizationId?: string;
}

export interface Subscription {
  id: string;
  version: number;
  lastUpdated: Date;
  owner: string;
  principal: Subscriber;
  actors: string[];
  status: "requested" | "active" | "error" | "off";
  reason: string | null;
  topic: Topic;
  filters: Filter[];
  endpoint: string;
  payload: "empty" | "id-only";
  /** See seal-secret.ts: both are empty once they are sealed. */
  plainHeaders: Record<string, string>;
  sealedHeaders: Buffer | null;
  plainSecret: string;
  sealedSecret: Buffer | null;
  heartbeatSeconds: number | null;
  timeoutSeconds: number;
  maxCount: number;
  ends: Date;
  content: string;
  /** The number of the last event; a bigint as text. */
  events: string;
  failures: number;
}

export const subscriptionColumns = `s.id, s.version, s.last_updated AS "lastUpdated", s.owner, s.principal, s.actors, s.status, s.reason, s.topic, s.filters,
  s.endpoint, s.payload, s.headers AS "plainHeaders", s.sealed_headers AS "sealedHeaders", s.secret AS "plainSecret", s.sealed_secret AS "sealedSecret",
  s.heartbeat_seconds AS "heartbeatSeconds", s.timeout_seconds AS "timeoutSeconds", s.max_count AS "maxCount",
  s.ends, s.content, s.events::text, s.failures`;

export interface SubscriptionEvent {
  number: string;
  id: string;
  focus: string;
  method: string;
  occurred: Date;
  status: "pending" | "delivered" | "dead";
  attempts: number;
  problem: string | null;
  delivered: Date | null;
}

const eventColumns = "number::text, id, focus, method, occurred, status, attempts, problem, delivered";

export interface NewSubscription extends Omit<Wanted, "headers"> {
  id: string;
  sealedHeaders: Buffer;
  owner: string;
  principal: Subscriber;
  actors: string[];
  content: string;
}

export async function insertSubscription(transaction: Transaction, it: NewSubscription & { secret: SealedSecret }): Promise<void> {
  await transaction.query(
    {
      name: "subscription-insert",
      text: `INSERT INTO subscription (id, owner, principal, actors, status, topic, filters, endpoint, payload, headers, sealed_headers, secret, heartbeat_seconds,
          timeout_seconds, max_count, ends, content, sealed_secret, secret_key_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{}', $10, '', $11, $12, $13, $14, $15, $16, $17)`,
    },
    [
      ...[
        it.id,
        it.owner,
        JSON.stringify(it.principal),
        it.actors,
        it.off ? "off" : "requested",
        it.topic,
        JSON.stringify(it.filters),
        it.endpoint,
      ],
      ...[it.payload, it.sealedHeaders, it.heartbeatSeconds, it.timeoutSeconds, it.maxCount, it.ends, it.content],
      ...[it.secret.sealed, it.secret.keyId],
    ],
  );
}

/**
 * Changed by its owner: what it asks for, and with it the handshake, is anew; its numbers go on. Its headers may now be sealed by another key
 * than its secret: without a key's name the worker seals both anew.
 */
export async function replaceSubscription(transaction: Transaction, it: NewSubscription & { version: number }): Promise<void> {
  await transaction.query(
    {
      name: "subscription-replace",
      text: `UPDATE subscription SET version = $2, last_updated = now(), principal = $3, actors = $4, status = $5, reason = NULL, topic = $6, filters = $7,
          endpoint = $8, payload = $9, headers = '{}', sealed_headers = $10, secret_key_id = NULL, heartbeat_seconds = $11, timeout_seconds = $12,
          max_count = $13, ends = $14, content = $15, failures = 0, next_attempt = now(), leased_until = '-infinity' WHERE id = $1`,
    },
    [
      ...[
        it.id,
        it.version,
        JSON.stringify(it.principal),
        it.actors,
        it.off ? "off" : "requested",
        it.topic,
        JSON.stringify(it.filters),
        it.endpoint,
      ],
      ...[it.payload, it.sealedHeaders, it.heartbeatSeconds, it.timeoutSeconds, it.maxCount, it.ends, it.content],
    ],
  );
}

export async function deleteSubscription(transaction: Transaction, id: string): Promise<void> {
  await transaction.query({ name: "subscription-delete", text: "DELETE FROM subscription WHERE id = $1" }, [id]);
}

const readStatement: Statement = {
  name: "subscription-read",
  text: `SELECT ${subscriptionColumns} FROM subscription s WHERE s.id = $1 AND s.owner = $2`,
};
const lockStatement: Statement = { name: "subscription-lock", text: `${readStatement.text} FOR UPDATE` };

export async function readSubscription(
  transaction: Transaction,
  id: string,
  owner: string,
  lock = false,
): Promise<Subscription | undefined> {
  const [row] = await transaction.query<Subscription>(lock ? lockStatement : readStatement, [id, owner]);
  return row;
}

export async function listSubscriptions(transaction: Transaction, owner: string): Promise<Subscription[]> {
  return await transaction.query<Subscription>(
    {
      name: "subscription-list",
      text: `SELECT ${subscriptionColumns} FROM subscription s WHERE s.owner = $1 ORDER BY s.last_updated DESC LIMIT 200`,
    },
    [owner],
  );
}

export async function countSubscriptions(transaction: Transaction, owner: string): Promise<number> {
  const [row] = await transaction.query<{ n: string }>(
    { name: "subscription-count", text: "SELECT count(*) AS n FROM subscription WHERE owner = $1" },
    [owner],
  );
  return Number(row?.n ?? 0);
}

export async function listEvents(
  transaction: Transaction,
  id: string,
  range: { from: string; to: string; status?: string | undefined; count: number },
): Promise<SubscriptionEvent[]> {
  return await transaction.query<SubscriptionEvent>(
    {
      name: "subscription-events",
      text: `SELECT ${eventColumns} FROM subscription_event WHERE subscription_id = $1 AND number BETWEEN $2::bigint AND $3::bigint
        AND ($4::text IS NULL OR status = $4) ORDER BY subscription_event.number LIMIT $5`,
    },
    [id, range.from, range.to, range.status ?? null, range.count],
  );
}

/** Dead letters are tried again, and a subscription that stands still begins anew with a handshake. Returns how many letters. */
export async function redrive(transaction: Transaction, id: string): Promise<number> {
  const rows = await transaction.query(
    {
      name: "subscription-redrive",
      text: `WITH s AS (UPDATE subscription SET failures = 0, reason = NULL, next_attempt = now(), last_updated = now(),
          status = CASE WHEN status = 'error' THEN 'requested' ELSE status END WHERE id = $1)
        UPDATE subscription_event SET status = 'pending', attempts = 0, problem = NULL WHERE subscription_id = $1 AND status = 'dead' RETURNING number`,
    },
    [id],
  );
  return rows.length;
}

/** The headers may be sealed by an older key than this secret: without a key's name the worker seals both anew. */
export async function replaceSecret(transaction: Transaction, id: string, sealed: Buffer): Promise<void> {
  await transaction.query(
    {
      name: "subscription-seal",
      text: "UPDATE subscription SET secret = '', sealed_secret = $2, secret_key_id = NULL WHERE id = $1",
    },
    [id, sealed],
  );
}

/** What of a subscription is nobody else's business, sealed together. */
export interface SealedParts extends SealedSecret {
  id: string;
  sealedHeaders: Buffer;
  content: string;
}

export async function replaceSealed(transaction: Transaction, { id, sealed, sealedHeaders, content, keyId }: SealedParts): Promise<void> {
  await transaction.query(
    {
      name: "subscription-seal-all",
      text: `UPDATE subscription SET secret = '', headers = '{}', sealed_secret = $2, sealed_headers = $3, content = $4, secret_key_id = $5 WHERE id = $1`,
    },
    [id, sealed, sealedHeaders, content, keyId],
  );
}

export type Unsealed = Pick<Subscription, "id" | "plainHeaders" | "sealedHeaders" | "plainSecret" | "sealedSecret" | "content">;

/** Those after this id of which something lies open or was sealed by another key than this one, held until the transaction ends. */
export async function listUnsealed(
  transaction: Transaction,
  { keyId, after, max }: { keyId: string; after: string; max: number },
): Promise<Unsealed[]> {
  return await transaction.query(
    {
      name: "subscription-unsealed",
      text: `SELECT id, headers AS "plainHeaders", sealed_headers AS "sealedHeaders", secret AS "plainSecret", sealed_secret AS "sealedSecret", content
        FROM subscription WHERE (secret <> '' OR headers <> '{}' OR secret_key_id IS DISTINCT FROM $1) AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED`,
    },
    [keyId, after, max],
  );
}
