import type { Transaction } from "../../lib/database/database.ts";

export interface Attachment {
  id: string;
  owner: string;
  contentType: string;
  bytes: Buffer;
  /** Base64, as FHIR's Attachment.hash. */
  sha1: string;
}

/** Keeps bytes: of a message, or of nobody's yet. */
export async function insertAttachment(transaction: Transaction, attachment: Attachment, key: string | null): Promise<void> {
  const { id, owner, contentType, bytes, sha1 } = attachment;
  await transaction.query(
    {
      name: "attachment-insert",
      text: "INSERT INTO attachment (id, owner, content_type, bytes, sha1, resource_key) VALUES ($1, $2, $3, $4, $5, $6)",
    },
    [id, owner, contentType, bytes, sha1, key],
  );
}

/** Of uploads that are the caller's and not yet sent: what a message says of them. They are held until the transaction ends. */
export async function unsentAttachments(
  transaction: Transaction,
  ids: readonly string[],
  owner: string,
): Promise<{ id: string; size: number; sha1: string; contentType: string }[]> {
  return await transaction.query(
    {
      name: "attachment-unsent",
      text: `SELECT id, length(bytes) AS size, sha1, content_type AS "contentType" FROM attachment
        WHERE id = ANY ($1) AND owner = $2 AND resource_key IS NULL FOR UPDATE`,
    },
    [ids, owner],
  );
}

/** An upload goes with its message. */
export async function bindAttachments(transaction: Transaction, ids: readonly string[], key: string): Promise<void> {
  await transaction.query({ name: "attachment-bind", text: "UPDATE attachment SET resource_key = $2 WHERE id = ANY ($1)" }, [ids, key]);
}

/** Of what the caller takes part in, or has uploaded and not yet sent. */
export async function readAttachment(
  transaction: Transaction,
  id: string,
  { actors, self }: { actors: readonly string[]; self: string },
): Promise<(Attachment & { patientId: string | null }) | undefined> {
  const [row] = await transaction.query<Attachment & { patientId: string | null }>(
    {
      name: "attachment-read",
      text: `SELECT a.id, a.owner, a.content_type AS "contentType", a.bytes, a.sha1, r.patient_id AS "patientId"
        FROM attachment a LEFT JOIN resource r ON r.key = a.resource_key WHERE a.id = $1 AND (
          (a.resource_key IS NULL AND a.owner = $3)
          OR EXISTS (SELECT FROM party p WHERE p.resource_key = a.resource_key AND p.actor = ANY ($2::text[])))`,
    },
    [id, actors, self],
  );
  return row;
}

/** Uploads that no message took, a bounded number at a time. */
export async function expireAttachments(transaction: Transaction, maxAgeHours: number): Promise<void> {
  await transaction.query(
    {
      name: "attachment-expire",
      text: `DELETE FROM attachment WHERE id = ANY (ARRAY(
        SELECT id FROM attachment WHERE resource_key IS NULL AND created < now() - make_interval(hours => $1) LIMIT 500 FOR UPDATE SKIP LOCKED))`,
    },
    [maxAgeHours],
  );
}
