import type { PractitionerRole } from "@medplum/fhirtypes";
import type { Served } from "../../lib/audit.ts";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { nationalNumberSystem, parseNationalNumber } from "../../lib/national-number.ts";
import { fhirError, issue, outcome } from "../../lib/operation-outcome.ts";
import { type Access, factsAbout } from "../access.ts";
import { type Deps, fhirUrl, type ResourceType } from "../deps.ts";
import { foldName } from "../matching/fold-name.ts";
import { encodeCursor, type Search } from "./parse-search.ts";
import { searchStatement } from "./search-sql.ts";
import { readAll, type StoredVersion, toVersion } from "./store.ts";

type Row = Parameters<typeof toVersion>[0] & { sort_name: string };

interface Page {
  matches: StoredVersion[];
  included: StoredVersion[];
  next: string | undefined;
}

/** Of patients, so many are shown to whoever is not to browse; who knows the person finds it among them. */
const patientsShownMax = 20;
const nameLettersMin = 2;

/** FHIR search as a Bundle. @throws FhirError 400 for a search of patients that tells too little of the person */
export async function searchResources(
  context: Context,
  deps: Deps,
  request: { search: Search; access: Access; primaryOnly: boolean },
): Promise<Served<string>> {
  const { search, access, primaryOnly } = request;
  const bounded = search.type === "Patient" && access.kind !== "administration";
  if (bounded) {
    await refuseBrowsing(context, deps, search);
    search.count = Math.min(search.count, patientsShownMax);
  }
  const served = await deps.audit.read(context, { primaryOnly }, async (transaction) => {
    const page = await findPage(transaction, search);
    const facts = factsAbout({ interaction: "search-type", outcome: "0" }, search.type, page.matches);
    return { value: page, facts };
  });
  return { value: JSON.stringify(searchBundle(fhirUrl(deps), search, served.value, bounded)), servedBy: served.servedBy };
}

/** @throws FhirError 400 unless the search names the person: the national number, or a name and the day of birth */
async function refuseBrowsing(context: Context, deps: Deps, { asked, cursor }: Search): Promise<void> {
  const known = (name: string): string[] => asked.get(name) ?? [];
  // Numbers that an organisation gives out in a row could be tried one after the other; so could many at once.
  const numbers = known("identifier").map((text) => text.replace(`${nationalNumberSystem}|`, ""));
  const byNumber = numbers.length === 1 && numbers.every((number) => parseNationalNumber(number).valid);
  const byId = known("_id").length === 1 && known("_id").every((id) => !id.includes(","));
  const names = [...known("family"), ...known("given"), ...known("name")];
  const named = names.length > 0 && names.every((name) => name.split(",").every((each) => foldName(each).length >= nameLettersMin));
  const born = known("birthdate").some((date) => /^(eq)?\d{4}-\d{2}-\d{2}$/.test(date));
  if ((byNumber || byId || (named && born)) && cursor === undefined) return;
  await deps.audit.refused(context, { interaction: "search-type", outcome: "4", resourceType: "Patient" });
  const text =
    "Patients are found by who knows them: search by the national number (identifier), or by a name of at least two letters (family, given or name) together with the day of birth (birthdate=YYYY-MM-DD)";
  throw fhirError(400, "required", text);
}

async function findPage(transaction: Transaction, search: Search): Promise<Page> {
  const { statement, values } = searchStatement(search);
  const rows = await transaction.query<Row>(statement, values);
  const shown = rows.slice(0, search.count);
  const last = rows.length > search.count ? shown.at(-1) : undefined;
  const value = last && (search.sort.by === "name" ? last.sort_name : last.last_updated.toISOString());
  const matches = shown.map(({ sort_name: _, ...row }) => toVersion(row));
  return {
    matches,
    included: await includedBy(transaction, search.include, matches),
    next: last && value !== undefined ? encodeCursor({ value, id: last.id }) : undefined,
  };
}

async function includedBy(
  transaction: Transaction,
  types: readonly ResourceType[],
  matches: readonly StoredVersion[],
): Promise<StoredVersion[]> {
  const references = matches.flatMap(({ content }) => {
    const { practitioner, organization } = JSON.parse(content) as PractitionerRole;
    return [practitioner?.reference ?? "", organization?.reference ?? ""];
  });
  const found: StoredVersion[] = [];
  for (const type of new Set(types)) {
    const ids = references.filter((reference) => reference.startsWith(`${type}/`)).map((reference) => reference.slice(type.length + 1));
    found.push(...(await readAll(transaction, type, [...new Set(ids)])));
  }
  return found;
}

function searchBundle(url: string, search: Search, page: Page, bounded: boolean): object {
  const link = (cursor?: string): string => {
    const query = new URLSearchParams(search.used);
    if (cursor !== undefined) query.set("_cursor", cursor);
    return `${url}/${search.type}?${query}`;
  };
  const tooMany = "There are more; tell more of the person (both names, the national number)";
  const warnings = [...search.warnings, ...(bounded && page.next ? [issue("warning", "too-costly", tooMany)] : [])];
  const entry = (version: StoredVersion, mode: "match" | "include"): object => ({
    fullUrl: `${url}/${version.type}/${version.id}`,
    resource: JSON.parse(version.content) as object,
    search: { mode },
  });
  const entries = [
    ...page.matches.map((version) => entry(version, "match")),
    ...page.included.map((version) => entry(version, "include")),
    ...(warnings.length > 0
      ? [{ resource: { ...outcome("warning", "processing", ""), issue: warnings }, search: { mode: "outcome" } }]
      : []),
  ];
  const nextPage = page.next !== undefined && !bounded ? [{ relation: "next", url: link(page.next) }] : [];
  return {
    ...{ resourceType: "Bundle", id: crypto.randomUUID(), type: "searchset" },
    link: [{ relation: "self", url: link() }, ...nextPage],
    ...(entries.length > 0 ? { entry: entries } : {}),
  };
}
