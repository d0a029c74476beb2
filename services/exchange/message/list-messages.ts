import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import type { Party } from "../party.ts";
import { nextStatuses, type ReferralSide } from "../referral/transitions.ts";
import { openMessage } from "../resource/open-message.ts";
import { type Side, sidesOf } from "../resource/store.ts";
import { listDeposits } from "./deposit-store.ts";
import {
  type Box,
  type BoxItem,
  countBoxes,
  listAboutPatient,
  listBox,
  listThread,
  listThreads,
  type PageRequest,
  readItem,
} from "./store.ts";

const defaultCount = 20;
const maxCount = 100;
const threadMax = 500;

/** @throws FhirError 400 */
export function parsePage(query: URLSearchParams): PageRequest {
  const count = query.get("_count") ?? String(defaultCount);
  const before = query.get("_cursor") ?? undefined;
  if (!/^[1-9]\d{0,5}$/.test(count)) throw fhirError(400, "value", "_count must be a number from 1", { expression: "_count" });
  if (before !== undefined && !/^\d{1,18}$/.test(before))
    throw fhirError(400, "value", "_cursor is none of this server's", { expression: "_cursor" });
  return { count: Math.min(Number(count), maxCount), before, unreadOnly: query.get("unread") === "true" };
}

interface Listed {
  key: string;
  patientId?: string | null;
}

/** A page as clients get it: the items, and the cursor of the next page where there is one. */
function paged<T extends Listed, U>(rows: readonly T[], count: number, tell: (row: T) => U): { items: U[]; next?: string } {
  const shown = rows.slice(0, count);
  const last = rows.length > count ? shown.at(-1) : undefined;
  return { items: shown.map(tell), ...(last ? { next: last.key } : {}) };
}

/** Reads from a standby too, audited once for each patient shown. */
async function read<T>(
  context: Context,
  deps: Deps,
  primaryOnly: boolean,
  work: (transaction: Transaction) => Promise<{ value: T; patients: readonly (string | null | undefined)[] }>,
): Promise<T> {
  const { value } = await deps.audit.read(context, { primaryOnly }, async (transaction) => {
    const { value, patients } = await work(transaction);
    const named = [...new Set(patients.filter((each) => typeof each === "string"))];
    const fact = { interaction: "search-type" as const, outcome: "0" as const, resourceType: "Communication" };
    return { value, facts: named.length > 0 ? named.map((patientId) => ({ ...fact, patientId })) : [fact] };
  });
  return value;
}

function itemOf(item: BoxItem, sides: readonly Side[], party: Party): object {
  const { key: _key, content: _content, patientId, opened, type, ...rest } = item;
  const own = sides.filter(({ actor }) => party.actors.includes(actor)).map(({ side }) => side as ReferralSide);
  return {
    ...rest,
    kind: type === "Task" ? "referral" : type === "Communication" ? "message" : "request",
    type,
    ...(patientId === null ? {} : { patient: `Patient/${patientId}` }),
    from: sides.filter(({ side }) => side === "sender").map(({ actor }) => actor),
    to: sides.filter(({ side }) => side === "recipient").map(({ actor }) => actor),
    ...(own.includes("sender") ? { opened } : {}),
    ...(type === "Task" ? { canBecome: nextStatuses(item.status, own) } : {}),
  };
}

/** One page of what came or went. */
export async function readBox(
  context: Context,
  deps: Deps,
  request: { box: Box; party: Party; page: PageRequest; primaryOnly: boolean },
): Promise<object> {
  const { box, party, page } = request;
  return await read(context, deps, request.primaryOnly, async (transaction) => {
    const rows = await listBox(transaction, box, party, page);
    const [sides, counts] = [
      await sidesOf(
        transaction,
        rows.map(({ key }) => key),
      ),
      await countBoxes(transaction, party),
    ];
    const value = { ...paged(rows, page.count, (row) => itemOf(row, sides.get(row.key) ?? [], party)), counts };
    return { value, patients: rows.slice(0, page.count).map(({ patientId }) => patientId) };
  });
}

