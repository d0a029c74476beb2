import { createHash } from "node:crypto";
import type { Transaction } from "../../lib/database/database.ts";

/** A place in the order of notices. */
export interface Place {
  xid: string;
  sequence: string;
}

export interface Notice extends Place {
  actor: string;
  kind: string;
  about: string;
  created: Date;
}

const columns = "xid::text, sequence::text, actor, kind, about, created";
/** Statements order by the columns' full names: `xid` alone would mean the text of the answer, which sorts 10 before 9. */
const settled = "xid < pg_snapshot_xmin(pg_current_snapshot())";

/** Everybody's notices behind a place. */
export async function listNotices(transaction: Transaction, after: Place, count: number): Promise<Notice[]> {
  return await transaction.query<Notice>(
    {
      name: "notices-all",
      text: `SELECT ${columns} FROM notice n WHERE (n.xid, n.sequence) > ($1::xid8, $2::bigint) AND n.${settled}
        ORDER BY n.xid, n.sequence LIMIT $3`,
    },
    [after.xid, after.sequence, count],
  );
}

/** Somebody's notices behind a place. */
export async function listNoticesOf(transaction: Transaction, actors: readonly string[], after: Place, count: number): Promise<Notice[]> {
  return await transaction.query<Notice>(
    {
      name: "notices-of",
      text: `SELECT ${columns} FROM notice n WHERE n.actor = ANY ($4::text[]) AND (n.xid, n.sequence) > ($1::xid8, $2::bigint) AND n.${settled}
        ORDER BY n.xid, n.sequence LIMIT $3`,
    },
    [after.xid, after.sequence, count, actors],
  );
}

export async function endOfNotices(transaction: Transaction): Promise<Place> {
  const [row] = await transaction.query<Place>({
    name: "notices-end",
    text: "SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text AS xid, '9223372036854775807' AS sequence",
  });
  if (!row) throw new Error("PostgreSQL has no snapshot");
  return row;
}

/** Who listens: the account, and the names by which notices reach it. */
export interface Listener {
  account: string;
  actors: string[];
}

const digest = (ticket: string): Buffer => createHash("sha256").update(ticket).digest();

export async function insertTicket(transaction: Transaction, ticket: string, listener: Listener, seconds: number): Promise<void> {
  await transaction.query({ name: "ticket-expire", text: "DELETE FROM event_ticket WHERE expires < now()" });
  await transaction.query(
    {
      name: "ticket-insert",
      text: "INSERT INTO event_ticket (digest, listener, expires) VALUES ($1, $2, now() + make_interval(secs => $3))",
    },
    [digest(ticket), JSON.stringify(listener), seconds],
  );
}

/** Uses a ticket up. Undefined for one that was used, is over, or never was. */
export async function takeTicket(transaction: Transaction, ticket: string): Promise<Listener | undefined> {
  const [row] = await transaction.query<{ listener: Listener; good: boolean }>(
    { name: "ticket-take", text: "DELETE FROM event_ticket WHERE digest = $1 RETURNING listener, expires > now() AS good" },
    [digest(ticket)],
  );
  return row?.good ? row.listener : undefined;
}
