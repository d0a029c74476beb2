import { z } from "zod";
import type { Context } from "../../lib/context.ts";
import { unavailable } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { type Change, matches } from "./match.ts";
import { failListeners, insertEvents, type Listener, listListeners, moveCursor, type NewEvent, readCursor } from "./store.ts";

const pageSize = 100;
/** Principals whose rights are asked for at once. */
const principalsMax = 100;

const pageSchema = z.object({
  changes: z.array(
    z.object({
      ...{ type: z.string(), id: z.string(), version: z.number(), method: z.string() },
      ...{ patientIds: z.array(z.string()), category: z.string(), changed: z.string() },
    }),
  ),
  cursor: z.string(),
  more: z.boolean(),
});
const visibleSchema = z.object({ visible: z.array(z.array(z.string())) });

export interface Polled {
  /** Events that somebody is owed now. */
  events: number;
  /** There is more to read at once. */
  more: boolean;
  /** Whether anybody listens at all. */
  listeners: number;
}

/**
 * Reads the record's changes on from the cursor and turns them into events of those who may know them, in one transaction with the
 * cursor: whoever dies in between has done nothing, and of two who read the same one gives way.
 */
export async function pollRecord(context: Context, deps: Deps, waitSeconds: number): Promise<Polled> {
  const { cursor, listeners } = await deps.database.write(context, async (transaction) => ({
    cursor: await readCursor(transaction, "record"),
    listeners: (await listListeners(transaction, "record")).length,
  }));
  if (listeners === 0) {
    if (cursor !== undefined) await deps.database.write(context, (transaction) => moveCursor(transaction, "record", cursor, undefined));
    return { events: 0, more: false, listeners };
  }
  const answer = await changesAfter(context, deps, cursor, waitSeconds);
  if (answer === "lost") {
    await deps.database.write(context, async (transaction) => {
      if (await moveCursor(transaction, "record", cursor, undefined)) {
        await failListeners(
          transaction,
          "Changes were not read in time and are lost to this subscription: read what you need anew, then subscribe again",
        );
      }
    });
    return { events: 0, more: true, listeners };
  }
  return { ...(await keep(context, deps, cursor, answer)), listeners };
}

async function changesAfter(
  context: Context,
  deps: Deps,
  cursor: string | undefined,
  waitSeconds: number,
): Promise<z.infer<typeof pageSchema> | "lost"> {
  const query = new URLSearchParams({
    _count: String(pageSize),
    ...(cursor === undefined ? {} : { after: cursor, wait: String(waitSeconds) }),
  });
  const headers = { Authorization: await deps.ownToken(context) };
  const { status, body } = await deps.record.call(context, { method: "GET", path: `/fhir/$changes?${query}`, headers });
  if (status === 410) return "lost";
  if (status !== 200) throw unavailable(`The record's feed of changes answered ${status}`);
  return pageSchema.parse(JSON.parse(body.toString()));
}

async function keep(
  context: Context,
  deps: Deps,
  cursor: string | undefined,
  { changes, cursor: next, more }: z.infer<typeof pageSchema>,
): Promise<{ events: number; more: boolean }> {
  if (next === cursor) return { events: 0, more };
  // Listed only now: who began to listen while the record was asked is among them.
  const listeners = changes.length === 0 ? [] : await deps.database.write(context, (transaction) => listListeners(transaction, "record"));
  const owed = await owedEvents(context, deps, listeners, changes);
  const kept = await deps.database.write(context, async (transaction) => {
    if (!(await moveCursor(transaction, "record", cursor, next))) return false;
    for (const [id, events] of owed) await insertEvents(transaction, id, events);
    return true;
  });
  return { events: kept ? [...owed.values()].flat().length : 0, more: more || !kept };
}

/** By subscription, in the order of their ids: two that lock several never wait for each other. */
async function owedEvents(
  context: Context,
  deps: Deps,
  listeners: readonly Listener[],
  changes: readonly Change[],
): Promise<Map<string, NewEvent[]>> {
  const candidates = listeners.map((listener) => ({ listener, fitting: changes.filter((change) => matches(listener, change)) }));
  const wanted = candidates.filter(({ fitting }) => fitting.length > 0);
  const owed = new Map<string, NewEvent[]>();
  for (let from = 0; from < wanted.length; from += principalsMax) {
    const some = wanted.slice(from, from + principalsMax);
    const visible = await visibleTo(context, deps, some);
    for (const [place, { listener, fitting }] of some.entries()) {
      const events = fitting.filter(({ type, id }) => visible[place]?.has(`${type}/${id}`)).map(eventOf);
      if (events.length > 0) owed.set(listener.id, events);
    }
  }
  return owed;
}

function eventOf({ type, id, method, patientIds, changed }: Change): NewEvent {
  return { focus: `${type}/${id}`, method, patientId: patientIds[0] ?? null, occurred: changed };
}

/** The record itself decides, as it decides every read: a subscriber learns of nothing that a search would not show. */
async function visibleTo(
  context: Context,
  deps: Deps,
  some: readonly { listener: Listener; fitting: readonly Change[] }[],
): Promise<Set<string>[]> {
  const names = new Map(some.flatMap(({ fitting }) => fitting.map(({ type, id }) => [`${type}/${id}`, { type, id }] as const)));
  const { status, body } = await deps.record.call(context, {
    method: "POST",
    path: "/fhir/$visible",
    headers: { Authorization: await deps.ownToken(context), "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify({ principals: some.map(({ listener }) => listener.principal), resources: [...names.values()] }),
  });
  if (status !== 200) throw unavailable(`The record did not say who may know of changes: it answered ${status}`);
  return visibleSchema.parse(JSON.parse(body.toString())).visible.map((each) => new Set(each));
}
