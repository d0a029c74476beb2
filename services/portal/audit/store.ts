import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { ChainDefect } from "../clients/oversight.ts";

/** A walk through the record's audit chain. */
export interface Walk {
  id: string;
  begunAt: Date;
  steppedAt: Date;
  endedAt: Date | null;
  /** SEQUENCE:HASH up to which links are verified. */
  head: string;
  /** The head that an earlier walk ended with, which must still be there. */
  noted: string | null;
  defects: ChainDefect[];
}

const columns = `id::text, begun_at AS "begunAt", stepped_at AS "steppedAt", ended_at AS "endedAt", head, noted, defects`;
const list: Statement = { name: "audit-walk-list", text: `SELECT ${columns} FROM audit_walk ORDER BY begun_at DESC, id LIMIT 10` };
const insert: Statement = {
  name: "audit-walk-begin",
  text: `INSERT INTO audit_walk (id, begun_by, head, noted) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING ${columns}`,
};
const lastWhole: Statement = {
  name: "audit-walk-last",
  text: "SELECT head FROM audit_walk WHERE ended_at IS NOT NULL AND defects = '[]' ORDER BY begun_at DESC LIMIT 1",
};
const oneAtATime: Statement = { name: "audit-walk-lock", text: "SELECT pg_advisory_xact_lock(hashtext('audit-walk'))" };
const step: Statement = {
  name: "audit-walk-step",
  text: `UPDATE audit_walk SET head = $3, defects = defects || $4::jsonb, stepped_at = now(), waiting = $5, ended_at = CASE WHEN $6 THEN now() END
    WHERE id = $1 AND head = $2 AND ended_at IS NULL RETURNING id`,
};
const prune: Statement = {
  name: "audit-walk-prune",
  text: "DELETE FROM audit_walk WHERE id IN (SELECT id FROM audit_walk ORDER BY begun_at DESC, id OFFSET 100)",
};

/** A walk that has not stepped for so long has lost the pod that did it, or its operator's session. */
const stoppedAfterMs = 30_000;

const beginning = `0:${"0".repeat(64)}`;

export function isStopped({ endedAt, steppedAt }: Walk): boolean {
  return endedAt === null && Date.now() - steppedAt.getTime() > stoppedAfterMs;
}

/** The newest first. */
export async function listWalks(transaction: Transaction): Promise<Walk[]> {
  return await transaction.query<Walk>(list);
}

/** A new walk, or the one that stopped on its way; undefined while one goes on, or when this one was begun already. */
export async function beginWalk(transaction: Transaction, id: string, subject: string): Promise<Walk | undefined> {
  await transaction.query(oneAtATime);
  const [newest] = await listWalks(transaction);
  if (newest && newest.endedAt === null) return isStopped(newest) ? newest : undefined;
  const [noted] = await transaction.query<{ head: string }>(lastWhole);
  const [begun] = await transaction.query<Walk>(insert, [id, subject, beginning, noted?.head ?? null]);
  await transaction.query(prune);
  return begun;
}

/** Whether the step counts: not when somebody else has gone on from the same head. */
export async function keepStep(
  transaction: Transaction,
  walk: Pick<Walk, "id" | "head">,
  done: { head: string; defects: ChainDefect[]; waiting: number | undefined; isLast: boolean },
): Promise<boolean> {
  const values = [walk.id, walk.head, done.head, JSON.stringify(done.defects), done.waiting ?? null, done.isLast];
  return (await transaction.query(step, values)).length > 0;
}
