import type { Served } from "../../lib/audit.ts";
import type { Context } from "../../lib/context.ts";
import type { SearchRequest } from "../../lib/fhir/parse-search.ts";
import type { Subset } from "../../lib/fhir/subset.ts";
import { issue } from "../../lib/operation-outcome.ts";
import { type Access, sightOf } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { reducedVersion } from "./represent-version.ts";
import { type SearchPage, type StoredVersion, searchResources as searchStore } from "./store.ts";

/** FHIR search over one type, as a Bundle. One audit record for each patient whose data the page shows. */
export async function searchResources(
  context: Context,
  deps: Deps,
  request: { type: ResourceType; search: SearchRequest; access: Access; primaryOnly: boolean; subset?: Subset | undefined },
): Promise<Served<string>> {
  const { type, search, access } = request;
  const { value, servedBy } = await deps.audit.read(context, { primaryOnly: request.primaryOnly }, async (transaction) => {
    const page = await searchStore(transaction, type.name, search, sightOf(deps, access));
    const shown = [...page.matches, ...page.included];
    const patients = [...new Set([...shown.flatMap((match) => match.patientIds), ...(access.patientId ? [access.patientId] : [])])];
    const fact = { interaction: "search-type" as const, outcome: "0" as const, resourceType: type.name };
    return { value: page, facts: patients.length > 0 ? patients.map((patientId) => ({ ...fact, patientId })) : [fact] };
  });
  return { value: searchBundle(deps.settings.publicUrl, type.name, search, reducedPage(deps, value, request.subset)), servedBy };
}

/** Elements are those of the type searched for: what is included is given whole. */
function reducedPage({ catalogue }: Deps, page: SearchPage, subset: Subset | undefined): SearchPage {
  const forIncluded = subset?.kind === "elements" ? undefined : subset;
  return {
    ...page,
    matches: page.matches.map((found) => reducedVersion(catalogue, found, subset)),
    included: page.included.map((found) => reducedVersion(catalogue, found, forIncluded)),
  };
}

/** An entry of a searchset, the resource's own text as it is kept. */
export function searchEntry(publicUrl: string, mode: "match" | "include", { type, id, content }: StoredVersion): string {
  return `{"fullUrl":${JSON.stringify(`${publicUrl}/${type}/${id}`)},"resource":${content},"search":{"mode":"${mode}"}}`;
}

function searchBundle(publicUrl: string, type: string, search: SearchRequest, page: SearchPage): string {
  const link = (cursor: string | undefined): string => {
    const query = new URLSearchParams([...search.used, ...(cursor ? [["_cursor", cursor]] : [])]).toString();
    return `${publicUrl}/${type}${query ? `?${query}` : ""}`;
  };
  const entries = [
    ...page.matches.map((found) => searchEntry(publicUrl, "match", found)),
    ...page.included.map((found) => searchEntry(publicUrl, "include", found)),
  ];
  const warnings = page.cut
    ? [...search.warnings, issue("warning", "too-costly", "Not all was included: ask for fewer at once")]
    : search.warnings;
  if (warnings.length > 0) {
    entries.push(JSON.stringify({ resource: { resourceType: "OperationOutcome", issue: warnings }, search: { mode: "outcome" } }));
  }
  const links = [
    { relation: "self", url: link(undefined) },
    ...(page.nextCursor ? [{ relation: "next", url: link(page.nextCursor) }] : []),
  ];
  const total = page.total === undefined ? {} : { total: page.total };
  const head = JSON.stringify({ resourceType: "Bundle", id: crypto.randomUUID(), type: "searchset", ...total, link: links });
  return entries.length > 0 ? `${head.slice(0, -1)},"entry":[${entries.join(",")}]}` : head;
}
