import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { Party } from "../party.ts";

/** A line of a box: enough to choose by, not the message itself. */
export interface BoxItem {
  key: string;
  type: "Communication" | "Task";
  id: string;
  thread: string;
  subject: string | null;
  sent: Date;
  status: string;
  patientId: string | null;
  /** The caller has not opened it. */
  unread: boolean;
  /** Of what the caller sent: who opened it, and when first. */
  opened: { reader: string; name: string | null; organization: string | null; opened: string }[];
  content: string;
}

export type Box = "inbox" | "sent";

const shown = `r.key, r.type, r.id, r.thread, r.subject, r.sent, r.status, r.patient_id AS "patientId", r.content`;
const isMine = (side: string): string =>
  `EXISTS (SELECT FROM party p WHERE p.resource_key = r.key AND p.side = '${side}' AND p.actor = ANY ($1::text[]))`;
const isUnread = `(${isMine("recipient")}
  AND NOT EXISTS (SELECT FROM party o WHERE o.resource_key = r.key AND o.side = 'sender' AND o.actor = $3)
  AND NOT EXISTS (SELECT FROM receipt e WHERE e.resource_key = r.key AND e.reader = $2))`;
const opened = `CASE WHEN ${isMine("sender")} THEN coalesce((SELECT jsonb_agg(jsonb_build_object('reader', e.reader, 'name', e.name,
    'organization', e.organization, 'opened', e.opened) ORDER BY e.opened) FROM receipt e WHERE e.resource_key = r.key), '[]') ELSE '[]' END`;
/** A ServiceRequest shows as its Task. */
const listed = "r.type IN ('Communication', 'Task')";

const itemColumns = `${shown}, ${isUnread} AS unread, ${opened} AS opened`;

const boxStatements: Record<Box, Statement> = {
  inbox: boxStatement("inbox", "recipient"),
  sent: boxStatement("sent", "sender"),
};

function boxStatement(name: string, side: string): Statement {
  return {
    name: `box-${name}`,
    text: `SELECT ${itemColumns} FROM resource r WHERE ${listed} AND ${isMine(side)} AND r.key < $4::bigint
      AND (NOT $5::boolean OR ${isUnread}) ORDER BY r.key DESC LIMIT $6`,
  };
}

const newest = "9223372036854775807";

export interface PageRequest {
  before?: string | undefined;
  unreadOnly: boolean;
  count: number;
}

/** One page of a box, the newest first; one more than asked for where there are more. */
export async function listBox(transaction: Transaction, box: Box, party: Party, page: PageRequest): Promise<BoxItem[]> {
  const values = [party.actors, party.reader, party.self, page.before ?? newest, page.unreadOnly, page.count + 1];
  return await transaction.query<BoxItem>(boxStatements[box], values);
}

/** What of a conversation the caller takes part in, the oldest first. */
export async function listThread(transaction: Transaction, thread: string, party: Party, max: number): Promise<BoxItem[]> {
  return await transaction.query<BoxItem>(
    {
      name: "thread-items",
      text: `SELECT ${itemColumns} FROM resource r WHERE r.thread = $4
        AND EXISTS (SELECT FROM party p WHERE p.resource_key = r.key AND p.actor = ANY ($1::text[])) ORDER BY r.key LIMIT $5`,
    },
    [party.actors, party.reader, party.self, thread, max],
  );
}

export interface ThreadLine {
  thread: string;
  subject: string | null;
  patientId: string | null;
  messages: number;
  unread: number;
  last: Date;
  /** Of its newest message: where the next page begins. */
  key: string;
}

/** Conversations, by their newest message. */
export async function listThreads(transaction: Transaction, party: Party, page: PageRequest): Promise<ThreadLine[]> {
  const rows = await transaction.query<ThreadLine & { messages: string; unread: string }>(
    {
      name: "threads",
      text: `WITH mine AS (SELECT ${shown}, ${isUnread} AS unread FROM resource r WHERE ${listed}
          AND EXISTS (SELECT FROM party p WHERE p.resource_key = r.key AND p.actor = ANY ($1::text[])))
        SELECT thread, (array_agg(subject ORDER BY key) FILTER (WHERE subject IS NOT NULL))[1] AS subject,
          (array_agg("patientId" ORDER BY key) FILTER (WHERE "patientId" IS NOT NULL))[1] AS "patientId",
          count(*) AS messages, count(*) FILTER (WHERE unread) AS unread, max(sent) AS last, max(key) AS key
        FROM mine GROUP BY thread HAVING max(key) < $4::bigint AND (NOT $5::boolean OR bool_or(unread)) ORDER BY max(key) DESC LIMIT $6`,
    },
    [party.actors, party.reader, party.self, page.before ?? newest, page.unreadOnly, page.count + 1],
  );
  return rows.map((row) => ({ ...row, messages: Number(row.messages), unread: Number(row.unread) }));
}

export interface Counts {
  inbox: number;
  unread: number;
  sent: number;
  /** Referrals to the caller that wait for an answer. */
  openReferrals: number;
}

export async function countBoxes(transaction: Transaction, party: Party): Promise<Counts> {
  const [row] = await transaction.query<Record<keyof Counts, string>>(
    {
      name: "box-counts",
      text: `SELECT count(*) FILTER (WHERE ${isMine("recipient")}) AS inbox, count(*) FILTER (WHERE ${isUnread}) AS unread,
          count(*) FILTER (WHERE ${isMine("sender")}) AS sent,
          count(*) FILTER (WHERE r.type = 'Task' AND r.status IN ('requested', 'received') AND ${isMine("recipient")}) AS "openReferrals"
        FROM resource r WHERE ${listed} AND r.key IN (SELECT resource_key FROM party WHERE actor = ANY ($1::text[]))`,
    },
    [party.actors, party.reader, party.self],
  );
  const of = (name: keyof Counts): number => Number(row?.[name] ?? 0);
  return { inbox: of("inbox"), unread: of("unread"), sent: of("sent"), openReferrals: of("openReferrals") };
}

/** One message as a line of a box, whoever of its parties the caller is. */
export async function readItem(
  transaction: Transaction,
  which: { type: "Communication" | "Task"; id: string },
  party: Party,
): Promise<BoxItem | undefined> {
  const [row] = await transaction.query<BoxItem>(
    {
      name: "box-item",
      text: `SELECT ${itemColumns} FROM resource r WHERE r.type = $4 AND r.id = $5
        AND EXISTS (SELECT FROM party p WHERE p.resource_key = r.key AND p.actor = ANY ($1::text[]))`,
    },
    [party.actors, party.reader, party.self, which.type, which.id],
  );
  return row;
}

/** That messages about a patient exist: who wrote to whom and when, never what. */
export async function listAboutPatient(
  transaction: Transaction,
  patientId: string,
  page: { before?: string | undefined; count: number },
): Promise<{ key: string; type: string; sent: Date }[]> {
  return await transaction.query(
    {
      name: "about-patient",
      text: `SELECT r.key, r.type, r.sent FROM resource r WHERE r.patient_id = $1 AND ${listed} AND r.key < $2::bigint ORDER BY r.key DESC LIMIT $3`,
    },
    [patientId, page.before ?? newest, page.count + 1],
  );
}
