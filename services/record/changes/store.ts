import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { Rights } from "../rights/decide.ts";
import { rightsSql } from "../rights/rights-sql.ts";

/** A place in the feed: behind it everything is new to its reader. */
export interface Place {
  /** The transaction's id, 64 bits, as PostgreSQL writes it. */
  xid: string;
  sequence: string;
}

/** That something changed, and how; never what it says. */
export interface Change extends Place {
  changed: Date;
  type: string;
  id: string;
  version: number;
  method: "POST" | "PUT" | "DELETE";
  patientIds: string[];
  category: string;
}

/** Only what no running transaction can come before: a transaction that commits later has a later place. */
const settled = "xid < pg_snapshot_xmin(pg_current_snapshot())";

// Ordered by the columns, which only their full names mean here: the texts of the answer would sort 10 before 9.
const listStatement: Statement = {
  name: "change-list",
  text: `SELECT xid::text, sequence::text, changed, type, id, version, method, patient_ids AS "patientIds", category FROM change c
    WHERE (c.xid, c.sequence) > ($1::xid8, $2::bigint) AND c.${settled} ORDER BY c.xid, c.sequence LIMIT $3`,
};

/** The changes behind a place, the oldest first; one more than asked for where there are more. */
export async function listChanges(transaction: Transaction, after: Place, count: number): Promise<Change[]> {
  return await transaction.query<Change>(listStatement, [after.xid, after.sequence, count + 1]);
}

/** Where the feed ends now. */
export async function endOfFeed(transaction: Transaction): Promise<Place> {
  // Every transaction that has ended is below xmin; the highest sequence number there is leaves nothing out and skips nothing.
  const [row] = await transaction.query<Place>({
    name: "change-end",
    text: "SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text AS xid, '9223372036854775807' AS sequence",
  });
  if (!row) throw new Error("PostgreSQL has no snapshot");
  return row;
}

/** Whether changes behind this place were deleted before its reader came. */
export async function isPastHorizon(transaction: Transaction, after: Place): Promise<boolean> {
  const rows = await transaction.query(
    { name: "change-horizon", text: "SELECT FROM change_horizon WHERE (xid, sequence) > ($1::xid8, $2::bigint)" },
    [after.xid, after.sequence],
  );
  return rows.length > 0;
}

/** Forgets old changes, a bounded number at a time; one replica does it, the others skip. Returns how many. */
export async function expireChanges(transaction: Transaction, maxAgeDays: number): Promise<number> {
  const [lock] = await transaction.query<{ locked: boolean }>({
    text: "SELECT pg_try_advisory_xact_lock(hashtext('change-expire')) AS locked",
  });
  if (!lock?.locked) return 0;
  const [row] = await transaction.query<{ gone: string }>(
    {
      name: "change-expire",
      text: `WITH gone AS (DELETE FROM change WHERE (xid, sequence) IN (
          SELECT xid, sequence FROM change WHERE changed < now() - make_interval(days => $1) AND ${settled} ORDER BY xid, sequence LIMIT 5000)
          RETURNING xid, sequence),
        last AS (SELECT xid, sequence FROM gone ORDER BY xid DESC, sequence DESC LIMIT 1),
        kept AS (INSERT INTO change_horizon (xid, sequence) SELECT xid, sequence FROM last
          ON CONFLICT (single) DO UPDATE SET xid = excluded.xid, sequence = excluded.sequence)
        SELECT count(*) AS gone FROM gone`,
    },
    [maxAgeDays],
  );
  return Number(row?.gone ?? 0);
}

/** Which of these resources somebody may see: the same question as that of every read, put for another. */
export async function visibleAmong(
  transaction: Transaction,
  resources: readonly { type: string; id: string }[],
  sight: { rights: Rights | undefined; patientId: string | undefined },
): Promise<Set<string>> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const wanted = `jsonb_to_recordset(${bind(JSON.stringify(resources))}::jsonb) AS w(type text, id text)`;
  const reach = sight.patientId === undefined ? "" : ` AND ${bind(sight.patientId)} = ANY (r.patient_ids)`;
  const rights = sight.rights ? ` AND ${rightsSql(bind, sight.rights, "r")}` : "";
  const text = `SELECT r.type, r.id FROM ${wanted} JOIN resource r ON r.type = w.type AND r.id = w.id WHERE true${reach}${rights}`;
  const rows = await transaction.query<{ type: string; id: string }>({ text }, values);
  return new Set(rows.map(({ type, id }) => `${type}/${id}`));
}
