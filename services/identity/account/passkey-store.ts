import type { Statement, Transaction } from "../../lib/database/database.ts";

export interface Passkey {
  /** The credential's id, base64url. */
  id: string;
  accountId: string;
  /** COSE. */
  publicKey: Buffer;
  counter: number;
  transports: string[];
  label: string;
}

interface Row {
  id: string;
  account_id: string;
  public_key: Buffer;
  counter: string;
  transports: string[];
  label: string;
}

const columns = "id, account_id, public_key, counter::text, transports, label";
const byId: Statement = { name: "passkey-by-id", text: `SELECT ${columns} FROM passkey WHERE id = $1` };
const byAccount: Statement = {
  name: "passkey-by-account",
  text: `SELECT ${columns} FROM passkey WHERE account_id = $1::uuid ORDER BY created_at`,
};

function toPasskey(row: Row): Passkey {
  return {
    id: row.id,
    accountId: row.account_id,
    publicKey: row.public_key,
    counter: Number(row.counter),
    transports: row.transports,
    label: row.label,
  };
}

export async function passkeyById(transaction: Transaction, id: string): Promise<Passkey | undefined> {
  const [row] = await transaction.query<Row>(byId, [id]);
  return row && toPasskey(row);
}

export async function passkeysOf(transaction: Transaction, accountId: string): Promise<Passkey[]> {
  return (await transaction.query<Row>(byAccount, [accountId])).map(toPasskey);
}

/** False when the credential is registered already. */
export async function addPasskey(transaction: Transaction, passkey: Passkey): Promise<boolean> {
  const { id, accountId, publicKey, counter, transports, label } = passkey;
  const rows = await transaction.query(
    {
      name: "passkey-add",
      text: `INSERT INTO passkey (id, account_id, public_key, counter, transports, label) VALUES ($1, $2::uuid, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET label = excluded.label WHERE passkey.account_id = excluded.account_id RETURNING id`,
    },
    [id, accountId, publicKey, counter, transports, label],
  );
  return rows.length > 0;
}

export async function removePasskey(transaction: Transaction, accountId: string, id: string): Promise<boolean> {
  const rows = await transaction.query(
    { name: "passkey-remove", text: "DELETE FROM passkey WHERE account_id = $1::uuid AND id = $2 RETURNING id" },
    [accountId, id],
  );
  return rows.length > 0;
}

/** Notes the authenticator's counter; authenticators that do not count say 0. */
export async function usedPasskey(transaction: Transaction, id: string, counter: number): Promise<void> {
  await transaction.query(
    { name: "passkey-used", text: "UPDATE passkey SET counter = greatest(counter, $2), used_at = now() WHERE id = $1" },
    [id, counter],
  );
}
