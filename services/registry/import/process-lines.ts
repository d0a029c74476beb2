import { setTimeout as sleep } from "node:timers/promises";
import { backgroundContext, type Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { retryReason } from "../../lib/database/postgres-errors.ts";
import type { Language } from "../../lib/language.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import { DuplicateRefused, factsAbout } from "../access.ts";
import type { Deps } from "../deps.ts";
import { describeReasons } from "../matching/describe-reasons.ts";
import type { Candidate } from "../matching/find-candidates.ts";
import { type Imported, importResource } from "./import-resource.ts";
import { parseLine, roleId } from "./parse-line.ts";
import { dropStaleJobs, findReadyJob, type Job, type LineReport, lockPending, type PendingLine, settleJob, settleLine } from "./store.ts";

/** Each line locks the keys of its person until the batch ends. */
const batch = 10;
const batchMs = 30_000;
const housekeepingMs = 10 * 60 * 1000;

/** Does imports, until the signal. Every replica takes part; a line is done in the transaction that notes what became of it, and so exactly once. */
export async function runImports(deps: Deps, options: { pollMs: number; signal: AbortSignal }): Promise<void> {
  let cleanedMs = Number.NEGATIVE_INFINITY;
  while (!options.signal.aborted) {
    let done = 0;
    try {
      done = await processLines(deps);
      if (performance.now() - cleanedMs > housekeepingMs) {
        cleanedMs = performance.now();
        await deps.database.write(backgroundContext(deps.log, "import-stale", 5000), dropStaleJobs);
      }
    } catch (error) {
      deps.log.warn({ error }, "lines of an import were not done, trying again later");
    }
    if (done === 0) await sleep(options.pollMs, undefined, { signal: options.signal }).catch(() => {});
  }
}

/** One round. Returns how many lines are done. */
export async function processLines(deps: Deps): Promise<number> {
  const background = backgroundContext(deps.log, "import", batchMs);
  return await deps.database.write(background, async (transaction) => {
    const job = await findReadyJob(transaction);
    if (!job) return 0;
    const lines = await lockPending(transaction, job.id, batch);
    if (lines.length === 0) {
      // The last lines may be another replica's, whose transaction is still open.
      await settleJob(transaction, job.id);
      return 0;
    }
    // Whoever sent the file in is who did it.
    const principal = { ...background.principal, subject: job.subject, clientId: job.client_id };
    const context = { ...background, requestId: job.request_id, principal };
    for (const line of lines) {
      await settleLine(transaction, job.id, await processLine(context, deps, transaction, job, line));
    }
    return lines.length;
  });
}

/** @throws what makes the whole transaction be tried again */
async function processLine(context: Context, deps: Deps, transaction: Transaction, job: Job, line: PendingLine): Promise<LineReport> {
  const { number } = line;
  await transaction.query({ text: "SAVEPOINT line" });
  try {
    return { number, ...(await importLine(context, deps, transaction, job, line)) };
  } catch (error) {
    if (retryReason(error)) throw error;
    await transaction.query({ text: "ROLLBACK TO SAVEPOINT line" });
    const none = { number, resource_type: null, resource_id: null };
    if (error instanceof DuplicateRefused) {
      const facts = factsAbout(
        { interaction: "create", outcome: "4" },
        "Patient",
        error.patientIds.map((id) => ({ id })),
      );
      deps.audit.record(context, transaction, facts);
      return { ...none, outcome: "duplicate", words: wordsOf(error), candidates: [...error.patientIds] };
    }
    if (error instanceof FhirError) return { ...none, outcome: "error", words: wordsOf(error), candidates: null };
    deps.log.error({ error, job: job.id, line: number }, "a line of an import could not be done");
    return { ...none, outcome: "error", words: ["The server failed at this line; its operators have been told"], candidates: null };
  }
}

function wordsOf({ outcome }: FhirError): string[] {
  return outcome.issue.map(({ details, expression }) => {
    const text = details?.text ?? "";
    return expression?.[0] && !text.startsWith(expression[0]) ? `${expression[0]}: ${text}` : text;
  });
}

async function importLine(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  { kind, columns, language }: Job,
  { content }: PendingLine,
): Promise<Omit<LineReport, "number">> {
  const [separator, ...names] = columns ?? [];
  const resources = parseLine(kind, content, columns && names, separator === ";" ? ";" : ",");
  let first: Imported | undefined;
  for (const { type, body, roleOf } of resources) {
    const own =
      roleOf && first
        ? { ...body, id: roleId(first.id, roleOf.organizationId), practitioner: { reference: `Practitioner/${first.id}` } }
        : body;
    const imported = await importResource(context, deps, transaction, { type, body: own, language });
    // Of a professional's line the professional is told of; a new role is a change of it.
    if (!first) first = imported;
    else if (first.outcome === "unchanged" && imported.outcome !== "unchanged") first = { ...first, outcome: "updated" };
  }
  if (!first) throw new Error("a line without a resource");
  const probable = first.candidates.filter(({ grade }) => grade === "probable" || grade === "certain");
  return {
    outcome: first.outcome,
    resource_type: resources[0]?.type ?? null,
    resource_id: first.id,
    words: probable.length > 0 ? probable.map((each) => probablyThere(each, language)) : null,
    candidates: probable.length > 0 ? probable.map(({ id }) => id) : null,
  };
}

function probablyThere({ id, reasons }: Candidate, language: Language): string {
  const why = describeReasons(reasons, language).join(", ");
  const text: Record<Language, string> = {
    en: `perhaps the same person as Patient/${id} (${why}); on the work list`,
    fr: `peut-être la même personne que Patient/${id} (${why}) ; sur la liste de travail`,
    de: `vielleicht dieselbe Person wie Patient/${id} (${why}); auf der Arbeitsliste`,
  };
  return text[language];
}
