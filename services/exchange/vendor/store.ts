import type { Transaction } from "../../lib/database/database.ts";

export interface Vendor {
  id: string;
  owner: string;
  name: string;
  kind: "backend" | "smart-app";
  contact: { name: string; email: string };
  registration: { jwks?: object | undefined; redirect_uris?: string[] | undefined };
  status: "registering" | "ready" | "removing" | "removed";
  clientId: string | null;
  created: Date;
  expires: Date;
  checkStarted: Date;
}

const columns = `id, owner, name, kind, contact, registration, status, client_id AS "clientId", created, expires, check_started AS "checkStarted"`;

export async function insertVendor(
  transaction: Transaction,
  vendor: Pick<Vendor, "id" | "owner" | "name" | "kind" | "contact" | "registration">,
  days: number,
): Promise<void> {
  const { id, owner, name, kind, contact, registration } = vendor;
  await transaction.query(
    {
      name: "vendor-insert",
      text: `INSERT INTO vendor (id, owner, name, kind, contact, registration, status, expires)
        VALUES ($1, $2, $3, $4, $5, $6, 'registering', now() + make_interval(days => $7))`,
    },
    [id, owner, name, kind, JSON.stringify(contact), JSON.stringify(registration), days],
  );
}

export async function readVendor(transaction: Transaction, id: string): Promise<Vendor | undefined> {
  const [row] = await transaction.query<Vendor>({ name: "vendor-read", text: `SELECT ${columns} FROM vendor WHERE id = $1` }, [id]);
  return row;
}

/** Those of one account; undefined: of all. */
export async function listVendors(transaction: Transaction, owner: string | undefined): Promise<Vendor[]> {
  return await transaction.query<Vendor>(
    { name: "vendor-list", text: `SELECT ${columns} FROM vendor WHERE $1::text IS NULL OR owner = $1 ORDER BY created DESC LIMIT 200` },
    [owner ?? null],
  );
}

/** Sandboxes that exist: of one account, and of all. */
export async function countVendors(transaction: Transaction, owner: string): Promise<{ own: number; all: number }> {
  const [row] = await transaction.query<{ own: string; all: string }>(
    {
      name: "vendor-count",
      text: `SELECT count(*) FILTER (WHERE owner = $1) AS own, count(*) AS "all" FROM vendor WHERE status <> 'removed'`,
    },
    [owner],
  );
  return { own: Number(row?.own ?? 0), all: Number(row?.all ?? 0) };
}

export async function setClient(transaction: Transaction, id: string, clientId: string): Promise<void> {
  await transaction.query({ name: "vendor-client", text: "UPDATE vendor SET client_id = $2 WHERE id = $1 AND client_id IS NULL" }, [
    id,
    clientId,
  ]);
}

export async function setStatus(transaction: Transaction, id: string, status: Vendor["status"]): Promise<void> {
  await transaction.query({ name: "vendor-status", text: "UPDATE vendor SET status = $2 WHERE id = $1" }, [id, status]);
}

export async function restartCheck(transaction: Transaction, id: string): Promise<void> {
  await transaction.query({ name: "vendor-check", text: "UPDATE vendor SET check_started = now() WHERE id = $1" }, [id]);
}

/** Sandboxes whose time is over, or whose removal was cut short. */
export async function listOver(transaction: Transaction): Promise<Vendor[]> {
  return await transaction.query<Vendor>({
    name: "vendor-over",
    text: `SELECT ${columns} FROM vendor WHERE status = 'removing' OR (status <> 'removed' AND expires < now()) ORDER BY expires LIMIT 5`,
  });
}
