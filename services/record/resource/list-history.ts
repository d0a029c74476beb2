import type { Served } from "../../lib/audit.ts";
import type { Context } from "../../lib/context.ts";
import { dateParameter } from "../../lib/fhir/date-parameter.ts";
import { type DateRange, dateRange } from "../../lib/fhir/date-range.ts";
import { searchLimits } from "../../lib/fhir/parse-search.ts";
import type { Subset } from "../../lib/fhir/subset.ts";
import { etag } from "../../lib/fhir/version.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { facts, sightOf } from "../access.ts";
import type { Deps } from "../deps.ts";
import { type ReadRequest, unseenFacts } from "./read-resource.ts";
import { reducedVersion } from "./represent-version.ts";
import { type HistoryPage, listVersions, readCurrent, type StoredVersion } from "./store.ts";

export interface HistoryQuery {
  count: number;
  before?: number;
  since?: string;
  /** Current at some time within. */
  at?: DateRange;
  /** `_at`, `_summary` and `_elements`, for the links. */
  shape: [string, string][];
}

/** Parses `_count`, `_since`, `_at` and the server's own `_before`. @throws FhirError 400 */
export function parseHistoryQuery(query: URLSearchParams): HistoryQuery {
  const count = query.get("_count") ?? String(searchLimits.defaultCount);
  const before = query.get("_before");
  const since = query.get("_since");
  const instant = since === null ? undefined : dateRange(since.replace(" ", "+"))?.low;
  if (!/^[1-9]\d{0,8}$/.test(count) || (before !== null && !/^\d{1,9}$/.test(before)) || (since !== null && !instant)) {
    throw fhirError(400, "value", "_count must be a positive number and _since an instant");
  }
  const at = dateParameter(query, "_at");
  return {
    count: Math.min(Number(count), searchLimits.maxCount),
    ...(before === null ? {} : { before: Number(before) }),
    ...(instant ? { since: instant } : {}),
    ...(at ? { at } : {}),
    shape: shapeOf(query),
  };
}

const shapes = new Set(["_at", "_summary", "_elements"]);

/** What of a query says which versions are shown, and which part of each. */
export function shapeOf(query: URLSearchParams): [string, string][] {
  return [...query].filter(([name]) => shapes.has(name));
}

/** FHIR history of one instance, newest version first, as a Bundle. @throws FhirError 404 */
export async function listHistory(
  context: Context,
  deps: Deps,
  request: ReadRequest & HistoryQuery & { subset?: Subset | undefined },
): Promise<Served<string>> {
  const { type, id } = request;
  const about = { interaction: "history-instance" as const, resourceType: type.name, resourceId: id };
  const served = await deps.audit.read(context, { primaryOnly: request.primaryOnly }, async (transaction) => {
    const sight = sightOf(deps, request.access);
    const current = await readCurrent(transaction, type.name, id, sight);
    if (!current) return { value: undefined, facts: await unseenFacts(transaction, about) };
    const page = await listVersions(transaction, type.name, id, request, sight);
    return { value: page, facts: facts({ ...about, outcome: "0" }, current.patientIds) };
  });
  if (!served.value) {
    throw fhirError(404, "not-found", "There is no such resource");
  }
  const versions = served.value.versions.map((version) => reducedVersion(deps.catalogue, version, request.subset));
  return { value: historyBundle(deps.settings.publicUrl, request, { ...served.value, versions }), servedBy: served.servedBy };
}

/** An entry of a history, the resource's own text as it is kept. */
export function historyEntry(publicUrl: string, version: StoredVersion): string {
  const { type, id, method, deleted } = version;
  const created = method === "POST" || (method === "PUT" && version.version === 1);
  const status = deleted ? "204" : created ? "201" : "200";
  const rest = JSON.stringify({
    request: { method, url: method === "POST" ? type : `${type}/${id}` },
    response: { status, etag: etag(version.version), lastModified: version.lastUpdated.toISOString() },
  });
  const resource = deleted ? "" : `"resource":${version.content},`;
  return `{"fullUrl":${JSON.stringify(`${publicUrl}/${type}/${id}`)},${resource}${rest.slice(1)}`;
}

function historyBundle(publicUrl: string, request: ReadRequest & HistoryQuery, page: HistoryPage): string {
  const url = `${publicUrl}/${request.type.name}/${request.id}`;
  const link = (before: number | undefined): string => {
    const query = new URLSearchParams([["_count", String(request.count)], ...request.shape]);
    if (request.since) query.set("_since", request.since);
    if (before) query.set("_before", String(before));
    return `${url}/_history?${query}`;
  };
  const entries = page.versions.map((version) => historyEntry(publicUrl, version));
  const links = [
    { relation: "self", url: link(request.before) },
    ...(page.nextBefore ? [{ relation: "next", url: link(page.nextBefore) }] : []),
  ];
  const head = JSON.stringify({ resourceType: "Bundle", id: crypto.randomUUID(), type: "history", total: page.total, link: links });
  return entries.length > 0 ? `${head.slice(0, -1)},"entry":[${entries.join(",")}]}` : head;
}
