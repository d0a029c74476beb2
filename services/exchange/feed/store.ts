import type { Transaction } from "../../lib/database/database.ts";
import type { Filter, Topic } from "../subscription/parse-subscription.ts";
import type { Subscriber } from "../subscription/store.ts";

/** Where events come from: the record's feed of changes, and the exchange's own notices. */
export type Source = "record" | "notice";

export interface Listener {
  id: string;
  topic: Topic;
  filters: Filter[];
  principal: Subscriber;
}

/** A stopped subscription misses nothing: what comes meanwhile is kept for it. One that its owner switched off, or that is over, gets nothing. */
const listens = "status <> 'off' AND ends > now()";

export async function listListeners(transaction: Transaction, source: Source): Promise<Listener[]> {
  return await transaction.query<Listener>(
    {
      name: `listeners-${source}`,
      text: `SELECT id, topic, filters, principal FROM subscription WHERE ${listens} AND (topic = 'message') = ($1 = 'notice') ORDER BY id`,
    },
    [source],
  );
}

export async function readCursor(transaction: Transaction, source: Source): Promise<string | undefined> {
  const [row] = await transaction.query<{ cursor: string }>(
    { name: "cursor-read", text: "SELECT cursor FROM feed_cursor WHERE name = $1" },
    [source],
  );
  return row?.cursor;
}

/**
 * Moves the cursor on, from where the reader believed it to be. False when somebody else has moved it: what was read is theirs then.
 * @param to undefined: nobody listens, the source is read from its end when somebody does
 */
export async function moveCursor(
  transaction: Transaction,
  source: Source,
  from: string | undefined,
  to: string | undefined,
): Promise<boolean> {
  if (from === undefined) {
    const rows = await transaction.query(
      { name: "cursor-begin", text: "INSERT INTO feed_cursor (name, cursor) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name" },
      [source, to ?? ""],
    );
    return rows.length > 0;
  }
  const statement =
    to === undefined
      ? { name: "cursor-end", text: "DELETE FROM feed_cursor WHERE name = $1 AND cursor = $2 AND $3::text IS NULL RETURNING name" }
      : { name: "cursor-move", text: "UPDATE feed_cursor SET cursor = $3 WHERE name = $1 AND cursor = $2 RETURNING name" };
  return (await transaction.query(statement, [source, from, to ?? null])).length > 0;
}

export interface NewEvent {
  focus: string;
  method: string;
  patientId: string | null;
  occurred: string;
}

/** Numbers events of one subscription on and keeps them; the subscription is locked meanwhile. */
export async function insertEvents(transaction: Transaction, subscriptionId: string, events: readonly NewEvent[]): Promise<void> {
  await transaction.query(
    {
      name: "event-insert",
      text: `WITH s AS (UPDATE subscription SET events = events + $3 WHERE id = $1 AND ${listens} RETURNING events - $3 AS last)
        INSERT INTO subscription_event (subscription_id, number, focus, method, patient_id, occurred)
        SELECT $1, s.last + x.place, x.focus, x.method, x.patient, x.occurred FROM s,
          jsonb_to_recordset($2::jsonb) AS x(place integer, focus text, method text, patient text, occurred timestamptz)`,
    },
    [
      subscriptionId,
      JSON.stringify(
        events.map(({ focus, method, patientId, occurred }, place) => ({ place: place + 1, focus, method, patient: patientId, occurred })),
      ),
      events.length,
    ],
  );
}

/** Changes were lost for whoever listens: said, not passed over. */
export async function failListeners(transaction: Transaction, reason: string): Promise<void> {
  await transaction.query(
    {
      name: "listeners-fail",
      text: `UPDATE subscription SET status = 'error', reason = $1, last_updated = now() WHERE ${listens} AND topic <> 'message'`,
    },
    [reason],
  );
}

/** The end of the own notices, as a cursor. */
export async function endOfNotices(transaction: Transaction): Promise<string> {
  const [row] = await transaction.query<{ cursor: string }>({
    name: "notice-end",
    text: "SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text || '-9223372036854775807' AS cursor",
  });
  if (!row) throw new Error("PostgreSQL has no snapshot");
  return row.cursor;
}

export interface NoticeMatch {
  cursor: string;
  subscriptionId: string | null;
  about: string;
  created: string;
}

/** Notices behind a cursor with the subscriptions they are for; those for nobody move the cursor all the same. */
export async function matchNotices(transaction: Transaction, cursor: string, count: number): Promise<NoticeMatch[]> {
  const [xid = "0", sequence = "0"] = cursor.split("-");
  return await transaction.query<NoticeMatch>(
    {
      name: "notice-match",
      text: `WITH n AS (SELECT * FROM notice WHERE (xid, sequence) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
          ORDER BY xid, sequence LIMIT $3)
        SELECT n.xid::text || '-' || n.sequence AS cursor, s.id AS "subscriptionId", n.about, n.created FROM n
        LEFT JOIN subscription s ON s.topic = 'message' AND s.status <> 'off' AND s.ends > now() AND n.actor = ANY (s.actors)
        ORDER BY n.xid, n.sequence`,
    },
    [xid, sequence, count],
  );
}
