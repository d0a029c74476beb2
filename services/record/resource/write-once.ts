import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { exactlyOnce, type WriteRequest, type WriteResult } from "../../lib/idempotency.ts";
import { FhirError, fhirError } from "../../lib/operation-outcome.ts";
import { Concealed, facts } from "../access.ts";
import type { Deps } from "../deps.ts";
import { unbounded } from "./search-sql.ts";
import { readVersion, type StoredVersion } from "./store.ts";

/** What a write leaves behind, for the answer. */
export interface Written {
  /** 201 created, 200 changed (or found by If-None-Exist). */
  status: number;
  version: StoredVersion;
  /** The answer is that of an earlier request with the same key. */
  replayed: boolean;
}

/** Does a change once, records it where it was refused, and tells what was written, now or by an earlier request with the key. */
export async function writeOnce(
  context: Context,
  deps: Deps,
  request: WriteRequest & { expected?: WriteResult | undefined },
  about: Refused,
  change: (transaction: Transaction) => Promise<{ result: WriteResult; version: StoredVersion }>,
): Promise<Written> {
  let written: StoredVersion | undefined;
  const changing = async (transaction: Transaction): Promise<WriteResult> => {
    const done = await change(transaction);
    written = done.version;
    return done.result;
  };
  const work = exactlyOnce(context, deps, request, changing, request.expected);
  const result = await recordingRefusal(context, deps, about, work);
  const same = written?.id === result.resourceId && written.version === result.version && !result.replayed ? written : undefined;
  return { status: result.status, replayed: result.replayed, version: same ?? (await storedVersion(context, deps, result)) };
}

/** The version that the stored result of an earlier request names. */
async function storedVersion(context: Context, deps: Deps, result: WriteResult): Promise<StoredVersion> {
  const found = await deps.database.write(context, (transaction) =>
    readVersion(transaction, result.resourceType, result.resourceId, result.version, unbounded),
  );
  if (!found) {
    throw new Error("the result of a write names a version that is not there");
  }
  return found;
}

/** A write outside the token's patient. Where it undoes a transaction it is recorded afterwards (`recordingRefusal`). */
export function outOfReach(): FhirError {
  return fhirError(403, "forbidden", "The token allows only its own patient's record, or that of its own synthetic patients");
}

/** What a refusal is recorded as being about. */
interface Refused {
  interaction: "create" | "update" | "patch" | "delete" | "transaction" | "operation";
  resourceType: string;
  resourceId?: string;
}

/** Records a refused write, whose own transaction was undone. */
export async function recordingRefusal<T>(context: Context, deps: Deps, about: Refused, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FhirError && error.status === 403) {
      await deps.audit.refused(context, { ...about, outcome: "8" });
    } else if (error instanceof Concealed) {
      for (const fact of facts({ ...about, outcome: error.patientIds.length > 0 ? "8" : "4" }, error.patientIds)) {
        await deps.audit.refused(context, fact);
      }
    }
    throw error;
  }
}
