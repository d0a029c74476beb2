import type { Identifier, PatientLink } from "@medplum/fhirtypes";
import type { Context } from "../../lib/context.ts";
import type { Statement, Transaction } from "../../lib/database/database.ts";
import { parseExactly, parseResource } from "../../lib/fhir/exact-json.ts";
import { type AnyResource, idPattern } from "../../lib/fhir/validate.ts";
import type { Language } from "../../lib/language.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps, ResourceType } from "../deps.ts";
import type { Candidate } from "../matching/find-candidates.ts";
import { checkedResource } from "../resource/check-resource.ts";
import { readCurrent, type StoredVersion } from "../resource/store.ts";
import { writeWithin } from "../resource/write-resource.ts";

export interface Imported {
  outcome: "created" | "updated" | "unchanged";
  id: string;
  /** Patients that the new one may be. */
  candidates: Candidate[];
}

const byIdentifiers: Statement = {
  name: "import-by-identifier",
  text: `SELECT DISTINCT k.id FROM search_key k JOIN resource r ON r.type = k.type AND r.id = k.id
    WHERE k.type = $1 AND k.parameter = 'identifier' AND k.value = ANY ($2::text[]) AND r.merged_into IS NULL ORDER BY k.id LIMIT 2`,
};

/**
 * Creates the resource, or brings the one with its id or one of its identifiers up to date: what the line says replaces what was there, element by
 * element; identifiers are added. @throws FhirError as a create or an update
 */
export async function importResource(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  { type, body, language }: { type: ResourceType; body: AnyResource; language: Language },
): Promise<Imported> {
  const checked = checkedResource(deps, type, JSON.stringify(body), language);
  const given = checked.plain.id;
  const existing = await findExisting(transaction, type, checked.plain);
  const write = { type, reviewed: new Set<string>(), language };
  if (!existing) {
    const id = typeof given === "string" && idPattern.test(given) ? given : crypto.randomUUID();
    const { candidates } = await writeWithin(context, deps, transaction, { ...write, id, content: checked, isNew: given === undefined });
    return { outcome: "created", id, candidates };
  }
  const before = parseExactly(existing.content) as AnyResource;
  const merged = overlay(before, checked.exact, existing.id);
  if (comparable(merged) === comparable(before)) return { outcome: "unchanged", id: existing.id, candidates: [] };
  const content = checkedResource(deps, type, JSON.stringify(merged), language);
  const { candidates } = await writeWithin(context, deps, transaction, {
    ...{ ...write, id: existing.id, content, isNew: false, ifMatch: existing.version },
  });
  return { outcome: "updated", id: existing.id, candidates };
}

/** @throws FhirError 409 where what the line says leads to several */
async function findExisting(transaction: Transaction, type: ResourceType, resource: AnyResource): Promise<StoredVersion | undefined> {
  if (typeof resource.id === "string") {
    const found = await readCurrent(transaction, type, resource.id);
    if (found) return found;
  }
  const keys = identifiersOf(resource).map(({ system, value }) => `${system ?? ""}|${value ?? ""}`);
  const found = keys.length === 0 ? [] : await transaction.query<{ id: string }>(byIdentifiers, [type, keys]);
  if (found.length > 1)
    throw fhirError(409, "conflict", `The identifiers lead to several: ${found.map(({ id }) => `${type}/${id}`).join(", ")}`);
  return found[0] && (await readCurrent(transaction, type, found[0].id));
}

function overlay(before: AnyResource, line: AnyResource, id: string): AnyResource {
  const known = new Set(identifiersOf(before).map(({ system, value }) => `${system}|${value}`));
  const added = identifiersOf(line).filter(({ system, value }) => !known.has(`${system}|${value}`));
  const identifier = [...identifiersOf(before), ...added];
  const links = before.link as PatientLink[] | undefined;
  return {
    ...{ ...before, ...line, id },
    ...(before.meta === undefined ? {} : { meta: before.meta }),
    ...(identifier.length > 0 ? { identifier } : {}),
    ...(links === undefined ? {} : { link: links }),
  };
}

/** The text without what every version has of its own, whatever the order of the elements. */
function comparable(resource: AnyResource): string {
  const { meta: _, ...rest } = parseResource(JSON.stringify(resource)).plain;
  return JSON.stringify(Object.entries(rest).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function identifiersOf(resource: AnyResource): Identifier[] {
  return (resource.identifier ?? []) as Identifier[];
}
