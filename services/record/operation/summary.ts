import type { Served } from "../../lib/audit.ts";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { searchLimits } from "../../lib/fhir/parse-search.ts";
import type { Language } from "../../lib/language.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, sightOf } from "../access.ts";
import type { Deps } from "../deps.ts";
import { unseenFacts } from "../resource/read-resource.ts";
import type { Sight } from "../resource/search-sql.ts";
import { listRecord, readCurrent, type StoredVersion, searchResources } from "../resource/store.ts";
import { referredTo, type SummaryContent, summaryBundle, summaryContent, summaryVersions } from "./summary/summary-bundle.ts";

export interface SummaryRequest {
  id: string;
  access: Access;
  /** The types of the record that the caller may read, of those that a summary is made from. */
  types: readonly string[];
  /** The types of the directory that the caller may read. */
  directoryTypes: readonly string[];
  language: Language;
  primaryOnly: boolean;
}

/** What one summary may be made from: it is built in memory, and meant to be read. */
export const summaryLimits = { resourcesMax: 2000, contentMaxBytes: 8 * 1024 * 1024, referredMax: 200 };

type Found = { outcome: "found"; content: SummaryContent; directory: StoredVersion[] } | { outcome: "deleted" | "unknown" | "too-much" };

/** The International Patient Summary's Patient/[id]/$summary (HL7 IPS 2.0.0), as of now; nothing is stored. @throws FhirError 404, 410, 413 */
export async function summary(context: Context, deps: Deps, request: SummaryRequest): Promise<Served<string>> {
  const { id, access, language } = request;
  const { publicUrl } = deps.settings;
  const about = { interaction: "operation" as const, resourceType: "Patient", resourceId: id };
  const fact = { ...about, patientId: id };
  const { value, servedBy } = await deps.audit.read<Found>(context, request, async (transaction) => {
    const sight = sightOf(deps, access);
    const patient = await readCurrent(transaction, "Patient", id, sight);
    if (!patient) return { value: { outcome: "unknown" }, facts: await unseenFacts(transaction, about) };
    if (patient.deleted) return { value: { outcome: "deleted" }, facts: [{ ...fact, outcome: "4" as const }] };
    const record = await wholeRecord(transaction, request, sight);
    if (!record) {
      return { value: { outcome: "too-much" }, facts: [{ ...fact, outcome: "4" as const }] };
    }
    const content = summaryContent(patient, record, publicUrl);
    const directory = await referredDirectory(transaction, deps, request, summaryVersions(content));
    return { value: { outcome: "found", content, directory }, facts: [{ ...fact, outcome: "0" as const }] };
  });
  switch (value.outcome) {
    case "found": {
      const { content, directory } = value;
      return { value: summaryBundle(content, directory, { publicUrl, language, now: new Date() }), servedBy };
    }
    case "deleted":
      throw fhirError(410, "deleted", "The resource was deleted");
    case "unknown":
      throw fhirError(404, "not-found", "There is no such resource");
    case "too-much":
      throw fhirError(
        413,
        "too-costly",
        `The record has more than a summary is made from (${summaryLimits.resourcesMax} resources, ${summaryLimits.contentMaxBytes} bytes); read it with $everything`,
      );
  }
}

/** Undefined where it is more than the bounds allow. */
async function wholeRecord(transaction: Transaction, { id, types }: SummaryRequest, sight: Sight): Promise<StoredVersion[] | undefined> {
  const found: StoredVersion[] = [];
  let bytes = 0;
  for (let after: string | undefined = "0"; after !== undefined; ) {
    const page = await listRecord(transaction, id, types, { after, count: searchLimits.maxCount }, sight);
    found.push(...page.found);
    bytes += page.found.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
    if (found.length > summaryLimits.resourcesMax || bytes > summaryLimits.contentMaxBytes) return undefined;
    after = page.next;
  }
  return found;
}

/** The professionals and organisations that the resources refer to, and those that these refer to: a role's person and place. */
async function referredDirectory(
  transaction: Transaction,
  deps: Deps,
  { access, directoryTypes }: SummaryRequest,
  from: readonly StoredVersion[],
): Promise<StoredVersion[]> {
  const found = new Map<string, StoredVersion>();
  let fresh = from;
  for (let round = 0; round < 2 && fresh.length > 0; round++) {
    const next: StoredVersion[] = [];
    for (const [type, all] of referredTo(fresh, directoryTypes, deps.settings.publicUrl)) {
      const ids = all.filter((id) => !found.has(`${type}/${id}`)).slice(0, summaryLimits.referredMax);
      if (ids.length > 0) next.push(...(await readByIds(transaction, deps, access, type, ids)));
    }
    for (const version of next) found.set(`${version.type}/${version.id}`, version);
    fresh = next;
  }
  return [...found.values()];
}

/** As a search would find them: what the caller may not see is not there. */
async function readByIds(transaction: Transaction, deps: Deps, access: Access, type: string, ids: string[]): Promise<StoredVersion[]> {
  const search = { conditions: [{ kind: "id" as const, ids }], inclusions: [], count: ids.length, total: false, used: [], warnings: [] };
  const sort = { by: "none", descending: false };
  return (await searchResources(transaction, type, { ...search, sort }, sightOf(deps, access))).matches;
}
