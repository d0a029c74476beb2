import { createHash } from "node:crypto";
import { type Context, Deadline } from "../../lib/context.ts";
import type { Language } from "../../lib/language.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { checkColumns, type ImportKind } from "./parse-line.ts";
import { parseRow, separatorOf, splitRecords } from "./split-records.ts";
import { addLines, completeJob, createJob, findJob, findJobByKey, type Job, type NewLine, setJobColumns } from "./store.ts";

const linesMax = 100_000;
/** Lines are kept in parts, so that neither an upload nor a transaction is held whole. */
const part = { lines: 500, bytes: 512 * 1024 };

/** An upload may take longer than a request's deadline: each of its transactions has one of its own. */
function renewed(context: Context, deps: Deps): Context {
  return { ...context, deadline: Deadline.after(deps.settings.deadlineMs) };
}

export interface Upload {
  key: string;
  format: Job["format"];
  kind: ImportKind;
  language: Language;
  body: AsyncIterable<Uint8Array>;
}

/**
 * Takes an upload in. One that was cut off goes on where it ended when it is sent again under its key: lines that are there stay.
 * @throws FhirError 400, 413, 422 when the key was used for another upload
 */
export async function receiveImport(context: Context, deps: Deps, upload: Upload): Promise<{ job: Job; resumed: boolean }> {
  const { job, resumed } = await beginJob(context, deps, upload);
  if (job.state !== "receiving") return { job, resumed };
  const csv = upload.format === "csv";
  let number = 0;
  let lines: NewLine[] = [];
  let bytes = 0;
  let columns: readonly string[] | undefined;
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return;
    const differing = await deps.database.write(renewed(context, deps), (transaction) => addLines(transaction, job.id, lines));
    if (differing !== undefined) throw otherUpload(`line ${differing} differs`);
    lines = [];
    bytes = 0;
  };
  for await (const content of splitRecords(upload.body, { csv, maxBytes: deps.importMaxBytes })) {
    if (csv && !columns) {
      columns = await noteColumns(context, deps, job, content);
      continue;
    }
    number++;
    if (number > linesMax) throw fhirError(413, "too-long", `An import may have at most ${linesMax} lines; send it in parts`);
    lines.push({ number, content, digest: createHash("sha256").update(content).digest("hex") });
    bytes += content.length;
    if (lines.length >= part.lines || bytes >= part.bytes) await flush();
  }
  await flush();
  if (number === 0) throw fhirError(400, "required", "The import has no lines");
  return { job: await endJob(context, deps, job, number), resumed };
}

async function beginJob(context: Context, deps: Deps, { key, format, kind, language }: Upload): Promise<{ job: Job; resumed: boolean }> {
  const { subject, clientId } = context.principal;
  const client = `${clientId}|${subject}`;
  const id = crypto.randomUUID();
  return await deps.database.write(context, async (transaction) => {
    const isNew = await createJob(transaction, {
      ...{ id, client, key, format, kind, subject, client_id: clientId, language, request_id: context.requestId },
    });
    const job = await findJobByKey(transaction, client, key);
    if (!job) throw fhirError(409, "conflict", "The import was removed this moment; send it again");
    if (job.format !== format || job.kind !== kind) throw otherUpload("its format or kind differs");
    deps.audit.record(context, transaction, [{ interaction: "operation", outcome: "0", resourceType: "ImportJob", resourceId: job.id }]);
    return { job, resumed: !isNew };
  });
}

async function noteColumns(context: Context, deps: Deps, job: Job, header: string): Promise<readonly string[]> {
  const columns = parseRow(header, separatorOf(header)).map((name) => name.toLowerCase());
  checkColumns(job.kind, columns);
  // The separator is kept with them: every line has the one of the first.
  await deps.database.write(context, (transaction) => setJobColumns(transaction, job.id, [separatorOf(header), ...columns]));
  return columns;
}

async function endJob(context: Context, deps: Deps, job: Job, lines: number): Promise<Job> {
  return await deps.database.write(renewed(context, deps), async (transaction) => {
    const complete = await completeJob(transaction, job.id, lines);
    const found = await findJob(transaction, job.id);
    if (!found) throw fhirError(409, "conflict", "The import was removed this moment; send it again");
    if (!complete && (found.state === "receiving" || found.lines !== lines)) throw otherUpload("it has more lines");
    return found;
  });
}

function otherUpload(how: string): Error {
  return fhirError(422, "duplicate", `This Idempotency-Key was used for another upload: ${how}; use a new one`);
}
