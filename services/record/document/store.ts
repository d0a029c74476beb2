import type { Statement, Transaction } from "../../lib/database/database.ts";
import { unavailable } from "../../lib/operation-outcome.ts";

/** A document that is kept in parts, outside its resource. */
export interface StoredDocument {
  id: string;
  bytes: number;
}

/** Of one part, the last one aside. A multiple of three: base64 of the parts, one after the other, is that of the whole. */
export const partBytes = 768 * 1024;

const addStatement: Statement = {
  name: "document-part-add",
  text: `WITH d AS (INSERT INTO document (id) SELECT $1 WHERE $2 = 0 ON CONFLICT DO NOTHING)
    INSERT INTO document_part (document, number, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
};

/** Keeps one part; the first one begins the document. What was kept by a lost transaction is kept once. */
export async function addPart(transaction: Transaction, id: string, number: number, data: Uint8Array): Promise<void> {
  await transaction.query(addStatement, [id, number, data]);
}

/** Makes the document that of a version, in the transaction that writes the version. @throws FhirError 503 when its parts are gone */
export async function keepDocument(
  transaction: Transaction,
  { type, id, version }: { type: string; id: string; version: number },
  document: StoredDocument,
): Promise<void> {
  const rows = await transaction.query(
    {
      name: "document-keep",
      text: `WITH d AS (UPDATE document SET kept = true, bytes = $2 WHERE id = $1 RETURNING id)
        UPDATE resource_version v SET document = d.id FROM d WHERE v.type = $3 AND v.id = $4 AND v.version = $5 RETURNING v.id`,
    },
    [document.id, document.bytes, type, id, version],
  );
  if (rows.length === 0) throw unavailable("The document's parts are gone; send it again");
}

/** One part, and how long the whole is; undefined where it is not there (yet). */
export async function readPart(transaction: Transaction, id: string, number: number): Promise<{ data: Buffer; bytes: number } | undefined> {
  const [row] = await transaction.query<{ data: Buffer; bytes: string }>(
    {
      name: "document-part",
      text: "SELECT p.data, d.bytes FROM document d JOIN document_part p ON p.document = d.id WHERE d.id = $1 AND p.number = $2",
    },
    [id, number],
  );
  return row && { data: row.data, bytes: Number(row.bytes) };
}

/** Deletes a document that no version keeps. */
export async function dropDocument(transaction: Transaction, id: string): Promise<void> {
  await transaction.query({ name: "document-drop", text: "DELETE FROM document WHERE id = $1 AND NOT kept" }, [id]);
}

/** Deletes documents that were begun so long ago and that no version keeps. @returns how many */
export async function dropUnkept(transaction: Transaction, olderThanMinutes: number): Promise<number> {
  const rows = await transaction.query(
    {
      name: "document-drop-unkept",
      text: "DELETE FROM document WHERE NOT kept AND begun < now() - make_interval(mins => $1) RETURNING id",
    },
    [olderThanMinutes],
  );
  return rows.length;
}