export async function readCounts(context: Context, deps: Deps, party: Party): Promise<object> {
  return await read(context, deps, false, async (transaction) => ({ value: await countBoxes(transaction, party), patients: [] }));
}

export async function readThreads(
  context: Context,
  deps: Deps,
  { party, page, primaryOnly }: { party: Party; page: PageRequest; primaryOnly: boolean },
): Promise<object> {
  return await read(context, deps, primaryOnly, async (transaction) => {
    const rows = await listThreads(transaction, party, page);
    const tell = ({ key: _key, patientId, ...rest }: (typeof rows)[number]) => ({
      ...rest,
      ...(patientId === null ? {} : { patient: `Patient/${patientId}` }),
    });
    return { value: paged(rows, page.count, tell), patients: rows.map(({ patientId }) => patientId) };
  });
}

/** A conversation's lines, the oldest first; each message is opened by itself. @throws FhirError 404 */
export async function readThread(
  context: Context,
  deps: Deps,
  { party, thread, primaryOnly }: { party: Party; thread: string; primaryOnly: boolean },
): Promise<object> {
  const value = await read(context, deps, primaryOnly, async (transaction) => {
    const rows = await listThread(transaction, thread, party, threadMax);
    const sides = await sidesOf(
      transaction,
      rows.map(({ key }) => key),
    );
    return {
      value: { thread, items: rows.map((row) => itemOf(row, sides.get(row.key) ?? [], party)) },
      patients: rows.map(({ patientId }) => patientId),
    };
  });
  if (value.items.length === 0) throw fhirError(404, "not-found", "There is no such conversation");
  return value;
}

/** One message or referral, opened: its line, the FHIR resource, and what of it is in the patient's record. @throws FhirError 404 */
export async function readMessage(
  context: Context,
  deps: Deps,
  { party, type, id }: { party: Party; type: "Communication" | "Task"; id: string },
): Promise<object> {
  const opened = await openMessage(context, deps, { party, type, id });
  const focus = type === "Task" ? ((JSON.parse(opened.content) as { focus?: { reference?: string } }).focus?.reference ?? "") : "";
  const request = focus.startsWith("ServiceRequest/")
    ? await openMessage(context, deps, { party, type: "ServiceRequest", id: focus.slice("ServiceRequest/".length) })
    : undefined;
  return await deps.database.write(context, async (transaction) => {
    const item = await readItem(transaction, { type, id }, party);
    if (!item) throw fhirError(404, "not-found", "There is no such resource");
    const sides = (await sidesOf(transaction, [item.key])).get(item.key) ?? [];
    return {
      ...itemOf(item, sides, party),
      resource: JSON.parse(opened.content) as AnyResource,
      ...(request ? { request: JSON.parse(request.content) as AnyResource } : {}),
      deposits: await listDeposits(transaction, item.key),
    };
  });
}

/** To a patient: that professionals wrote each other about them. Who and when, not what. */
export async function readAboutPatient(
  context: Context,
  deps: Deps,
  { patientId, page }: { patientId: string; page: PageRequest },
): Promise<object> {
  return await read(context, deps, false, async (transaction) => {
    const rows = await listAboutPatient(transaction, patientId, page);
    const sides = await sidesOf(
      transaction,
      rows.map(({ key }) => key),
    );
    const of = (key: string, side: string): string[] =>
      (sides.get(key) ?? []).filter((each) => each.side === side).map(({ actor }) => actor);
    const tell = ({ key, type, sent }: (typeof rows)[number]) => ({
      kind: type === "Task" ? "referral" : "message",
      sent,
      from: of(key, "sender"),
      to: of(key, "recipient"),
    });
    return { value: paged(rows, page.count, tell), patients: [patientId] };
  });
}
