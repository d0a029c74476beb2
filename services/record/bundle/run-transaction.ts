import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { type PatchOperation, parseJsonPatch } from "../../lib/fhir/json-patch.ts";
import { idPattern, validate } from "../../lib/fhir/validate.ts";
import { ifMatchVersion } from "../../lib/fhir/version.ts";
import { exactlyOnce, type WriteRequest, type WriteResult } from "../../lib/idempotency.ts";
import { FhirError, fhirError } from "../../lib/operation-outcome.ts";
import { type Access, authorise } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { checkDocument } from "../document/check-document.ts";
import { createWithin, findExisting, type Prepared, prepare } from "../resource/create-resource.ts";
import { deleteWithin } from "../resource/delete-resource.ts";
import { checkPatchable, patchWithin } from "../resource/patch-resource.ts";
import { checkedUpdate, updateWithin } from "../resource/update-resource.ts";
import { recordingRefusal } from "../resource/write-once.ts";
import { ownBinaries } from "./own-binaries.ts";
import type { BundleEntry } from "./parse-bundle.ts";
import { conditionalReferences, replaceInPatch, replaceReferences } from "./references.ts";

/** An entry whose address is understood and allowed. */
interface Step {
  place: number;
  entry: BundleEntry;
  type: ResourceType;
  access: Access;
  /** Of a new resource: chosen before the first attempt, as for a single create. */
  id: string;
  /** Of a create or an update. */
  prepared?: Prepared;
  /** Of a patch. */
  operations?: readonly PatchOperation[];
}

/** A conditional reference whose type is kept and may be searched. */
interface Meaning {
  reference: string;
  type: ResourceType;
  access: Access;
}

const permissions = { POST: "c", PUT: "u", PATCH: "u", DELETE: "d" } as const;
const interactions = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" } as const;
/** As FHIR orders them: http://hl7.org/fhir/R4/http.html#trules */
const order = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2 } as const;

/**
 * Does all entries or none, under one key. References between entries, by their fullUrl, and conditional references are resolved.
 * @throws FhirError that names the entry at fault
 */
export async function runTransaction(
  context: Context,
  deps: Deps,
  entries: readonly BundleEntry[],
  request: WriteRequest,
): Promise<WriteResult & { replayed: boolean }> {
  const steps: Step[] = [];
  for (const [place, entry] of ownBinaries(entries).entries()) steps.push(await atEntry(place, () => admit(context, deps, place, entry)));
  refuseTwice(steps);
  const names = new Map(steps.flatMap(({ entry, type, id }) => (entry.fullUrl ? [[entry.fullUrl, `${type.name}/${id}`] as const] : [])));
  const named = steps.map((step) => withContent(deps, step, names));
  for (const step of named) await atEntry(step.place, async () => check(deps, step));
  const prepared = await Promise.all(named.map((step) => atEntry(step.place, async () => preparedStep(deps, step))));
  const meanings = await admitReferences(context, deps, named);
  const work = exactlyOnce(context, deps, request, async (transaction) => {
    const resolved = await resolve(deps, transaction, prepared, meanings);
    const results: WriteResult[] = [];
    for (const step of resolved.toSorted((left, right) => orderOf(left) - orderOf(right)))
      results[step.place] = await atEntry(step.place, () => run(context, deps, transaction, step));
    return { status: 200, resourceType: "Bundle", resourceId: crypto.randomUUID(), version: 1, entries: results };
  });
  return await recordingRefusal(context, deps, { interaction: "transaction", resourceType: "Bundle" }, work);
}

/** Says which entry a refusal is about. */
async function atEntry<T>(place: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const at = `Bundle.entry[${place}]`;
    const issue = error.outcome.issue.map((each) => ({ ...each, expression: [at, ...(each.expression ?? [])] }));
    throw new FhirError(error.status, { ...error.outcome, issue });
  }
}

async function admit(context: Context, deps: Deps, place: number, entry: BundleEntry): Promise<Step> {
  const { method } = entry;
  if (method === "GET") {
    throw fhirError(400, "not-supported", "This server reads in batches, not in transactions");
  }
  const [, name = "", id] = /^([A-Z][A-Za-z]+)(?:\/([^/?]+))?$/.exec(entry.url) ?? [];
  const type = deps.catalogue.types.get(name);
  if (!type) {
    throw fhirError(404, "not-supported", "This server does not keep this resource type, or does not know this address");
  }
  if ((id === undefined) !== (method === "POST") || (id !== undefined && !idPattern.test(id))) {
    throw fhirError(400, "value", method === "POST" ? "A create has no id in its url" : "The url must be Type/id");
  }
  if (method === "PATCH") checkPatchable(type);
  const about = {
    type,
    interaction: interactions[method],
    permission: permissions[method],
    ...(id === undefined ? {} : { resourceId: id }),
  };
  return { place, entry, type, access: await authorise(context, deps, about), id: id ?? crypto.randomUUID() };
}

