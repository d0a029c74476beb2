import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { Language } from "../../lib/language.ts";
import type { ResourceType } from "../deps.ts";
import type { ImportKind } from "./parse-line.ts";

export type LineOutcome = "created" | "updated" | "unchanged" | "duplicate" | "error";

export interface Job {
  id: string;
  client: string;
  key: string;
  format: "ndjson" | "csv";
  kind: ImportKind;
  subject: string;
  client_id: string;
  language: Language;
  request_id: string;
  columns: string[] | null;
  state: "receiving" | "ready" | "done";
  lines: number;
  created_at: Date;
  finished_at: Date | null;
}

export interface NewLine {
  number: number;
  /** Of the text, in hexadecimal digits. */
  digest: string;
  content: string;
}

export interface PendingLine {
  number: number;
  content: string;
}

export interface LineReport {
  number: number;
  outcome: LineOutcome | null;
  resource_type: ResourceType | null;
  resource_id: string | null;
  words: string[] | null;
  candidates: string[] | null;
}

const insertJob: Statement = {
  name: "import-job",
  text: `INSERT INTO import_job (id, client, key, format, kind, subject, client_id, language, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (client, key) DO NOTHING RETURNING id`,
};
const jobByKey: Statement = { name: "import-by-key", text: "SELECT * FROM import_job WHERE client = $1 AND key = $2" };
const jobById: Statement = { name: "import-by-id", text: "SELECT * FROM import_job WHERE id = $1" };
const newestJobs: Statement = {
  name: "import-newest",
  text: `SELECT * FROM import_job WHERE $1::uuid IS NULL OR (created_at, id) < (SELECT a.created_at, a.id FROM import_job a WHERE a.id = $1)
    ORDER BY created_at DESC, id DESC LIMIT $2`,
};
const setColumns: Statement = { name: "import-columns", text: "UPDATE import_job SET columns = $2 WHERE id = $1 AND state = 'receiving'" };
const insertLines: Statement = {
  name: "import-lines",
  text: `INSERT INTO import_line (job_id, number, digest, content)
    SELECT $1, x.number, decode(x.digest, 'hex'), x.content FROM jsonb_to_recordset($2::jsonb) AS x(number int, digest text, content text)
    ON CONFLICT (job_id, number) DO NOTHING`,
};
const differing: Statement = {
  name: "import-differing",
  text: `SELECT l.number FROM jsonb_to_recordset($2::jsonb) AS x(number int, digest text)
    JOIN import_line l ON l.job_id = $1 AND l.number = x.number WHERE l.digest <> decode(x.digest, 'hex') ORDER BY l.number LIMIT 1`,
};
const ready: Statement = {
  name: "import-ready",
  text: `UPDATE import_job SET state = 'ready', lines = $2 WHERE id = $1 AND state = 'receiving'
    AND NOT EXISTS (SELECT 1 FROM import_line WHERE job_id = $1 AND number > $2) RETURNING id`,
};
const oldestReady: Statement = {
  name: "import-oldest",
  text: "SELECT * FROM import_job WHERE state = 'ready' ORDER BY created_at, id LIMIT 1",
};
const pending: Statement = {
  name: "import-pending",
  text: `SELECT number, content FROM import_line WHERE job_id = $1 AND outcome IS NULL ORDER BY number LIMIT $2 FOR UPDATE SKIP LOCKED`,
};
const finishLine: Statement = {
  name: "import-finish-line",
  text: `UPDATE import_line SET outcome = $3, resource_type = $4, resource_id = $5, words = $6, candidates = $7, content = NULL
    WHERE job_id = $1 AND number = $2 AND outcome IS NULL`,
};
const finishJob: Statement = {
  name: "import-finish-job",
  text: `UPDATE import_job SET state = 'done', finished_at = now() WHERE id = $1 AND state = 'ready'
    AND NOT EXISTS (SELECT 1 FROM import_line WHERE job_id = $1 AND outcome IS NULL) RETURNING id`,
};
const progress: Statement = {
  name: "import-progress",
  text: "SELECT coalesce(outcome, 'waiting') AS outcome, count(*)::int FROM import_line WHERE job_id = $1 GROUP BY 1",
};
const report: Statement = {
  name: "import-report",
  text: `SELECT number, outcome, resource_type, resource_id, words, candidates FROM import_line
    WHERE job_id = $1 AND number > $2 ORDER BY number LIMIT $3`,
};
const stale: Statement = {
  name: "import-stale",
  text: `WITH j AS (SELECT id FROM import_job WHERE state = 'receiving' AND created_at < now() - interval '7 days' LIMIT 10 FOR UPDATE SKIP LOCKED),
    l AS (DELETE FROM import_line WHERE job_id IN (SELECT id FROM j)) SELECT id FROM j`,
};
const deleteJobs: Statement = { name: "import-delete-jobs", text: "DELETE FROM import_job WHERE id = ANY ($1::uuid[])" };

