import type { Hono } from "hono";
import { type Context, Deadline } from "../../lib/context.ts";
import { accepts, type Call, type Env } from "../../lib/http.ts";
import { checkedKey } from "../../lib/idempotency.ts";
import { clientLeft, fhirError } from "../../lib/operation-outcome.ts";
import { uuidPattern } from "../../lib/uuid.ts";
import { factsAbout } from "../access.ts";
import type { Deps } from "../deps.ts";
import { admit, languageOf } from "../request.ts";
import { importKinds } from "./parse-line.ts";
import { receiveImport } from "./receive-import.ts";
import { countLines, findJob, type Job, type LineReport, listJobs, listLines } from "./store.ts";

const pageMax = 1000;
const jobsShown = 50;
const formats: Record<string, Job["format"]> = {
  "application/x-ndjson": "ndjson",
  "application/ndjson": "ndjson",
  "application/fhir+ndjson": "ndjson",
  "text/csv": "csv",
};

/** Bulk imports, for the registry's administration. */
export function importRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/imports", async (call) => {
    const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "operation" });
    const mediaType = (call.req.header("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    const format = formats[mediaType];
    const kind = importKinds.find((each) => each === (call.req.query("kind") ?? "patients"));
    if (!format) throw fhirError(415, "not-supported", "An import is application/x-ndjson (a FHIR resource a line) or text/csv");
    if (!kind) throw fhirError(400, "value", `kind is one of ${importKinds.join(", ")}`, { expression: "kind" });
    if (Number(call.req.header("Content-Length") ?? 0) > deps.importMaxBytes) {
      throw fhirError(413, "too-long", `An import may have at most ${deps.importMaxBytes} bytes; send it in parts`);
    }
    const key = checkedKey(call.req.header("Idempotency-Key"));
    const body = received(call.req.raw.body ?? emptyBody());
    const { job, resumed } = await receiveImport(context, deps, { key, format, kind, language: languageOf(call), body });
    const location = `${deps.settings.publicUrl}/imports/${job.id}`;
    const late = { ...context, deadline: Deadline.after(deps.settings.deadlineMs) };
    return Response.json(await describeJob(late, deps, job), { status: resumed ? 200 : 202, headers: { Location: location } });
  });
  app.get("/imports", async (call) => {
    const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "search-type" });
    const after = call.req.query("after");
    if (after !== undefined && !uuidPattern.test(after))
      throw fhirError(400, "value", "after is the id of an import", { expression: "after" });
    const jobs = await readJobs(context, deps, after);
    const last = jobs.length === jobsShown ? jobs.at(-1) : undefined;
    const next = last && `${deps.settings.publicUrl}/imports?after=${last.id}`;
    return Response.json({ imports: jobs.map((job) => jobFacts(deps, job)), ...(next ? { next } : {}) });
  });
  app.get("/imports/:id", async (call) => {
    const { context, job } = await admittedJob(call, deps);
    return Response.json(await describeJob(context, deps, job));
  });
  app.get("/imports/:id/report", async (call) => {
    const { context, job } = await admittedJob(call, deps);
    if (call.req.query("format") === "csv" || (call.req.query("format") === undefined && wantsCsv(call))) {
      const headers = { "Content-Type": "text/csv; charset=utf-8", "Content-Disposition": `attachment; filename="import-${job.id}.csv"` };
      return new Response(await csvReport(context, deps, job), { headers });
    }
    const [after, count] = [call.req.query("after") ?? "0", call.req.query("count") ?? "200"];
    if (!/^\d{1,9}$/.test(after) || !/^[1-9]\d{0,8}$/.test(count)) throw fhirError(400, "value", "after and count are numbers");
    const size = Math.min(Number(count), pageMax);
    const lines = await readLines(context, deps, job, Number(after), size);
    const last = lines.length === size ? lines.at(-1) : undefined;
    const next = last && `${deps.settings.publicUrl}/imports/${job.id}/report?count=${size}&after=${last.number}`;
    return Response.json({ id: job.id, lines: lines.map(describeLine), ...(next ? { next } : {}) });
  });
}

