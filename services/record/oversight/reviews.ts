import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { parseSearch } from "../../lib/fhir/parse-search.ts";
import type { WriteRequest } from "../../lib/idempotency.ts";
import type { Language } from "../../lib/language.ts";
import { FhirError, fhirError } from "../../lib/operation-outcome.ts";
import { readEvent } from "../audit-log/list-events.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { prepare } from "../resource/create-resource.ts";
import { searchEntry, searchResources } from "../resource/search-resources.ts";
import { unbounded } from "../resource/search-sql.ts";
import { readCurrent, type StoredVersion } from "../resource/store.ts";
import { updateWithin } from "../resource/update-resource.ts";
import { writeOnce } from "../resource/write-once.ts";
import { noticeSystem } from "../rights/document-types.ts";

/** Tasks that the platform's operators see: a patient's report of an access, and the review of each emergency. None holds medical data. */
const codes = ["access-complaint", "break-glass-review"] as const;
const open = "requested,received,accepted,in-progress";
const done = "completed,rejected,cancelled";
const pageCount = "50";
const textMax = 2000;

interface Task {
  id: string;
  status: string;
  code?: { coding?: { system?: string; code?: string }[] };
  focus?: { reference?: string };
  note?: object[];
  [element: string]: unknown;
}

export interface ReviewQuery {
  isOpen: boolean;
  /** From an earlier page's `next` link. */
  cursor?: string;
}

/** `status` open (the default) or done, `_cursor`. @throws FhirError 400 */
export function parseReviewQuery(query: URLSearchParams): ReviewQuery {
  const [status, cursor] = [query.get("status") ?? "open", query.get("_cursor")];
  if (status !== "open" && status !== "done") throw fhirError(400, "value", "status must be open or done", { expression: "status" });
  return { isOpen: status === "open", ...(cursor === null ? {} : { cursor }) };
}

/** A page of the queue, the newest first, as a searchset. That it was looked at is recorded, for each patient. */
export async function listReviews(context: Context, deps: Deps, query: ReviewQuery & { primaryOnly: boolean }): Promise<string> {
  const type = taskType(deps);
  const parameters: [string, string][] = [
    ["code", codes.map((code) => `${noticeSystem}|${code}`).join(",")],
    ["status", query.isOpen ? open : done],
    ["_sort", "-authored-on"],
    ["_count", pageCount],
    ...(query.cursor === undefined ? [] : [["_cursor", query.cursor] as [string, string]]),
  ];
  const search = parseSearch(parameters, type.name, deps.catalogue.types, { strict: true, ownUrl: deps.settings.publicUrl });
  const { value } = await searchResources(context, deps, { type, search, access: {}, primaryOnly: query.primaryOnly });
  return value;
}

/** One Task with the AuditEvent that it is about, as a searchset. @throws FhirError 404 */
export async function readReview(
  context: Context,
  deps: Deps,
  { id, language, primaryOnly }: { id: string; language: Language; primaryOnly: boolean },
): Promise<string> {
  const { value: found } = await deps.audit.read(context, { primaryOnly }, async (transaction) => {
    const { version, task } = await findTask(transaction, id);
    const fact = { interaction: "read" as const, outcome: "0" as const, resourceType: "Task", resourceId: id };
    return { value: { version, task }, facts: version.patientIds.map((patientId) => ({ ...fact, patientId })) };
  });
  const { publicUrl } = deps.settings;
  const entries = [searchEntry(publicUrl, "match", found.version)];
  const eventId = /^AuditEvent\/(.+)$/.exec(found.task.focus?.reference ?? "")?.[1];
  if (eventId !== undefined) {
    const event = await readEvent(context, deps, { id: eventId, access: {}, language, primaryOnly }).catch(unlessGone);
    if (event) {
      entries.push(
        `{"fullUrl":${JSON.stringify(`${publicUrl}/AuditEvent/${eventId}`)},"resource":${event.value},"search":{"mode":"include"}}`,
      );
    }
  }
  return `{"resourceType":"Bundle","type":"searchset","entry":[${entries.join(",")}]}`;
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof FhirError && error.status === 404)) throw error;
}

export interface Answer {
  status: "in-progress" | "completed";
  /** For whoever asked. */
  text: string;
}

/** Parameters with `status` and `text`. @throws FhirError 400 */
export function parseAnswer(body: string): Answer {
  const parameters = parametersOf(body);
  const status = parameters.find(({ name }) => name === "status")?.valueCode;
  const text = parameters.find(({ name }) => name === "text")?.valueString;
  if (status !== "in-progress" && status !== "completed") {
    throw fhirError(400, "value", "The parameter status must be in-progress or completed", { expression: "status" });
  }
  if (typeof text !== "string" || text.trim() === "" || text.length > textMax) {
    throw fhirError(400, "value", `The parameter text must have 1 to ${textMax} characters`, { expression: "text" });
  }
  return { status, text: text.trim() };
}

function parametersOf(body: string): { name?: unknown; valueCode?: unknown; valueString?: unknown }[] {
  try {
    const { resourceType, parameter } = JSON.parse(body) as { resourceType?: unknown; parameter?: unknown };
    if (resourceType === "Parameters" && Array.isArray(parameter)) {
      return parameter.filter((each) => typeof each === "object" && each !== null);
    }
  } catch {
    // Told below like any other body that is none.
  }
  throw fhirError(400, "structure", "The body must be Parameters with status and text");
}

/** Adds the answer to the Task, where its patient reads it. @throws FhirError 404, 409 */
export async function answerReview(context: Context, deps: Deps, request: WriteRequest & Answer & { id: string }): Promise<string> {
  const { id, status, text } = request;
  const type = taskType(deps);
  const about = { interaction: "update" as const, resourceType: "Task", resourceId: id };
  const { version } = await writeOnce(context, deps, request, about, async (transaction) => {
    const { task, version: current } = await findTask(transaction, id);
    if (done.split(",").includes(task.status)) throw fhirError(409, "conflict", "This was answered already");
    const author = context.principal.name === undefined ? {} : { authorString: context.principal.name };
    const plain = {
      ...task,
      resourceType: "Task",
      status,
      note: [...(task.note ?? []), { ...author, time: new Date().toISOString(), text }],
    };
    const prepared = prepare(deps, type, { plain, exact: plain }, id);
    return await updateWithin(context, deps, transaction, { type, access: {}, ...prepared, ifMatch: current.version });
  });
  return version.content;
}

/** @throws FhirError 404, also for a Task that is nothing for operators */
async function findTask(transaction: Transaction, id: string): Promise<{ version: StoredVersion; task: Task }> {
  const version = await readCurrent(transaction, "Task", id, unbounded);
  const task = version && !version.deleted ? (JSON.parse(version.content) as Task) : undefined;
  const isForOperators = task?.code?.coding?.some(({ system, code }) => system === noticeSystem && codes.some((each) => each === code));
  if (!version || !task || !isForOperators) throw fhirError(404, "not-found", "There is no such resource");
  return { version, task };
}

function taskType({ catalogue }: Deps): ResourceType {
  const type = catalogue.types.get("Task");
  if (!type) throw new Error("Task is not kept");
  return type;
}