/** False when there is one under the key already. */
export async function createJob(
  transaction: Transaction,
  job: Omit<Job, "columns" | "state" | "lines" | "created_at" | "finished_at">,
): Promise<boolean> {
  const { id, client, key, format, kind, subject, client_id, language, request_id } = job;
  return (await transaction.query(insertJob, [id, client, key, format, kind, subject, client_id, language, request_id])).length > 0;
}

export async function findJobByKey(transaction: Transaction, client: string, key: string): Promise<Job | undefined> {
  return (await transaction.query<Job>(jobByKey, [client, key]))[0];
}

export async function findJob(transaction: Transaction, id: string): Promise<Job | undefined> {
  return (await transaction.query<Job>(jobById, [id]))[0];
}

/** The newest first, from behind the given one. */
export async function listJobs(transaction: Transaction, after: Job | undefined, count: number): Promise<Job[]> {
  return await transaction.query<Job>(newestJobs, [after?.id ?? null, count]);
}

export async function setJobColumns(transaction: Transaction, id: string, columns: readonly string[]): Promise<void> {
  await transaction.query(setColumns, [id, columns]);
}

/** Adds lines; those that are there stay. Returns the first that is there with another text. */
export async function addLines(transaction: Transaction, id: string, lines: readonly NewLine[]): Promise<number | undefined> {
  await transaction.query(insertLines, [id, JSON.stringify(lines)]);
  const digests = JSON.stringify(lines.map(({ number, digest }) => ({ number, digest })));
  return (await transaction.query<{ number: number }>(differing, [id, digests]))[0]?.number;
}

/** False where the job has more lines than that, or is under way already. */
export async function completeJob(transaction: Transaction, id: string, lines: number): Promise<boolean> {
  return (await transaction.query(ready, [id, lines])).length > 0;
}

export async function findReadyJob(transaction: Transaction): Promise<Job | undefined> {
  return (await transaction.query<Job>(oldestReady))[0];
}

/** Lines that nobody works on, locked until the transaction ends. */
export async function lockPending(transaction: Transaction, jobId: string, count: number): Promise<PendingLine[]> {
  return await transaction.query<PendingLine>(pending, [jobId, count]);
}

/** Notes what became of a line and forgets its text. */
export async function settleLine(transaction: Transaction, jobId: string, line: LineReport): Promise<void> {
  const { number, outcome, resource_type, resource_id, words, candidates } = line;
  await transaction.query(finishLine, [jobId, number, outcome, resource_type, resource_id, words, candidates]);
}

export async function settleJob(transaction: Transaction, jobId: string): Promise<boolean> {
  return (await transaction.query(finishJob, [jobId])).length > 0;
}

export async function countLines(transaction: Transaction, jobId: string): Promise<Partial<Record<LineOutcome | "waiting", number>>> {
  const rows = await transaction.query<{ outcome: LineOutcome | "waiting"; count: number }>(progress, [jobId]);
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]));
}

export async function listLines(transaction: Transaction, jobId: string, after: number, count: number): Promise<LineReport[]> {
  return await transaction.query<LineReport>(report, [jobId, after, count]);
}

/** Forgets uploads that were never finished. */
export async function dropStaleJobs(transaction: Transaction): Promise<void> {
  const jobs = await transaction.query<{ id: string }>(stale);
  if (jobs.length > 0) await transaction.query(deleteJobs, [jobs.map(({ id }) => id)]);
}
