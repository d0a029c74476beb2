import type { Statement, Transaction } from "../../lib/database/database.ts";

/** A thing that the provider keeps. `id` is a digest of its value. */
export interface StoredModel {
  payload: Record<string, unknown>;
  consumedAtS: number | undefined;
  consumedBy: string | undefined;
}

interface Row {
  payload: Record<string, unknown>;
  consumed_at: string | null;
  consumed_by: string | null;
}

const columns = "payload, extract(epoch FROM consumed_at)::bigint::text AS consumed_at, consumed_by";
const find: Statement = { name: "oidc-find", text: `SELECT ${columns} FROM oidc WHERE kind = $1 AND id = $2 AND expires_at > now()` };
const findByUid: Statement = { name: "oidc-uid", text: `SELECT ${columns} FROM oidc WHERE kind = $1 AND uid = $2 AND expires_at > now()` };
const upsert: Statement = {
  name: "oidc-upsert",
  text: `INSERT INTO oidc (kind, id, payload, uid, grant_id, account_id, client_id, expires_at, device)
    VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8), $9)
    ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload, uid = excluded.uid, grant_id = excluded.grant_id,
      account_id = excluded.account_id, client_id = excluded.client_id, expires_at = excluded.expires_at,
      device = coalesce(oidc.device, excluded.device)`,
};
const addOnce: Statement = {
  name: "oidc-add-once",
  text: `INSERT INTO oidc (kind, id, payload, expires_at, consumed_by) VALUES ($1, $2, $3, now() + make_interval(secs => $4), $5)
    ON CONFLICT (kind, id) DO UPDATE SET consumed_by = excluded.consumed_by WHERE oidc.consumed_by = excluded.consumed_by OR oidc.expires_at < now()
    RETURNING id`,
};
const consume: Statement = {
  name: "oidc-consume",
  text: `UPDATE oidc SET consumed_at = coalesce(consumed_at, now()), consumed_by = $3
    WHERE kind = $1 AND id = $2 AND (consumed_at IS NULL OR (consumed_by = $3 AND consumed_at > now() - interval '60 seconds')) RETURNING id`,
};
const remove: Statement = {
  name: "oidc-remove",
  text: "DELETE FROM oidc WHERE kind = $1 AND id = $2 RETURNING account_id, client_id",
};
const fade: Statement = {
  name: "oidc-fade",
  text: "UPDATE oidc SET expires_at = least(expires_at, now() + make_interval(secs => $3)) WHERE kind = $1 AND id = $2",
};
const removeGrant: Statement = { name: "oidc-remove-grant", text: "DELETE FROM oidc WHERE grant_id = $1 AND kind = $2" };

export interface ModelRow {
  kind: string;
  id: string;
  payload: Record<string, unknown>;
  uid: string | undefined;
  grantId: string | undefined;
  accountId: string | undefined;
  clientId: string | undefined;
  lifeS: number;
  device: string | undefined;
}

function toModel(row: Row | undefined): StoredModel | undefined {
  if (!row) return undefined;
  return {
    payload: row.payload,
    consumedAtS: row.consumed_at === null ? undefined : Number(row.consumed_at),
    consumedBy: row.consumed_by ?? undefined,
  };
}

export async function findModel(transaction: Transaction, kind: string, id: string): Promise<StoredModel | undefined> {
  return toModel((await transaction.query<Row>(find, [kind, id]))[0]);
}

export async function findModelByUid(transaction: Transaction, kind: string, uid: string): Promise<StoredModel | undefined> {
  return toModel((await transaction.query<Row>(findByUid, [kind, uid]))[0]);
}

export async function putModel(transaction: Transaction, row: ModelRow): Promise<void> {
  const { kind, id, payload, uid, grantId, accountId, clientId, lifeS, device } = row;
  const owners = [uid ?? null, grantId ?? null, accountId ?? null, clientId ?? null];
  await transaction.query(upsert, [kind, id, JSON.stringify(payload), ...owners, lifeS, device ?? null]);
}

