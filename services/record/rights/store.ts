import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { AccessRule } from "./rules.ts";

const replaceStatement: Statement = {
  name: "rules-replace",
  text: `WITH gone AS (DELETE FROM access_rule WHERE source_type = $1 AND source_id = $2)
    INSERT INTO access_rule (source_type, source_id, patient_id, kind, actor, specificity, level, categories, valid_from, valid_to)
    SELECT $1, $2, x.patient_id, x.kind, x.actor, x.specificity, x.level, x.categories,
      coalesce(x.valid_from, '-infinity'), coalesce(x.valid_to, 'infinity')
    FROM jsonb_to_recordset($3::jsonb) AS x(patient_id text, kind text, actor text, specificity smallint, level smallint, categories text[],
      valid_from timestamptz, valid_to timestamptz)`,
};

/** What one resource says instead of what it said before. */
export async function replaceRules(
  transaction: Transaction,
  source: { type: string; id: string },
  rules: readonly AccessRule[],
): Promise<void> {
  const rows = rules.map(({ patientId, kind, actor, specificity, level, categories, from, to }) => ({
    ...{ patient_id: patientId, kind, actor, specificity, level },
    ...{ categories: categories ?? null, valid_from: from ?? null, valid_to: to ?? null },
  }));
  await transaction.query(replaceStatement, [source.type, source.id, JSON.stringify(rows)]);
}

/** Whether the patient forbade that an emergency opens the record. */
export async function objectsToEmergency(transaction: Transaction, patientId: string): Promise<boolean> {
  const rows = await transaction.query(
    {
      name: "emergency-objection",
      text: "SELECT FROM access_rule WHERE patient_id = $1 AND kind = 'emergency-objection' AND now() BETWEEN valid_from AND valid_to LIMIT 1",
    },
    [patientId],
  );
  return rows.length > 0;
}

/** The bytes of a document are as confidential as what describes them; only the patient makes them less so. */
export async function protectBinaries(
  transaction: Transaction,
  described: { type: string; id: string },
  binaryIds: readonly string[],
  mayLower: boolean,
): Promise<void> {
  await transaction.query(
    {
      name: "protect-binaries",
      text: `UPDATE resource b SET level = CASE WHEN $4 THEN d.level ELSE greatest(b.level, d.level) END,
          category = CASE WHEN $4 OR b.category = 'other' THEN d.category ELSE b.category END FROM resource d
        WHERE d.type = $1 AND d.id = $2 AND b.type = 'Binary' AND b.id = ANY ($3) AND b.patient_ids <@ d.patient_ids`,
    },
    [described.type, described.id, binaryIds, mayLower],
  );
}

/** A Binary that comes after what describes it. */
export async function protectBinary(transaction: Transaction, id: string, addresses: readonly string[]): Promise<void> {
  await transaction.query(
    {
      name: "protect-binary",
      text: `UPDATE resource b SET level = greatest(b.level, d.level), category = CASE WHEN b.category = 'other' THEN d.category ELSE b.category END
        FROM (SELECT r.level, r.category FROM search_token i JOIN resource r ON r.key = i.resource_key
          WHERE i.type = 'DocumentReference' AND i.parameter = 'location' AND i.code = ANY ($2) ORDER BY r.level DESC LIMIT 1) d
        WHERE b.type = 'Binary' AND b.id = $1`,
    },
    [id, addresses],
  );
}

/** What only says something about other resources is as confidential as the most confidential of them: Provenance, List. */
export async function protectPointers(transaction: Transaction, target: { type: string; id: string }): Promise<void> {
  await transaction.query(
    {
      name: "protect-pointers",
      text: `UPDATE resource p SET (level, category) = (
          SELECT t.level, t.category FROM search_token i JOIN resource t ON t.type = i.system AND t.id = i.code
          WHERE i.resource_key = p.key AND (i.type, i.parameter) IN (('Provenance', 'target'), ('List', 'item')) ORDER BY t.level DESC, t.key LIMIT 1)
        WHERE p.key IN (SELECT i.resource_key FROM search_token i
          WHERE (i.type, i.parameter) IN (('Provenance', 'target'), ('List', 'item')) AND i.system = $1 AND i.code = $2)`,
    },
    [target.type, target.id],
  );
}
