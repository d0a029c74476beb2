import type { Served } from "../../lib/audit.ts";
import type { Context } from "../../lib/context.ts";
import { dateParameter } from "../../lib/fhir/date-parameter.ts";
import { searchLimits } from "../../lib/fhir/parse-search.ts";
import type { Subset } from "../../lib/fhir/subset.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, sightOf } from "../access.ts";
import type { Deps } from "../deps.ts";
import { historyEntry } from "../resource/list-history.ts";
import { reducedVersion } from "../resource/represent-version.ts";
import { type ChangesPage, type ChangesRequest, decodeCursor, listVersionsOf } from "./store.ts";

export interface ChangesQuery extends ChangesRequest {
  /** For the links, without the cursor. */
  used: [string, string][];
}

const known = new Set(["_count", "_since", "_at", "_total", "_summary", "_elements"]);
const aside = new Set(["_cursor", "_format", "_pretty"]);

/**
 * `_count`, `_since`, `_at` (http://hl7.org/fhir/R4/http.html#history), `_total` as in a search, and the server's own `_cursor`.
 * @throws FhirError 400, under `strict` handling also for anything else
 */
export function parseChangesQuery(query: URLSearchParams, strict: boolean): ChangesQuery {
  const wrong = (name: string, text: string): Error => fhirError(400, "value", text, { expression: name });
  const count = query.get("_count") ?? String(searchLimits.defaultCount);
  if (!/^[1-9]\d{0,8}$/.test(count)) throw wrong("_count", "_count must be a number from 1");
  const total = query.get("_total") ?? "none";
  if (!["none", "estimate", "accurate"].includes(total)) throw wrong("_total", "_total must be none, estimate or accurate");
  const [since, at, cursor] = [dateParameter(query, "_since")?.low, dateParameter(query, "_at"), query.get("_cursor")];
  const unknown = [...query.keys()].find((name) => !known.has(name) && !aside.has(name));
  if (strict && unknown !== undefined) {
    throw fhirError(400, "not-supported", "A history does not have this parameter", { expression: unknown.slice(0, 100) });
  }
  return {
    count: Math.min(Number(count), searchLimits.maxCount),
    total: total !== "none",
    ...(since === undefined ? {} : { since }),
    ...(at ? { at } : {}),
    ...(cursor === null ? {} : { cursor: decodeCursor(cursor) }),
    used: [...query].filter(([name]) => known.has(name)),
  };
}

export interface ChangesOf {
  /** Undefined for the history of all types. */
  type: string | undefined;
  /** The types that the caller may search, each with how far. */
  parts: readonly { type: string; access: Access }[];
  query: ChangesQuery;
  subset: Subset | undefined;
  primaryOnly: boolean;
}

/** FHIR history of a type or of all, newest version first, as a Bundle. One audit record for each patient whose data the page shows. */
export async function listChanges(context: Context, deps: Deps, request: ChangesOf): Promise<Served<string>> {
  const { type, parts, query, subset } = request;
  const { value, servedBy } = await deps.audit.read(context, { primaryOnly: request.primaryOnly }, async (transaction) => {
    const seen = parts.map((part) => ({ type: part.type, sight: sightOf(deps, part.access) }));
    const page = await listVersionsOf(transaction, seen, query);
    const own = parts.flatMap(({ access }) => access.patientId ?? []);
    const patients = [...new Set([...page.versions.flatMap(({ patientIds }) => patientIds), ...own])];
    const interaction = type === undefined ? ("history-system" as const) : ("history-type" as const);
    const fact = { interaction, outcome: "0" as const, resourceType: type ?? "Resource" };
    return { value: page, facts: patients.length > 0 ? patients.map((patientId) => ({ ...fact, patientId })) : [fact] };
  });
  const versions = value.versions.map((version) => reducedVersion(deps.catalogue, version, subset));
  return { value: changesBundle(deps.settings.publicUrl, type, query, { ...value, versions }), servedBy };
}

function changesBundle(publicUrl: string, type: string | undefined, { used }: ChangesQuery, page: ChangesPage): string {
  const link = (cursor: string | undefined): string => {
    const query = new URLSearchParams([...used, ...(cursor ? [["_cursor", cursor]] : [])]).toString();
    return `${publicUrl}${type === undefined ? "" : `/${type}`}/_history${query ? `?${query}` : ""}`;
  };
  const links = [
    { relation: "self", url: link(undefined) },
    ...(page.nextCursor ? [{ relation: "next", url: link(page.nextCursor) }] : []),
  ];
  const total = page.total === undefined ? {} : { total: page.total };
  const head = JSON.stringify({ resourceType: "Bundle", id: crypto.randomUUID(), type: "history", ...total, link: links });
  const entries = page.versions.map((version) => historyEntry(publicUrl, version));
  return entries.length > 0 ? `${head.slice(0, -1)},"entry":[${entries.join(",")}]}` : head;
}
