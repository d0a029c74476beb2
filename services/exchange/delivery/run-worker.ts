import { setTimeout as sleep } from "node:timers/promises";
import { backgroundContext } from "../../lib/context.ts";
import type { Deps } from "../deps.ts";
import { pollNotices } from "../feed/poll-notices.ts";
import { pollRecord } from "../feed/poll-record.ts";
import { expireAttachments } from "../resource/attachment-store.ts";
import { resealSecrets } from "../subscription/seal-secret.ts";
import { removeOver } from "../vendor/register-vendor.ts";
import { deliverOne } from "./deliver.ts";
import { giveLease, isHeldByOther, takeLease } from "./lease.ts";
import { anySubscription, expireOld } from "./store.ts";

const leaseName = "worker";
const leaseForSeconds = 12;
const renewEveryMs = 4000;
/** How long the record may hold the question whether there is news. */
const waitSeconds = 4;
const idleMs = 1000;
const afterErrorMs = 1500;
/** Without anybody who listens: who begins to waits for the handshake so long. */
const nobodyMs = 3000;
const stepMs = 20_000;
const atOnceMax = 5;
/** Before the notices are looked at again. */
const atOnceDeliveriesMax = 20;
const tidyEveryMs = 10 * 60_000;

/**
 * What goes on beside the requests: reading the feeds, delivering, tidying. One pod of all does it, by a lease; that only saves effort,
 * since every step is safe when two do it. A pod that leaves hands over at once; one that dies is followed after twelve seconds.
 */
export async function runWorker(deps: Deps, holder: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const holds = await step(deps, "lease", () => mayWork(deps, holder), false);
    if (holds) await whileHeld(deps, holder, signal);
    await pause(holds ? 100 : renewEveryMs, signal);
  }
  await step(
    deps,
    "lease",
    () => deps.database.write(contextOf(deps), (transaction) => giveLease(transaction, { name: leaseName, holder })),
    undefined,
  );
}

function contextOf(deps: Deps) {
  return backgroundContext(deps.log, "exchange-worker", stepMs);
}

async function mayWork(deps: Deps, holder: string): Promise<boolean> {
  return await deps.database.write(contextOf(deps), async (transaction) => {
    if (await isHeldByOther(transaction, { name: leaseName, holder })) return false;
    return await takeLease(transaction, { name: leaseName, holder, seconds: leaseForSeconds });
  });
}

/** Works until the lease is lost or the signal comes. */
async function whileHeld(deps: Deps, holder: string, signal: AbortSignal): Promise<void> {
  const held = new AbortController();
  const both = AbortSignal.any([signal, held.signal]);
  const renewing = (async () => {
    while (!both.aborted) {
      await pause(renewEveryMs, both);
      if (!both.aborted && !(await step(deps, "lease", () => mayWork(deps, holder), false))) held.abort();
    }
  })();
  const work = Promise.all([renewing, readFeed(deps, both), deliverAll(deps, both), tidy(deps, both)]);
  // Who is told to leave hands over at once; what is under way is safe beside the successor's work.
  await Promise.race([work, aborted(signal)]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function readFeed(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const polled = await step(deps, "feed", () => pollRecord(contextOf(deps), deps, waitSeconds), undefined);
    if (!polled) await pause(afterErrorMs, signal);
    // The long question itself is the pause where somebody listens.
    else if (polled.listeners === 0) await pause(nobodyMs, signal);
    else if (!polled.more) await pause(50, signal);
  }
}

async function deliverAll(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (!(await step(deps, "look", () => deps.database.write(contextOf(deps), anySubscription), false))) {
      await pause(nobodyMs, signal);
      continue;
    }
    await step(deps, "notices", () => pollNotices(contextOf(deps), deps), 0);
    // One looks; the others join in only where there is something to do.
    if ((await deliverSome(deps, signal, 1)) === 0) await pause(idleMs, signal);
    else await Promise.all(Array.from({ length: atOnceMax }, () => deliverSome(deps, signal, atOnceDeliveriesMax)));
  }
}

/** Delivers while there is something. Returns how many were tried. */
async function deliverSome(deps: Deps, signal: AbortSignal, max: number): Promise<number> {
  let count = 0;
  while (!signal.aborted && count < max) {
    const outcome = await step(deps, "delivery", () => deliverOne(contextOf(deps), deps), "none" as const);
    if (outcome === "none") break;
    deps.delivered.inc({ outcome });
    count++;
  }
  return count;
}

async function tidy(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const work = () =>
      deps.database.write(contextOf(deps), async (transaction) => {
        await expireOld(transaction, { maxAgeDays: deps.limits.eventDays, backlogMax: deps.limits.backlogMax });
        await expireAttachments(transaction, 24);
      });
    await step(deps, "tidying", work, undefined);
    await step(deps, "secrets", () => resealSecrets(contextOf(deps), deps), 0);
    await step(deps, "sandboxes", () => removeOver(contextOf(deps), deps), undefined);
    await pause(tidyEveryMs, signal);
  }
}

/** An operating error is logged, and the work goes on later. */
async function step<T>(deps: Deps, name: string, work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    deps.log.warn({ step: name, error }, "a step of the background work failed, trying again later");
    return otherwise;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