/** False when it is there already, unless the same request put it there. */
export async function addModelOnce(
  transaction: Transaction,
  row: Pick<ModelRow, "kind" | "id" | "payload" | "lifeS"> & { requestKey: string },
): Promise<boolean> {
  const { kind, id, payload, lifeS, requestKey } = row;
  return (await transaction.query(addOnce, [kind, id, JSON.stringify(payload), lifeS, requestKey])).length > 0;
}

/** False when another request has consumed it, or it is gone. */
export async function consumeModel(transaction: Transaction, kind: string, id: string, requestKey: string): Promise<boolean> {
  return (await transaction.query(consume, [kind, id, requestKey])).length > 0;
}

/** Whose it was; undefined when it was gone before. */
export async function removeModel(
  transaction: Transaction,
  kind: string,
  id: string,
): Promise<{ accountId: string | undefined; clientId: string | undefined } | undefined> {
  const [row] = await transaction.query<{ account_id: string | null; client_id: string | null }>(remove, [kind, id]);
  return row && { accountId: row.account_id ?? undefined, clientId: row.client_id ?? undefined };
}

/** Lets it end in so many seconds. */
export async function fadeModel(transaction: Transaction, kind: string, id: string, secondsLeft: number): Promise<void> {
  await transaction.query(fade, [kind, id, secondsLeft]);
}

export async function removeModelsOfGrant(transaction: Transaction, kind: string, grantId: string): Promise<void> {
  await transaction.query(removeGrant, [grantId, kind]);
}

/** A browser in which an account is signed in. */
export interface SignedIn {
  uid: string;
  device: string;
  since: Date;
}

export async function sessionsOf(transaction: Transaction, accountId: string): Promise<SignedIn[]> {
  const rows = await transaction.query<{ uid: string; device: string | null; since: string }>(
    {
      name: "oidc-sessions",
      text: `SELECT uid, device, payload ->> 'loginTs' AS since FROM oidc
        WHERE account_id = $1 AND kind = 'Session' AND expires_at > now() ORDER BY since DESC`,
    },
    [accountId],
  );
  return rows.map(({ uid, device, since }) => ({ uid, device: device ?? "", since: new Date(Number(since) * 1000) }));
}

/** Ends sessions, grants and refresh tokens of an account, but for the session of this uid and what came of it. Returns how many sessions ended. */
export async function signOutEverywhere(transaction: Transaction, accountId: string, keepUid: string | undefined): Promise<number> {
  const rows = await transaction.query<{ kind: string }>(
    {
      name: "oidc-sign-out",
      text: `DELETE FROM oidc WHERE account_id = $1 AND CASE WHEN kind = 'Session' THEN uid IS DISTINCT FROM $2
        ELSE grant_id NOT IN (SELECT a.value ->> 'grantId' FROM oidc s, jsonb_each(s.payload -> 'authorizations') a
          WHERE s.kind = 'Session' AND s.uid = $2 AND a.value ? 'grantId') END RETURNING kind`,
    },
    [accountId, keepUid ?? null],
  );
  return rows.filter(({ kind }) => kind === "Session").length;
}

/** Registered software that a person has let into their record; the platform's own sites are none. */
export interface Access {
  clientId: string;
  name: string;
  since: Date;
}

export async function softwareWithAccess(transaction: Transaction, accountId: string): Promise<Access[]> {
  const rows = await transaction.query<{ client_id: string; name: string; since: Date }>(
    {
      name: "oidc-software",
      text: `SELECT c.id AS client_id, c.name, min(o.created_at) AS since FROM oidc o JOIN client c ON c.id = o.client_id
        WHERE o.account_id = $1 AND o.kind IN ('Grant', 'RefreshToken') AND o.expires_at > now() GROUP BY c.id, c.name ORDER BY c.name, c.id`,
    },
    [accountId],
  );
  return rows.map(({ client_id: clientId, name, since }) => ({ clientId, name, since: new Date(since) }));
}

/** Takes back what a person has granted to a software. Access tokens that it holds end by themselves. Returns whether there was anything. */
export async function endAccess(transaction: Transaction, accountId: string, clientId: string): Promise<boolean> {
  const rows = await transaction.query(
    { name: "oidc-end-access", text: "DELETE FROM oidc WHERE account_id = $1 AND client_id = $2 AND kind <> 'Session' RETURNING kind" },
    [accountId, clientId],
  );
  return rows.length > 0;
}