/** An upload that was cut off is no failure of the server's; it can go on later. @throws FhirError 499 */
async function* received(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch {
    throw clientLeft();
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

function wantsCsv(call: Call): boolean {
  const accept = call.req.header("Accept");
  return accept !== undefined && accepts(accept, "text/csv") && !accepts(accept, "application/json");
}

/** @throws FhirError 401, 403, 404 */
async function admittedJob(call: Call, deps: Deps): Promise<{ context: Context; job: Job }> {
  const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "read" });
  const id = call.req.param("id") ?? "";
  const { value } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => {
    const job = uuidPattern.test(id) ? await findJob(transaction, id) : undefined;
    const about = { interaction: "read" as const, resourceType: "ImportJob" };
    return { value: job, facts: [job ? { ...about, outcome: "0" as const, resourceId: job.id } : { ...about, outcome: "4" as const }] };
  });
  if (!value) throw fhirError(404, "not-found", "There is no such import");
  return { context, job: value };
}

async function readJobs(context: Context, deps: Deps, after: string | undefined): Promise<Job[]> {
  const { value } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => {
    const from = after === undefined ? undefined : await findJob(transaction, after);
    if (after !== undefined && !from) throw fhirError(404, "not-found", "There is no such import");
    const jobs = await listJobs(transaction, from, jobsShown);
    return { value: jobs, facts: [{ interaction: "search-type", outcome: "0", resourceType: "ImportJob" }] };
  });
  return value;
}

function jobFacts(deps: Deps, job: Job): object {
  return {
    ...{ id: job.id, kind: job.kind, format: job.format, state: job.state, lines: job.lines, createdAt: job.created_at.toISOString() },
    ...(job.finished_at ? { finishedAt: job.finished_at.toISOString() } : {}),
    report: `${deps.settings.publicUrl}/imports/${job.id}/report`,
  };
}

async function describeJob(context: Context, deps: Deps, job: Job): Promise<object> {
  const counts = await deps.database.write(context, (transaction) => countLines(transaction, job.id));
  return { ...jobFacts(deps, job), counts: { created: 0, updated: 0, unchanged: 0, duplicate: 0, error: 0, waiting: 0, ...counts } };
}

/** Lines of the report; whoever reads it learns of the patients that it names. */
async function readLines(context: Context, deps: Deps, job: Job, after: number, count: number): Promise<LineReport[]> {
  const { value } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => {
    const lines = await listLines(transaction, job.id, after, count);
    const own = lines.flatMap(({ resource_type, resource_id }) => (resource_type === "Patient" && resource_id ? [resource_id] : []));
    const patients = [...new Set([...own, ...lines.flatMap(({ candidates }) => candidates ?? [])])].map((id) => ({ id }));
    const about = { interaction: "read" as const, outcome: "0" as const };
    return {
      value: lines,
      facts: patients.length > 0 ? factsAbout(about, "Patient", patients) : [{ ...about, resourceType: "ImportJob", resourceId: job.id }],
    };
  });
  return value;
}

function describeLine({ number, outcome, resource_type, resource_id, words, candidates }: LineReport): object {
  return {
    ...{ line: number, outcome: outcome ?? "waiting" },
    ...(resource_id ? { resource: `${resource_type}/${resource_id}` } : {}),
    ...(words ? { words } : {}),
    ...(candidates ? { candidates: candidates.map((id) => `Patient/${id}`) } : {}),
  };
}

async function csvReport(context: Context, deps: Deps, job: Job): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  let after = 0;
  // The first page before the answer begins: what goes wrong there is still told by a status.
  let page: LineReport[] | undefined = await readLines(context, deps, job, after, pageMax);
  let head = "line,outcome,resource,words,candidates\r\n";
  return new ReadableStream({
    async pull(controller) {
      // A long report takes longer than a request may: each page has a deadline of its own.
      page ??= await readLines({ ...context, deadline: Deadline.after(deps.settings.deadlineMs) }, deps, job, after, pageMax);
      const rows = page.map(csvLine).join("");
      if (head + rows !== "") controller.enqueue(encoder.encode(head + rows));
      head = "";
      after = page.at(-1)?.number ?? after;
      if (page.length < pageMax) controller.close();
      page = undefined;
    },
  });
}

function csvLine({ number, outcome, resource_type, resource_id, words, candidates }: LineReport): string {
  const resource = resource_id ? `${resource_type}/${resource_id}` : "";
  const named = (candidates ?? []).map((id) => `Patient/${id}`).join(" ");
  return `${[String(number), outcome ?? "waiting", resource, (words ?? []).join("; "), named].map(csvValue).join(",")}\r\n`;
}

/** A value that a spreadsheet would take for a formula is set off by an apostrophe. */
function csvValue(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
