import type { Identifier, Patient } from "@medplum/fhirtypes";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { type ParsedResource, parseResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { factsAbout } from "../access.ts";
import type { Deps } from "../deps.ts";
import { decidePair, notePairs } from "../duplicates/store.ts";
import { findCandidates } from "../matching/find-candidates.ts";
import { featuresOf } from "../matching/person-features.ts";
import { searchFacts } from "../resource/search-keys.ts";
import { lockCurrent, readVersion, type StoredVersion, saveVersion } from "../resource/store.ts";
import { nextVersion } from "../resource/write-resource.ts";
import { addedIdentifiers, missingIdentifiers, replacedSource, replacingTarget } from "./merged-patients.ts";
import { findByIdentifier, insertMerge } from "./store.ts";

/** Names one patient: by its id, by identifiers (`system|value`), or by both. */
export interface PatientSelector {
  id: string | undefined;
  identifiers: string[];
}

export interface MergeRequest {
  source: PatientSelector;
  target: PatientSelector;
  /** What the target shall look like, where that is more than its own data and the source's identifiers. */
  result: ParsedResource | undefined;
}

interface MergePlan {
  source: StoredVersion;
  target: StoredVersion;
  added: Identifier[];
  newSource: ParsedResource;
  newTarget: ParsedResource;
}

/** What a merge would do; nothing is changed. @throws FhirError as `mergePatients` */
export async function previewMerge(context: Context, deps: Deps, request: MergeRequest): Promise<string> {
  const { value } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => {
    const plan = await planMerge(transaction, request);
    const facts = factsAbout({ interaction: "operation", outcome: "0" }, "Patient", [plan.source, plan.target]);
    return { value: JSON.stringify(plan.newTarget.exact), facts };
  });
  return value;
}

/** FHIR R5 Patient/$merge, once. Returns the target as it is then. @throws FhirError 404, 409, 422 */
export async function mergePatients(
  context: Context,
  deps: Deps,
  request: MergeRequest & WriteRequest,
): Promise<{ target: StoredVersion; replayed: boolean }> {
  // Chosen before the transaction, which may run more than once.
  const mergeId = crypto.randomUUID();
  const result = await exactlyOnce(context, deps, request, async (transaction) => {
    const plan = await planMerge(transaction, request);
    const target = await carryOut(context, deps, transaction, mergeId, plan);
    return { status: 200, resourceType: "Patient", resourceId: target.id, version: target.version };
  });
  const target = await deps.database.write(context, (transaction) =>
    readVersion(transaction, "Patient", result.resourceId, result.version),
  );
  if (!target) throw new Error("the result of a merge names a version that is not there");
  return { target, replayed: result.replayed };
}

async function planMerge(transaction: Transaction, { source, target, result }: MergeRequest): Promise<MergePlan> {
  const sourceId = await selectedId(transaction, source, "source-patient");
  const targetId = await selectedId(transaction, target, "target-patient");
  if (sourceId === targetId) throw fhirError(422, "invariant", "A patient cannot be merged into itself");
  const [before, survivor] = await lockTwo(transaction, sourceId, targetId);
  if (before.mergedInto) throw fhirError(409, "conflict", `The source was merged into Patient/${before.mergedInto} already`);
  if (survivor.mergedInto) {
    throw fhirError(409, "conflict", `The target was merged into Patient/${survivor.mergedInto}: merge into that one`);
  }
  const [sourceBody, targetBody] = [parseResource(before.content), parseResource(survivor.content)];
  if (result) checkResult(result.plain, targetId, [sourceBody.plain, targetBody.plain]);
  const added = result ? [] : addedIdentifiers(sourceBody.plain, targetBody.plain);
  const base = result ?? targetBody;
  return {
    source: before,
    target: survivor,
    added: result ? addedIdentifiers(sourceBody.plain, targetBody.plain) : added,
    newSource: both(sourceBody, (each) => replacedSource(each, targetId)),
    newTarget: both(base, (each) => replacingTarget(each, sourceId, added)),
  };
}

export function both({ plain, exact }: ParsedResource, change: (resource: AnyResource) => AnyResource): ParsedResource {
  return { plain: change(plain), exact: change(exact) };
}

/** @throws FhirError 404, 422 */
async function selectedId(transaction: Transaction, { id, identifiers }: PatientSelector, name: string): Promise<string> {
  const ids = new Set(id === undefined ? [] : [id]);
  for (const identifier of identifiers) {
    const found = await findByIdentifier(transaction, identifier);
    if (found.length === 0) throw fhirError(404, "not-found", `No patient has the identifier of ${name}`, { expression: name });
    for (const each of found) ids.add(each);
  }
  const [only, ...others] = ids;
  if (only === undefined) throw fhirError(400, "required", `${name} or ${name}-identifier is missing`, { expression: name });
  if (others.length > 0) throw fhirError(422, "invariant", `What is said of ${name} leads to more than one patient`, { expression: name });
  return only;
}

/** Both patients, locked in the order of their ids: two merges of the same two never wait for each other. @throws FhirError 404 */
export async function lockTwo(transaction: Transaction, sourceId: string, targetId: string): Promise<[StoredVersion, StoredVersion]> {
  const locked = new Map<string, StoredVersion>();
  for (const id of [sourceId, targetId].sort()) {
    const found = await lockCurrent(transaction, "Patient", id);
    if (!found) throw fhirError(404, "not-found", `There is no Patient/${id}`);
    locked.set(id, found);
  }
  const [source, target] = [locked.get(sourceId), locked.get(targetId)];
  if (!source || !target) throw new Error("a locked patient is gone");
  return [source, target];
}

/** @throws FhirError 422 */
function checkResult(result: AnyResource, targetId: string, both: readonly AnyResource[]): void {
  if (result.id !== targetId)
    throw fhirError(422, "invariant", "result-patient must have the target's id", { expression: "result-patient" });
  const missing = missingIdentifiers(result, both);
  if (missing.length > 0) {
    const text = `result-patient must keep all identifiers of both patients; ${missing.length} are missing`;
    throw fhirError(422, "invariant", text, { expression: "result-patient" });
  }
}

async function carryOut(context: Context, deps: Deps, transaction: Transaction, id: string, plan: MergePlan): Promise<StoredVersion> {
  const { source, target, added, newSource, newTarget } = plan;
  const replaced = { ...nextVersion({ type: "Patient", id: source.id, isNew: false }, newSource.exact, source), mergedInto: target.id };
  const merged = nextVersion({ type: "Patient", id: target.id, isNew: false }, newTarget.exact, target);
  await save(transaction, replaced, newSource.plain);
  await save(transaction, merged, newTarget.plain);
  const { subject } = context.principal;
  const versions = { source_version: source.version, target_version: target.version, merged_version: merged.version };
  await insertMerge(transaction, { id, source_id: source.id, target_id: target.id, ...versions, added_identifiers: added }, subject);
  await decidePair(transaction, [source.id, target.id], "merged", subject);
  await notePairs(transaction, source.id, []);
  await notePairs(transaction, target.id, await findCandidates(transaction, featuresOf(newTarget.plain as unknown as Patient), target.id));
  deps.audit.record(context, transaction, factsAbout({ interaction: "operation", outcome: "0" }, "Patient", [replaced, merged]));
  return merged;
}

export async function save(transaction: Transaction, version: StoredVersion, plain: AnyResource): Promise<void> {
  if (!(await saveVersion(transaction, version, searchFacts("Patient", plain)))) throw new Error("a locked patient was changed");
}
