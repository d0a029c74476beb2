import { parseArgs } from "node:util";
import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import type { Transaction } from "../lib/database/database.ts";
import type { AnyResource } from "../lib/fhir/validate.ts";
import { FhirError } from "../lib/operation-outcome.ts";
import type { ResourceType } from "./catalogue.ts";
import { readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startParts } from "./parts.ts";
import { owned, ownerIndex, type Prepared, prepare } from "./resource/create-resource.ts";
import { type KeptResource, lockNext, reindexResource, reownResource } from "./resource/store.ts";
import { spread } from "./rights/sensitivity.ts";

/** How long one resource may take, a failover included. */
const deadlineMs = 120_000;
/** Resources between two reports of how far it has come. */
const reportEvery = 1000;

export interface ReindexReport {
  /** How many were looked at. */
  resources: number;
  /** Of these, how many are of another document type or more confidential now. */
  relabelled: number;
  /** Consents that this version would refuse to keep, since it could not hold to them: what they say has no effect. */
  notHeld: string[];
  /** The last key that was looked at: where another run goes on. */
  after: string;
  isComplete: boolean;
}

/**
 * Works out anew what resources are found by and what rights to them depend on, as this version of the service does when it writes them; one
 * resource in a transaction, under its lock, while the service goes on. For once after the roll-out of a version that indexes more; it can be
 * repeated at any time, and goes on behind any key. No version is made and nothing is shown, so nothing is audited.
 */
export async function reindex(
  deps: Deps,
  from: { after?: string; signal?: AbortSignal; onProgress?: (report: ReindexReport) => void } = {},
): Promise<ReindexReport> {
  const report: ReindexReport = { resources: 0, relabelled: 0, notHeld: [], after: from.after ?? "0", isComplete: false };
  while (!from.signal?.aborted) {
    const context = backgroundContext(deps.log, "reindex", deadlineMs);
    const done = await deps.database.write(context, async (transaction) => {
      const kept = await lockNext(transaction, report.after);
      return kept && { key: kept.key, ...(await reindexOne(deps, transaction, kept)) };
    });
    if (!done) return { ...report, isComplete: true };
    report.after = done.key;
    report.resources++;
    if (done.isRelabelled) report.relabelled++;
    if (done.notHeld !== undefined) report.notHeld.push(done.notHeld);
    from.onProgress?.(report);
  }
  return report;
}

async function reindexOne(
  deps: Deps,
  transaction: Transaction,
  kept: KeptResource,
): Promise<{ isRelabelled: boolean; notHeld?: string | undefined }> {
  const type = deps.catalogue.types.get(kept.type);
  // Of a type that is no longer supported: nothing finds it.
  if (!type || kept.content === undefined) return { isRelabelled: false };
  const { prepared, notHeld } = preparedAnew(deps, type, kept, JSON.parse(kept.content) as AnyResource);
  const { sensitivity, index, patientIds } = await owned(transaction, { type, ...prepared });
  const now = await reindexResource(transaction, kept, kept.deleted ? ownerIndex(patientIds) : index, sensitivity);
  if (patientIds.toSorted().join() !== kept.patientIds.toSorted().join()) await reownResource(transaction, kept.type, kept.id, patientIds);
  const isRelabelled = now.level !== kept.level || now.category !== kept.category;
  // What was deleted says nothing any more.
  if (!kept.deleted) {
    spread(transaction, { type: kept.type, id: kept.id, changed: isRelabelled, mayLower: false }, sensitivity);
  }
  return { isRelabelled, notHeld };
}

/** A Consent that this version would refuse stays as it is, and means nothing. */
function preparedAnew(deps: Deps, type: ResourceType, { id }: KeptResource, plain: AnyResource): { prepared: Prepared; notHeld?: string } {
  try {
    return { prepared: prepare(deps, type, { plain, exact: plain }, id) };
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const inactive = { ...plain, status: "inactive" };
    const prepared = prepare(deps, type, { plain: inactive, exact: inactive }, id);
    const index = type.index(plain);
    index.tokens.push(...ownerIndex(prepared.patientIds).tokens);
    return { prepared: { ...prepared, index }, notHeld: `${type.name}/${id}` };
  }
}

/** `--after 1234`: where an interrupted run says that it stopped. @throws when it is no key */
export function parseAfter(text: string | undefined): string {
  if (text !== undefined && !/^\d{1,18}$/.test(text)) throw new Error("--after must be a number as an earlier run printed it");
  return text ?? "0";
}

/** Prints the report as JSON, on the way too; exit code 0 when it is complete, else the last line tells where to go on. */
async function main(): Promise<void> {
  const after = parseAfter(parseArgs({ options: { after: { type: "string" } } }).values.after);
  const { deps, stop } = await startParts({ ...configOrExit(readConfig), LOG_LEVEL: "silent" });
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());
  let last: ReindexReport | undefined;
  const print = (report: ReindexReport | undefined): void => console.log(JSON.stringify(report));
  const onProgress = (report: ReindexReport): void => {
    last = report;
    if (report.resources % reportEvery === 0) print(report);
  };
  try {
    last = await reindex(deps, { after, signal: stopping.signal, onProgress });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  print(last);
  stop();
  process.exit(last?.isComplete ? 0 : 1);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  });
}
