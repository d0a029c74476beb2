import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../lib/context.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { type Change, endOfFeed, isPastHorizon, listChanges, type Place } from "./store.ts";

/** How often a reader that waits for news is looked up for. */
const lookEveryMs = 500;
/** Answered before the deadline. */
const slackMs = 1000;

export interface ChangePage {
  changes: Change[];
  /** Where to go on. */
  cursor: string;
  /** There is more at once. */
  more: boolean;
}

export function encodePlace({ xid, sequence }: Place): string {
  return `${xid}-${sequence}`;
}

/** @throws FhirError 400 */
export function decodePlace(text: string): Place {
  const [, xid, sequence] = /^(\d{1,20})-(\d{1,19})$/.exec(text) ?? [];
  if (xid === undefined || sequence === undefined || BigInt(sequence) > 9223372036854775807n || BigInt(xid) > 18446744073709551615n) {
    throw fhirError(400, "value", "after is none of this server's cursors", { expression: "after" });
  }
  return { xid, sequence };
}

/**
 * The changes behind a place; waits for some, at most `waitMs`, where there are none. Without a place: none, and where the feed ends now.
 * What is told is durable: its audit record commits behind it, on a primary that may still commit.
 * @throws FhirError 410 when changes behind the place were deleted for their age
 */
export async function readChanges(
  context: Context,
  deps: Deps,
  request: { after: Place | undefined; count: number; waitMs: number },
): Promise<ChangePage> {
  const { after, count } = request;
  if (!after) {
    const end = await deps.database.write(context, endOfFeed);
    return { changes: [], cursor: encodePlace(end), more: false };
  }
  const untilMs = performance.now() + Math.min(request.waitMs, context.deadline.remainingMs() - slackMs);
  for (;;) {
    const page = await onePage(context, deps, after, count);
    const isOver = page.changes.length > 0 || performance.now() >= untilMs || context.left?.aborted || !deps.readiness().ready;
    if (isOver) return page;
    await sleep(Math.max(1, Math.min(lookEveryMs, untilMs - performance.now())));
  }
}

async function onePage(context: Context, deps: Deps, after: Place, count: number): Promise<ChangePage> {
  return await deps.database.write(context, async (transaction) => {
    if (await isPastHorizon(transaction, after)) {
      throw fhirError(410, "expired", "Changes behind this cursor were deleted for their age: begin anew without after");
    }
    const found = await listChanges(transaction, after, count);
    const changes = found.slice(0, count);
    const last = changes.at(-1);
    // One record for a page, not one for a look: what each change is about was recorded when it was made.
    if (last) deps.audit.record(context, transaction, [{ interaction: "operation", outcome: "0", resourceType: "Bundle" }]);
    return { changes, cursor: encodePlace(last ?? after), more: found.length > count };
  });
}
