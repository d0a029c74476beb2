import type { Served } from "../../lib/audit.ts";
import type { Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import { dateRange } from "../../lib/fhir/date-range.ts";
import { searchLimits } from "../../lib/fhir/parse-search.ts";
import type { Language } from "../../lib/language.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { uuidPattern } from "../../lib/uuid.ts";
import type { Access } from "../access.ts";
import type { Deps } from "../deps.ts";
import { escapeXhtml, narrative } from "../narrative.ts";
import { describeEvent } from "./describe.ts";
import { type EventQuery, type EventRow, listEvents as readEvents } from "./store.ts";

export interface LogQuery extends EventQuery {
  /** For the links, without the cursor. */
  used: [string, string][];
}

const known = new Set(["_id", "patient", "date", "action", "outcome", "subtype", "_count", "_cursor", "_format", "_pretty"]);

/** The search parameters that the log has. @throws FhirError 400 */
export function parseLogQuery(query: URLSearchParams, strict: boolean): LogQuery {
  const odd = [...query.keys()].find((name) => !known.has(name));
  if (odd !== undefined && strict) {
    throw fhirError(400, "not-supported", `Unknown search parameter; the log has ${[...known].slice(0, 6).join(", ")}`, {
      expression: odd,
    });
  }
  const count = query.get("_count") ?? String(searchLimits.defaultCount);
  if (!/^[1-9]\d{0,8}$/.test(count)) throw fhirError(400, "value", "_count must be a number from 1", { expression: "_count" });
  const id = query.get("_id") ?? undefined;
  const patientId = query.get("patient")?.replace(/^Patient\//, "");
  const list = (name: string): string[] | undefined =>
    query
      .get(name)
      ?.split(",")
      .map((text) => text.replace(/^.*\|/, ""));
  const [actions, outcomes, subtypes] = [list("action"), list("outcome"), list("subtype")];
  return {
    count: Math.min(Number(count), searchLimits.maxCount),
    ...(id === undefined ? {} : { id: checkedId(id) }),
    ...(patientId === undefined ? {} : { patientId }),
    ...period(query.getAll("date")),
    ...(actions ? { actions } : {}),
    ...(outcomes ? { outcomes } : {}),
    ...(subtypes ? { subtypes } : {}),
    ...cursor(query.get("_cursor")),
    used: [...query].filter(([name]) => known.has(name) && name !== "_cursor" && name !== "_format" && name !== "_pretty"),
  };
}

/** @throws FhirError 404: no record has another kind of id */
function checkedId(id: string): string {
  if (!uuidPattern.test(id)) throw fhirError(404, "not-found", "There is no such resource");
  return id;
}

function period(dates: readonly string[]): { from?: string; to?: string } {
  let [from, to]: [string | undefined, string | undefined] = [undefined, undefined];
  for (const text of dates) {
    const [, prefix = "", date = ""] = /^(eq|ge|gt|le|lt)?(.*)$/.exec(text.replace(" ", "+")) ?? [];
    const range = dateRange(date);
    if (!range)
      throw fhirError(400, "value", "date must be a day or an instant, with eq, ge, gt, le or lt before it", { expression: "date" });
    if (prefix === "" || prefix === "eq" || prefix === "ge") from = range.low;
    if (prefix === "gt") from = range.high;
    if (prefix === "" || prefix === "eq" || prefix === "le") to = range.high;
    if (prefix === "lt") to = range.low;
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function cursor(text: string | null): { after?: NonNullable<EventQuery["after"]> } {
  if (text === null) return {};
  const [recorded = "", id = ""] = Buffer.from(text, "base64url").toString().split(" ");
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/.test(recorded) || !uuidPattern.test(id)) {
    throw fhirError(400, "value", "_cursor is none of this server's", { expression: "_cursor" });
  }
  return { after: { recorded, id } };
}

export interface LogRequest {
  query: LogQuery;
  access: Access;
  language: Language;
  primaryOnly: boolean;
}

/** The access log as a searchset, each record with a sentence for its patient. That it was read is recorded too. */
export async function listEvents(context: Context, deps: Deps, request: LogRequest): Promise<Served<string>> {
  const { query } = request;
  const { value, servedBy } = await readLog(context, deps, request, "search-type");
  const shown = value.slice(0, query.count);
  const last = value.length > query.count ? shown.at(-1) : undefined;
  const { publicUrl } = deps.settings;
  const link = (at: EventRow | undefined): string => {
    const behind = at ? [["_cursor", Buffer.from(`${at.recorded} ${at.id}`).toString("base64url")] as [string, string]] : [];
    return `${publicUrl}/AuditEvent?${new URLSearchParams([...query.used, ...behind])}`;
  };
  const bundle = {
    resourceType: "Bundle",
    id: crypto.randomUUID(),
    type: "searchset",
    link: [{ relation: "self", url: link(undefined) }, ...(last ? [{ relation: "next", url: link(last) }] : [])],
    entry: shown.map((row) => ({
      fullUrl: `${publicUrl}/AuditEvent/${row.id}`,
      resource: told(row, request, context),
      search: { mode: "match" },
    })),
  };
  return { value: JSON.stringify(bundle), servedBy };
}

/** One audit record. @throws FhirError 404 */
export async function readEvent(
  context: Context,
  deps: Deps,
  request: Omit<LogRequest, "query"> & { id: string },
): Promise<Served<string>> {
  const query: LogQuery = { id: checkedId(request.id), count: 1, used: [] };
  const { value, servedBy } = await readLog(context, deps, { ...request, query }, "read");
  const [row] = value;
  if (!row) throw fhirError(404, "not-found", "There is no such resource");
  return { value: JSON.stringify(told(row, request, context)), servedBy };
}

async function readLog(
  context: Context,
  deps: Deps,
  { query, access, primaryOnly }: LogRequest,
  interaction: Interaction,
): Promise<Served<EventRow[]>> {
  const own = access.patientId;
  return await deps.audit.read(context, { primaryOnly }, async (transaction) => {
    const foreign = own !== undefined && query.patientId !== undefined && query.patientId !== own;
    const rows = foreign ? [] : await readEvents(transaction, { ...query, ...(own === undefined ? {} : { patientId: own }) });
    const patients = new Set([...rows.flatMap(({ patient_id }) => patient_id ?? []), ...(own === undefined ? [] : [own])]);
    const fact = {
      interaction,
      outcome: "0" as const,
      resourceType: "AuditEvent",
      ...(query.id === undefined ? {} : { resourceId: query.id }),
    };
    return { value: rows, facts: patients.size > 0 ? [...patients].map((patientId) => ({ ...fact, patientId })) : [fact] };
  });
}

interface Recorded {
  agent?: { who?: { display?: string; identifier?: { value?: string } }; role?: { text?: string }[] }[];
  purposeOfEvent?: { coding?: { code?: string }[]; text?: string }[];
  [element: string]: unknown;
}

/** The record with a narrative in the reader's language. */
function told(row: EventRow, { language, access }: Pick<LogRequest, "language" | "access">, { principal }: Context): object {
  const { resourceType, id, ...rest } = JSON.parse(row.content) as Recorded;
  const [agent] = rest.agent ?? [];
  const [who, role, [purpose]] = [agent?.who?.display, agent?.role?.[0]?.text, rest.purposeOfEvent ?? []];
  const [emergency, stated] = [purpose?.text, purpose?.coding?.[0]?.code];
  const text = describeEvent(
    {
      interaction: row.interaction as Interaction,
      outcome: row.outcome,
      resourceType: row.resource_type,
      account: row.subject,
      recorded: row.recorded,
      // A delegate acts with the role of a patient too, and is somebody else.
      isSelf: role === "patient" && access.patientId !== undefined && row.subject === principal.subject,
      ...(who === undefined ? {} : { who }),
      ...(role === undefined ? {} : { role }),
      ...(emergency === undefined ? {} : { emergency }),
      ...(stated === undefined ? {} : { purpose: stated }),
    },
    language,
  );
  return { resourceType, id, language, text: narrative(language, escapeXhtml(text)), ...rest };
}
