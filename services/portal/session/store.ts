import type { Context } from "../../lib/context.ts";
import type { Database, Statement } from "../../lib/database/database.ts";

/** A session as it is kept. */
export interface SessionRow {
  sealed: Buffer;
  version: number;
  createdAtMs: number;
  seenAtMs: number;
}

const select: Statement = {
  name: "session-find",
  text: `SELECT sealed, version, (extract(epoch FROM created_at) * 1000)::float8 AS "createdAtMs",
    (extract(epoch FROM seen_at) * 1000)::float8 AS "seenAtMs" FROM session WHERE id = $1`,
};
const insert: Statement = { name: "session-open", text: "INSERT INTO session (id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING" };
const remove: Statement = { name: "session-close", text: "DELETE FROM session WHERE id = $1" };
const touch: Statement = { name: "session-touch", text: "UPDATE session SET seen_at = now() WHERE id = $1" };
const claim: Statement = {
  name: "session-claim",
  text: `UPDATE session SET renewed_by = $3, renewing_until = now() + make_interval(secs => $4)
    WHERE id = $1 AND version = $2 AND (renewing_until IS NULL OR renewing_until < now() OR renewed_by = $3) RETURNING version`,
};
const renew: Statement = {
  name: "session-renew",
  text: `UPDATE session SET sealed = $3, version = version + 1, renewed_by = NULL, renewing_until = NULL WHERE id = $1 AND version = $2`,
};
const release: Statement = {
  name: "session-release",
  text: "UPDATE session SET renewed_by = NULL, renewing_until = NULL WHERE id = $1 AND renewed_by = $2",
};
const expire: Statement = {
  name: "session-expire",
  text: `DELETE FROM session WHERE id = ANY (ARRAY(SELECT id FROM session
    WHERE seen_at < now() - make_interval(mins => $1) OR created_at < now() - make_interval(hours => $2) LIMIT 2000))`,
};

/** Where `freshest` is not asked for, a standby's answer will do. */
export async function findSession(context: Context, database: Database, id: Buffer, freshest: boolean): Promise<SessionRow | undefined> {
  const rows = await database.read(
    context,
    () => !freshest,
    (transaction) => transaction.query<SessionRow>(select, [id]),
  );
  return rows[0];
}

export async function insertSession(context: Context, database: Database, id: Buffer, sealed: Buffer): Promise<void> {
  await database.write(context, (transaction) => transaction.query(insert, [id, sealed]));
}

export async function deleteSession(context: Context, database: Database, id: Buffer): Promise<void> {
  await database.write(context, (transaction) => transaction.query(remove, [id]));
}

export async function touchSession(context: Context, database: Database, id: Buffer): Promise<void> {
  await database.write(context, (transaction) => transaction.query(touch, [id]));
}

/** Whether the claimant, and nobody else for so many seconds, may renew this version's tokens. */
export async function claimRenewal(
  context: Context,
  database: Database,
  { id, version, claimant, seconds }: { id: Buffer; version: number; claimant: string; seconds: number },
): Promise<boolean> {
  const rows = await database.write(context, (transaction) => transaction.query(claim, [id, version, claimant, seconds]));
  return rows.length > 0;
}

export async function renewSession(context: Context, database: Database, id: Buffer, version: number, sealed: Buffer): Promise<void> {
  await database.write(context, (transaction) => transaction.query(renew, [id, version, sealed]));
}

export async function releaseRenewal(context: Context, database: Database, id: Buffer, claimant: string): Promise<void> {
  await database.write(context, (transaction) => transaction.query(release, [id, claimant]));
}

export async function expireSessions(context: Context, database: Database, idleMinutes: number, hours: number): Promise<void> {
  await database.write(context, (transaction) => transaction.query(expire, [idleMinutes, hours]));
}
