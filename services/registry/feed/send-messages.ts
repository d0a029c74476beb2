import { setTimeout as sleep } from "node:timers/promises";
import { Counter, Gauge } from "prom-client";
import { backgroundContext, type Context } from "../../lib/context.ts";
import type { ServiceDeps } from "../../lib/service-parts.ts";
import { claimMessages, countMessages, expireMessages, type Message, type Result, settleMessages } from "./store.ts";

/** The way to the record: PUTs a resource under its id and tells the status. @throws when no answer came */
export type RecordPut = (context: Context, message: { path: string; key: string; body: string }) => Promise<number>;

const batchMax = 20;
const atOnceMax = 4;
const attemptMs = 20_000;
const backoffMs = { first: 500, max: 60_000 };
const countEveryMs = 15_000;

/** What the record will refuse the next time as well. Everything else passes. */
const refused = new Set([400, 404, 405, 410, 412, 413, 415, 422]);

/** Sends the record what waits for it, until the signal; one of the replicas sends each message, and another one if that dies. */
export async function feedRecord(deps: ServiceDeps, put: RecordPut, options: { pollMs: number; signal: AbortSignal }): Promise<void> {
  const metrics = feedMetrics(deps);
  let countedMs = Number.NEGATIVE_INFINITY;
  while (!options.signal.aborted) {
    let sent = 0;
    try {
      sent = await sendWaiting(deps, put, (result) => metrics.results.inc({ result }));
      if (performance.now() - countedMs > countEveryMs) {
        countedMs = performance.now();
        await housekeeping(deps, metrics.messages);
      }
    } catch (error) {
      deps.log.warn({ error }, "the record was not told, trying again later");
    }
    if (sent === 0) await sleep(options.pollMs, undefined, { signal: options.signal }).catch(() => {});
  }
}

function feedMetrics({ metrics }: ServiceDeps) {
  const registers = [metrics.registry];
  return {
    messages: new Gauge({
      ...{ name: "dsp_registry_outbox_messages", labelNames: ["state"], registers },
      help: "Changes that wait to be told to the record (waiting), or that it refused (dead)",
    }),
    results: new Counter({
      ...{ name: "dsp_registry_outbox_attempts_total", labelNames: ["result"], registers },
      help: "Attempts to tell the record of a change, by what became of the message",
    }),
  };
}

async function housekeeping({ database, log }: ServiceDeps, gauge: Gauge<"state">): Promise<void> {
  const counts = await database.write(backgroundContext(log, "feed-count", 5000), async (transaction) => {
    await expireMessages(transaction);
    return await countMessages(transaction);
  });
  for (const state of ["waiting", "dead"] as const) gauge.set({ state }, counts[state]);
}

/** One round: claims messages, sends them, notes what became of them. No transaction is open meanwhile. Returns how many left the queue. */
export async function sendWaiting(
  { database, log }: ServiceDeps,
  put: RecordPut,
  count: (result: Result["state"]) => void = () => {},
): Promise<number> {
  const context = backgroundContext(log, "feed", attemptMs);
  const messages = await database.write(context, (transaction) => claimMessages(transaction, batchMax));
  if (messages.length === 0) return 0;
  const results: Result[] = [];
  const queue = [...messages];
  const worker = async (): Promise<void> => {
    for (let message = queue.shift(); message; message = queue.shift()) results.push(await send(log, put, message));
  };
  await Promise.all(Array.from({ length: atOnceMax }, worker));
  const after = backgroundContext(log, "feed-settle", attemptMs);
  await database.write(after, (transaction) => settleMessages(transaction, results));
  for (const { state } of results) count(state);
  return results.filter(({ state }) => state !== "waiting").length;
}

async function send(log: ServiceDeps["log"], put: RecordPut, message: Message): Promise<Result> {
  const { id, type, resource_id, attempts, content } = message;
  // The key is the message's: a repetition, by whomever, is the same request to the record.
  const request = { path: `/fhir/${type}/${resource_id}`, key: `registry-outbox-${id}`, body: content };
  const status = await put(backgroundContext(log, "feed", attemptMs), request).catch((error: unknown) => {
    log.debug({ error }, "the record did not answer");
    return undefined;
  });
  if (status === 200 || status === 201) return { id, state: "sent", waitMs: 0, problem: null };
  const problem = status === undefined ? "no answer" : `status ${status}`;
  if (status !== undefined && refused.has(status)) {
    log.error({ message: id, status }, "the record refused a change; see GET /registry/outbox?state=dead");
    return { id, state: "dead", waitMs: 0, problem };
  }
  return { id, state: "waiting", waitMs: Math.min(backoffMs.max, backoffMs.first * 2 ** Math.min(attempts - 1, 10)), problem };
}
