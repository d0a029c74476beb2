import type { Served } from "../../lib/audit.ts";
import type { Context } from "../../lib/context.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import type { Language } from "../../lib/language.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { factsAbout } from "../access.ts";
import type { Deps } from "../deps.ts";
import { describeReasons } from "../matching/describe-reasons.ts";
import { readAll } from "../resource/store.ts";
import { type DuplicatePair, decidePair, listPairs, lockPair, type PairState } from "./store.ts";

export interface DuplicatesQuery {
  state: PairState;
  count: number;
  after?: { probability: number; id: string };
}

/** A page of the work list, the likeliest pairs first, each with its two patients and the reasons in words. */
export async function listDuplicates(
  context: Context,
  deps: Deps,
  query: DuplicatesQuery,
  language: Language,
): Promise<Served<{ pairs: object[]; last: DuplicatePair | undefined }>> {
  return await deps.audit.read(context, { primaryOnly: false }, async (transaction) => {
    const pairs = await listPairs(transaction, query);
    const ids = [...new Set(pairs.flatMap(({ left_id, right_id }) => [left_id, right_id]))];
    const patients = await readAll(transaction, "Patient", ids);
    const contents = new Map(patients.map(({ id, content }) => [id, JSON.parse(content) as object]));
    const described = pairs.map((pair) => ({
      id: pair.id,
      state: pair.state,
      grade: pair.grade,
      probability: Math.round(pair.probability * 10_000) / 10_000,
      reasons: describeReasons(pair.reasons, language),
      foundAt: pair.found_at.toISOString(),
      ...(pair.decided_at ? { decidedAt: pair.decided_at.toISOString(), decidedBy: pair.decided_by } : {}),
      patients: [contents.get(pair.left_id), contents.get(pair.right_id)],
    }));
    const facts = factsAbout({ interaction: "search-type", outcome: "0" }, "Patient", patients);
    return { value: { pairs: described, last: pairs.length === query.count ? pairs.at(-1) : undefined }, facts };
  });
}

/** Notes that the two are different people, once. @throws FhirError 404, 409 */
export async function dismissPair(context: Context, deps: Deps, request: WriteRequest & { id: string }): Promise<void> {
  await exactlyOnce(context, deps, request, async (transaction) => {
    const pair = await lockPair(transaction, request.id);
    if (!pair) throw fhirError(404, "not-found", "There is no such pair");
    if (pair.state === "merged") throw fhirError(409, "conflict", "The two were merged; undo the merge with Patient/$unmerge");
    await decidePair(transaction, [pair.left_id, pair.right_id], "dismissed", context.principal.subject);
    const touched = [{ id: pair.left_id }, { id: pair.right_id }];
    deps.audit.record(context, transaction, factsAbout({ interaction: "operation", outcome: "0" }, "Patient", touched));
    return { status: 204, resourceType: "DuplicatePair", resourceId: pair.id, version: 1 };
  });
}
