import type { Statement, Transaction } from "../../lib/database/database.ts";
import { confidentialitySystem, labelParameter } from "./confidentiality.ts";
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
export function replaceRules(transaction: Transaction, source: { type: string; id: string }, rules: readonly AccessRule[]): void {
  const rows = rules.map(({ patientId, kind, actor, specificity, level, categories, from, to }) => ({
    ...{ patient_id: patientId, kind, actor, specificity, level },
    ...{ categories: categories ?? null, valid_from: from ?? null, valid_to: to ?? null },
  }));
  transaction.send(replaceStatement, [source.type, source.id, JSON.stringify(rows)]);
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
export function protectBinaries(
  transaction: Transaction,
  described: { type: string; id: string },
  binaryIds: readonly string[],
  mayLower: boolean,
): void {
  transaction.send(
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
export function protectBinary(transaction: Transaction, id: string, addresses: readonly string[]): void {
  transaction.send(
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

/** A Provenance belongs to the records that its targets are part of: also where one of them comes later, or comes into another record. */
export function ownPointers(transaction: Transaction, target: { type: string; id: string }): void {
  transaction.send(
    {
      name: "own-pointers",
      text: `WITH p AS (SELECT p.key, p.type, p.id, p.version, p.patient_ids AS old, ARRAY(
            SELECT DISTINCT o.id FROM search_token i LEFT JOIN resource t ON t.type = i.system AND t.id = i.code,
              unnest(CASE i.system WHEN 'Patient' THEN ARRAY[i.code] ELSE t.patient_ids END) AS o(id)
            WHERE i.resource_key = p.key AND i.parameter = 'target' ORDER BY o.id) AS patient_ids
          FROM resource p WHERE p.key IN (SELECT i.resource_key FROM search_token i
            WHERE i.type = 'Provenance' AND i.parameter = 'target' AND i.system = $1 AND i.code = $2)),
        c AS (SELECT * FROM p WHERE NOT (p.old @> p.patient_ids AND p.old <@ p.patient_ids)),
        r AS (UPDATE resource r SET patient_ids = c.patient_ids FROM c WHERE r.key = c.key),
        v AS (UPDATE resource_version v SET patient_ids = c.patient_ids FROM c WHERE v.type = c.type AND v.id = c.id AND v.version = c.version),
        t0 AS (DELETE FROM search_token i USING c WHERE i.resource_key = c.key AND i.parameter = '_patient')
        INSERT INTO search_token (resource_key, type, parameter, system, code)
          SELECT c.key, c.type, '_patient', 'Patient', o.id FROM c, unnest(c.patient_ids) AS o(id)`,
    },
    [target.type, target.id],
  );
}

/** What only says something about other resources is as confidential as the most confidential of them, or as its own labels say: Provenance, List. */
export function protectPointers(transaction: Transaction, target: { type: string; id: string }): void {
  transaction.send(
    {
      name: "protect-pointers",
      text: `UPDATE resource p SET category = m.category, level = greatest(m.level, (
          SELECT max(CASE i.code WHEN 'V' THEN 2 WHEN 'R' THEN 1 END) FROM search_token i
          WHERE i.resource_key = p.key AND i.parameter = '${labelParameter}' AND i.system = $3))
        FROM (SELECT DISTINCT ON (i.resource_key) i.resource_key, t.level, t.category
          FROM search_token i JOIN resource t ON t.type = i.system AND t.id = i.code
          WHERE (i.type, i.parameter) IN (('Provenance', 'target'), ('List', 'item')) AND i.resource_key IN (SELECT o.resource_key FROM search_token o
            WHERE (o.type, o.parameter) IN (('Provenance', 'target'), ('List', 'item')) AND o.system = $1 AND o.code = $2)
          ORDER BY i.resource_key, t.level DESC, t.key) m
        WHERE p.key = m.resource_key`,
    },
    [target.type, target.id, confidentialitySystem],
  );
}
