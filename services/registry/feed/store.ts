import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { ResourceType } from "../deps.ts";

export const feedStates = ["waiting", "sent", "dead"] as const;
export type FeedState = (typeof feedStates)[number];

/** A version that the record has to be told of. */
export interface Message {
  /** A bigint as text. */
  id: string;
  type: ResourceType;
  resource_id: string;
  version: number;
  attempts: number;
  content: string;
}

export interface Result {
  id: string;
  state: FeedState;
  /** Of one that goes on waiting: how long. */
  waitMs: number;
  problem: string | null;
}

/** Whoever claimed a message and did not say what became of it within this time is taken for dead. */
const claimSeconds = 45;
const keepSentDays = 7;

/** Of each resource only the oldest, so that its versions arrive in their order. */
const claim: Statement = {
  name: "feed-claim",
  text: `WITH c AS (UPDATE outbox SET next_at = now() + make_interval(secs => ${claimSeconds}), attempts = attempts + 1
      WHERE id IN (SELECT w.id FROM outbox w WHERE w.state = 'waiting' AND w.next_at <= now() AND NOT EXISTS (
        SELECT 1 FROM outbox e WHERE e.state = 'waiting' AND e.type = w.type AND e.resource_id = w.resource_id AND e.id < w.id)
        ORDER BY w.next_at, w.id LIMIT $1 FOR UPDATE SKIP LOCKED)
      RETURNING id, type, resource_id, version, attempts)
    SELECT c.id::text, c.type, c.resource_id, c.version, c.attempts, v.content
    FROM c JOIN resource_version v ON v.type = c.type AND v.id = c.resource_id AND v.version = c.version ORDER BY c.id`,
};
const settle: Statement = {
  name: "feed-settle",
  text: `UPDATE outbox o SET state = x.state, problem = x.problem, next_at = now() + make_interval(secs => x."waitMs" / 1000.0),
      sent_at = CASE WHEN x.state = 'sent' THEN now() END
    FROM jsonb_to_recordset($1::jsonb) AS x(id bigint, state text, "waitMs" double precision, problem text) WHERE o.id = x.id AND o.state = 'waiting'`,
};
const count: Statement = { name: "feed-count", text: "SELECT state, count(*)::int FROM outbox WHERE state <> 'sent' GROUP BY state" };
const expire: Statement = {
  name: "feed-expire",
  text: `DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE state = 'sent' AND sent_at < now() - interval '${keepSentDays} days' LIMIT 5000 FOR UPDATE SKIP LOCKED)`,
};
const list: Statement = {
  name: "feed-list",
  text: `SELECT id::text, type, resource_id, version, state, attempts, created_at, sent_at, next_at, problem FROM outbox
    WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3`,
};
const again: Statement = {
  name: "feed-again",
  text: `UPDATE outbox o SET state = 'waiting', next_at = now(), attempts = 0 WHERE id = $1 AND state = 'dead'
    AND NOT EXISTS (SELECT 1 FROM outbox l WHERE l.type = o.type AND l.resource_id = o.resource_id AND l.id > o.id) RETURNING id`,
};

export interface ListedMessage extends Omit<Message, "content"> {
  state: FeedState;
  created_at: Date;
  sent_at: Date | null;
  next_at: Date;
  problem: string | null;
}

export async function claimMessages(transaction: Transaction, max: number): Promise<Message[]> {
  return await transaction.query<Message>(claim, [max]);
}

export async function settleMessages(transaction: Transaction, results: readonly Result[]): Promise<void> {
  await transaction.query(settle, [JSON.stringify(results)]);
}

/** How many wait, and how many the record refused. */
export async function countMessages(transaction: Transaction): Promise<Record<"waiting" | "dead", number>> {
  const rows = await transaction.query<{ state: FeedState; count: number }>(count);
  const of = (state: FeedState): number => rows.find((row) => row.state === state)?.count ?? 0;
  return { waiting: of("waiting"), dead: of("dead") };
}

export async function expireMessages(transaction: Transaction): Promise<void> {
  await transaction.query(expire);
}

export async function listMessages(
  transaction: Transaction,
  page: { state: FeedState; after: string; count: number },
): Promise<ListedMessage[]> {
  return await transaction.query<ListedMessage>(list, [page.state, page.after, page.count]);
}

/** Lets a dead message be sent again; false where it is not dead, or a later version has followed. */
export async function reviveMessage(transaction: Transaction, id: string): Promise<boolean> {
  return (await transaction.query(again, [id])).length > 0;
}