/** What two entries change would depend on their order. @throws FhirError 400 */
function refuseTwice(steps: readonly Step[]): void {
  const seen = new Set<string>();
  for (const { entry, type, id, place } of steps) {
    for (const name of [`${type.name}/${id}`, ...(entry.fullUrl ? [entry.fullUrl] : [])]) {
      if (seen.has(name)) {
        throw fhirError(400, "invariant", "Two entries are about the same resource", { expression: `Bundle.entry[${place}]` });
      }
      seen.add(name);
    }
  }
}

function withContent(deps: Deps, step: Step, known: ReadonlyMap<string, string>): Step {
  const { content, patch } = step.entry;
  const { publicUrl } = deps.settings;
  if (patch !== undefined) return { ...step, entry: { ...step.entry, patch: replaceInPatch(patch, known, publicUrl) } };
  return content === undefined ? step : { ...step, entry: { ...step.entry, content: replaceReferences(content, known, publicUrl) } };
}

/** Of a step whose content was checked. */
function preparedStep(deps: Deps, step: Step): Step {
  const { type, id, entry } = step;
  if (entry.patch !== undefined) return { ...step, operations: parseJsonPatch(entry.patch) };
  return entry.content === undefined ? step : { ...step, prepared: prepare(deps, type, entry.content, id) };
}

function check(deps: Deps, { entry, type, id }: Step): void {
  if (entry.patch !== undefined) parseJsonPatch(entry.patch);
  if (entry.content === undefined) return;
  const { plain } = entry.content;
  if (plain.resourceType !== type.name) {
    throw fhirError(400, "invalid", `The resource is not a ${type.name}`, { expression: "resource" });
  }
  validate(deps.catalogue.definitions, plain);
  checkDocument(plain);
  if (entry.method === "PUT") checkedUpdate(type, id, entry.content);
}

/** What only the store knows: which resource a conditional create or a conditional reference means. */
async function resolve(
  deps: Deps,
  transaction: Transaction,
  steps: readonly Step[],
  meanings: readonly Meaning[],
): Promise<readonly Step[]> {
  const known = new Map<string, string>();
  for (const { entry, type, access, id, place } of steps) {
    const query = entry.ifNoneExist;
    if (query === undefined) continue;
    const existing = await atEntry(place, () => findExisting(deps, transaction, { type, access }, query));
    if (existing) known.set(`${type.name}/${id}`, `${type.name}/${existing.id}`);
  }
  for (const meaning of meanings) known.set(meaning.reference, await meant(deps, transaction, meaning));
  return known.size === 0 ? steps : steps.map((step) => preparedStep(deps, withContent(deps, step, known)));
}

/** A conditional reference is a search, and needs its permission: what it means tells that it exists. @throws FhirError 403, 412 */
async function admitReferences(context: Context, deps: Deps, steps: readonly Step[]): Promise<Meaning[]> {
  const meanings: Meaning[] = [];
  for (const reference of conditionalReferences(steps.flatMap(({ entry }) => entry.patch ?? entry.content?.plain ?? []))) {
    const type = deps.catalogue.types.get(reference.split("?")[0] ?? "");
    if (!type) throw meansNothing(reference);
    meanings.push({ reference, type, access: await authorise(context, deps, { type, interaction: "search-type", permission: "s" }) });
  }
  return meanings;
}

async function meant(deps: Deps, transaction: Transaction, { reference, type, access }: Meaning): Promise<string> {
  const found = await findExisting(deps, transaction, { type, access }, reference);
  if (!found) throw meansNothing(reference);
  return `${type.name}/${found.id}`;
}

function meansNothing(reference: string): FhirError {
  return fhirError(412, "not-found", "A conditional reference means no resource, or more than one", {
    expression: reference.slice(0, 100),
  });
}

/** Within creates and updates, what describes another resource comes after it, so that it can be kept as confidential. */
const ranks: Record<string, number> = { Binary: 1, List: 3, Provenance: 3 };

function orderOf({ entry, type }: Step): number {
  const place = order[entry.method as keyof typeof order];
  return entry.method === "DELETE" ? place : (ranks[type.name] ?? 2) * 10 + place;
}

async function run(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  { entry, type, access, id, prepared, operations }: Step,
): Promise<WriteResult> {
  const ifMatch = ifMatchVersion(entry.ifMatch);
  if (operations !== undefined) {
    return (await patchWithin(context, deps, transaction, { type, access, id, operations, ifMatch })).result;
  }
  if (prepared === undefined) {
    return await deleteWithin(context, deps, transaction, { type, access, id, ifMatch });
  }
  const { ifNoneExist } = entry;
  const done =
    entry.method === "POST"
      ? await createWithin(context, deps, transaction, { type, access, ifNoneExist, ...prepared })
      : await updateWithin(context, deps, transaction, { type, access, ifMatch, ...prepared });
  return done.result;
}
