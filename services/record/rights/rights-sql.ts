import { partParameter, partsPath } from "./compilations.ts";
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

/** The directory's entries are nobody's, and anybody's to see. */
function visibleSql(bind: Bind, rights: Rights, resource: string): string {
  return `(cardinality(${resource}.patient_ids) = 0 AND ${resource}.level = 0 OR ${rightsSql(bind, rights, resource)})`;
}

/** Whether a row of `resource` shows nothing that is hidden by referring to it, or to what refers to it, however far away. */
function compiledSql(bind: Bind, rights: Rights, resource: string): string {
  return `(NOT EXISTS (SELECT FROM search_token i WHERE i.resource_key = ${resource}.key AND i.parameter = '${partParameter}')
    OR NOT EXISTS (
      WITH RECURSIVE part(key) AS (SELECT ${resource}.key
        UNION SELECT t.key FROM part JOIN search_token i ON i.resource_key = part.key AND i.parameter = '${partParameter}'
          JOIN resource t ON t.type = i.system AND t.id = i.code)
      SELECT FROM part JOIN resource w ON w.key = part.key WHERE w.key <> ${resource}.key AND NOT ${visibleSql(bind, rights, "w")}))`;
}

/**
 * What is made of other parts of a record is seen by those who see all of them: its own words tell of them, too. Conditions on a row of
 * `resource`; none for a type that is made of nothing else.
 * @param type undefined: of any type
 */
export function compilationSql(bind: Bind, rights: Rights, resource: string, type?: string): string[] {
  return type === undefined || partsPath(type) !== undefined ? [compiledSql(bind, rights, resource)] : [];
}

/** As `compilationSql`, of a row `v` of `resource_version`, one of the resource's versions. What only an older one refers to is in its text alone. */
export function versionCompilationSql(bind: Bind, rights: Rights, resource: string, type: string): string[] {
  const path = partsPath(type);
  if (path === undefined) return [];
  const reference = "'([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(/_history/[^/]*)?$'";
  return [
    `CASE WHEN v.deleted OR v.version = ${resource}.version THEN true ELSE NOT EXISTS (
      SELECT FROM jsonb_path_query(v.content::jsonb, '${path}') AS p(text), regexp_match(p.text #>> '{}', ${reference}) AS m(parts)
        JOIN resource o ON o.type = m.parts[1] AND o.id = m.parts[2]
      WHERE NOT (${visibleSql(bind, rights, "o")} AND ${compiledSql(bind, rights, "o")})) END`,
  ];
}
