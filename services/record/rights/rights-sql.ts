import type { Rights } from "./decide.ts";

/** Names the place of a value that is bound. */
export type Bind = (value: unknown) => string;

/**
 * `decide` as a condition on a row of `resource`: of two rules the closest, of equal ones the denial (false sorts first).
 * @param patientIds the column that tells whose record it is: the resource's own, or that of an older version
 */
export function rightsSql(bind: Bind, rights: Rights, resource: string, patientIds = `${resource}.patient_ids`): string {
  const at = bind(rights.at);
  const base = `(${resource}.level = 0 AND ${resource}.category = ANY (${bind(rights.readable)}::text[]))`;
  const rule = `SELECT x.kind = 'permit' FROM access_rule x
      WHERE x.patient_id = p.id AND x.kind IN ('permit', 'deny') AND x.actor = ANY (${bind(rights.actors)}::text[])
        AND x.valid_from <= ${at}::timestamptz AND ${at}::timestamptz <= x.valid_to
        AND (x.categories IS NULL OR ${resource}.category = ANY (x.categories))
        AND CASE x.kind WHEN 'permit' THEN ${resource}.level <= x.level ELSE ${resource}.level >= x.level END
      ORDER BY x.specificity DESC, x.kind = 'permit' LIMIT 1`;
  return `CASE WHEN cardinality(${patientIds}) = 0 THEN ${base}
    ELSE NOT EXISTS (SELECT FROM unnest(${patientIds}) AS p(id) WHERE NOT coalesce((${rule}), ${base})) END`;
}
