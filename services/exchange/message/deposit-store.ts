import type { Transaction } from "../../lib/database/database.ts";

/** A part of a message that is a document of the patient's record. */
export interface Deposit {
  part: number;
  /** DocumentReference/id in the record. */
  document: string;
  deposited: Date;
}

export async function listDeposits(transaction: Transaction, key: string): Promise<Deposit[]> {
  return await transaction.query<Deposit>(
    { name: "deposit-list", text: "SELECT part, document, deposited FROM deposit WHERE resource_key = $1 ORDER BY part" },
    [key],
  );
}

/** Links a part to its document; the first link stays. */
export async function insertDeposit(
  transaction: Transaction,
  key: string,
  deposit: { part: number; document: string; subject: string },
): Promise<void> {
  await transaction.query(
    {
      name: "deposit-insert",
      text: "INSERT INTO deposit (resource_key, part, document, subject) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    },
    [key, deposit.part, deposit.document, deposit.subject],
  );
}

/** A message's own attachments, without their bytes: many may be large. */
export async function attachmentsOf(transaction: Transaction, key: string): Promise<{ id: string; contentType: string }[]> {
  return await transaction.query(
    { name: "deposit-attachments", text: `SELECT id, content_type AS "contentType" FROM attachment WHERE resource_key = $1` },
    [key],
  );
}

/** The bytes of one attachment. */
export async function bytesOf(transaction: Transaction, id: string): Promise<Buffer> {
  const [row] = await transaction.query<{ bytes: Buffer }>({ name: "deposit-bytes", text: "SELECT bytes FROM attachment WHERE id = $1" }, [
    id,
  ]);
  if (!row) throw new Error("an attachment of a message is gone");
  return row.bytes;
}
