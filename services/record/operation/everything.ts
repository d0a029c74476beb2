import type { Served } from "../../lib/audit.ts";
import type { Context } from "../../lib/context.ts";
import { dateParameter } from "../../lib/fhir/date-parameter.ts";
import { allTime, type DateRange } from "../../lib/fhir/date-range.ts";
import { decodeCursor, encodeCursor, searchLimits } from "../../lib/fhir/parse-search.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, sightOf } from "../access.ts";
import type { Deps } from "../deps.ts";
import { unseenFacts } from "../resource/read-resource.ts";
import { searchEntry } from "../resource/search-resources.ts";
import { listRecord, type RecordPage, readCurrent } from "../resource/store.ts";

export interface EverythingRequest {
  id: string;
  access: Access;
  /** The types that the caller may read. */
  types: readonly string[];
  count: number;
  since?: string;
  /** Care given or planned within: http://hl7.org/fhir/R4/operation-patient-everything.html */
  care?: DateRange;
  after?: string;
  /** For the links, without the cursor. */
  used: [string, string][];
  primaryOnly: boolean;
}

/** `_type`, `_since`, `_count`, `start`, `end` and the server's own `_cursor`. @throws FhirError 400 */
export function parseEverything(
  query: URLSearchParams,
  types: readonly string[],
): Pick<EverythingRequest, "types" | "count" | "since" | "care" | "after" | "used"> {
  const wanted = query.get("_type")?.split(",");
  const count = query.get("_count") ?? String(searchLimits.maxCount);
  const cursor = query.get("_cursor");
  const wrong = (name: string, text: string) => fhirError(400, "value", text, { expression: name });
  if (!/^[1-9]\d{0,8}$/.test(count)) throw wrong("_count", "_count must be a number from 1");
  const [since, start, end] = [dateParameter(query, "_since"), dateParameter(query, "start"), dateParameter(query, "end")];
  return {
    types: wanted ? types.filter((type) => wanted.includes(type)) : types,
    count: Math.min(Number(count), searchLimits.maxCount),
    ...(since ? { since: since.low } : {}),
    ...(start || end ? { care: { low: start?.low ?? allTime.low, high: end?.high ?? allTime.high } } : {}),
    ...(cursor === null ? {} : { after: decodeCursor(cursor).key }),
    used: [...query].filter(([name]) => name !== "_cursor" && name !== "_format" && name !== "_pretty"),
  };
}

/** FHIR's Patient/[id]/$everything: the patient's whole record, page by page. @throws FhirError 404, 410 */
export async function everything(context: Context, deps: Deps, request: EverythingRequest): Promise<Served<string>> {
  const { id, access } = request;
  const about = { interaction: "operation" as const, resourceType: "Patient", resourceId: id };
  const { value, servedBy } = await deps.audit.read<RecordPage | { deleted: boolean }>(context, request, async (transaction) => {
    const sight = sightOf(deps, access);
    const patient = await readCurrent(transaction, "Patient", id, sight);
    if (!patient) return { value: { deleted: false }, facts: await unseenFacts(transaction, about) };
    if (patient.deleted) return { value: { deleted: true }, facts: [{ ...about, patientId: id, outcome: "4" }] };
    return {
      value: await listRecord(transaction, id, request.types, request, sight),
      facts: [{ ...about, patientId: id, outcome: "0" as const }],
    };
  });
  if ("deleted" in value) {
    throw value.deleted ? fhirError(410, "deleted", "The resource was deleted") : fhirError(404, "not-found", "There is no such resource");
  }
  const { publicUrl } = deps.settings;
  const link = (cursor: string | undefined): string => {
    const query = new URLSearchParams([...request.used, ...(cursor ? [["_cursor", cursor]] : [])]).toString();
    return `${publicUrl}/Patient/${id}/$everything${query ? `?${query}` : ""}`;
  };
  const links = [
    { relation: "self", url: link(undefined) },
    ...(value.next === undefined ? [] : [{ relation: "next", url: link(encodeCursor({ key: value.next })) }]),
  ];
  const head = JSON.stringify({ resourceType: "Bundle", id: crypto.randomUUID(), type: "searchset", link: links });
  const entries = value.found.map((found) => searchEntry(publicUrl, "match", found));
  return { value: entries.length > 0 ? `${head.slice(0, -1)},"entry":[${entries.join(",")}]}` : head, servedBy };
}
