import type { Patient } from "@medplum/fhirtypes";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { type ParsedResource, parseResource } from "../../lib/fhir/exact-json.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { factsAbout } from "../access.ts";
import type { Deps } from "../deps.ts";
import { decidePair, notePairs } from "../duplicates/store.ts";
import { blockingKeys } from "../matching/blocking-keys.ts";
import { findCandidates } from "../matching/find-candidates.ts";
import { featuresOf } from "../matching/person-features.ts";
import { lockBlocks } from "../matching/store.ts";
import { readVersion, type StoredVersion } from "../resource/store.ts";
import { nextVersion } from "../resource/write-resource.ts";
import { both, lockTwo, save } from "./merge-patients.ts";
import { separatedTarget } from "./merged-patients.ts";
import { findMerge, type Merge, undoMerge } from "./store.ts";

/**
 * Undoes the merge of a patient, once: the source is again what it was before; the target too, unless it was changed since, when only what the merge
 * brought is taken away. Returns the source as it is then. @throws FhirError 404, 409
 */
export async function unmergePatients(
  context: Context,
  deps: Deps,
  request: WriteRequest & { sourceId: string },
): Promise<{ source: StoredVersion; replayed: boolean }> {
  const result = await exactlyOnce(context, deps, request, async (transaction) => {
    const source = await carryOut(context, deps, transaction, request.sourceId);
    return { status: 200, resourceType: "Patient", resourceId: source.id, version: source.version };
  });
  const source = await deps.database.write(context, (transaction) =>
    readVersion(transaction, "Patient", result.resourceId, result.version),
  );
  if (!source) throw new Error("the result of an undone merge names a version that is not there");
  return { source, replayed: result.replayed };
}

async function carryOut(context: Context, deps: Deps, transaction: Transaction, sourceId: string): Promise<StoredVersion> {
  const found = await findMerge(transaction, sourceId);
  if (!found) throw notMerged();
  const [source, target] = await lockTwo(transaction, sourceId, found.target_id);
  // What was found may have been undone, and the source merged anew, before the two were locked.
  const merge = await findMerge(transaction, sourceId);
  if (merge?.id !== found.id) throw notMerged();
  if (target.mergedInto) {
    throw fhirError(409, "conflict", `The target was itself merged into Patient/${target.mergedInto}: undo that merge first`);
  }
  const earlierSource = await contentOf(transaction, sourceId, merge.source_version);
  const newTarget = await targetWithout(transaction, merge, target);
  const restored = nextVersion({ type: "Patient", id: sourceId, isNew: false }, earlierSource.exact, source);
  const separated = nextVersion({ type: "Patient", id: target.id, isNew: false }, newTarget.exact, target);
  const features = featuresOf(earlierSource.plain as unknown as Patient);
  await lockBlocks(transaction, blockingKeys(features));
  const candidates = await findCandidates(transaction, features, sourceId);
  const taken = candidates.find(({ id, sameNumber }) => sameNumber && id !== target.id);
  if (taken) throw fhirError(409, "duplicate", `Patient/${taken.id} bears the source's national number by now: take it away there first`);
  await save(transaction, restored, earlierSource.plain);
  await save(transaction, separated, newTarget.plain);
  const { subject } = context.principal;
  await undoMerge(transaction, merge.id, subject);
  await notePairs(transaction, sourceId, await findCandidates(transaction, features, sourceId));
  await notePairs(transaction, target.id, await findCandidates(transaction, featuresOf(newTarget.plain as unknown as Patient), target.id));
  // Somebody found that they are two people.
  await decidePair(transaction, [sourceId, target.id], "dismissed", subject);
  deps.audit.record(context, transaction, factsAbout({ interaction: "operation", outcome: "0" }, "Patient", [restored, separated]));
  return restored;
}

function notMerged(): Error {
  return fhirError(409, "conflict", "The patient is not merged into another one");
}

async function targetWithout(transaction: Transaction, merge: Merge, target: StoredVersion): Promise<ParsedResource> {
  if (target.version === merge.merged_version) return await contentOf(transaction, target.id, merge.target_version);
  return both(parseResource(target.content), (each) => separatedTarget(each, merge.source_id, merge.added_identifiers));
}

async function contentOf(transaction: Transaction, id: string, version: number): Promise<ParsedResource> {
  const found = await readVersion(transaction, "Patient", id, version);
  if (!found) throw new Error("a merge names a version that is not there");
  return parseResource(found.content);
}
