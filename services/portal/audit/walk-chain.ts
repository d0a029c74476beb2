import { setTimeout as sleep } from "node:timers/promises";
import { type Context, Deadline } from "../../lib/context.ts";
import type { Caller } from "../clients/caller.ts";
import type { Deps } from "../deps.ts";
import { beginWalk, keepStep, type Walk } from "./store.ts";

/** A walk goes on behind the answer, and no longer than its operator's token is good; what is left is done when it is asked for again. */
const walkMs = 240_000;
const stepMs = 15_000;
/** Between steps, for those who wait for the same database. */
const pauseMs = 50;
/** Defects that are kept: more would tell no more. */
const defectsMax = 100;

/**
 * Begins to verify the record's audit chain, or goes on where an earlier walk stopped; nothing where one is under way.
 * @param id the same for the same wish: sent twice it is one walk
 * @returns the walk's end, for those who want to wait for it
 */
export async function walkChain(caller: Caller, deps: Deps, id: string): Promise<Promise<void> | undefined> {
  const { context } = caller;
  const walk = await deps.database.write(context, async (transaction) => {
    const begun = await beginWalk(transaction, id, context.principal.subject);
    if (begun) deps.audit.record(context, transaction, [{ interaction: "operation", outcome: "0", resourceType: "AuditEvent" }]);
    return begun;
  });
  return walk && goOn(caller, deps, walk);
}

async function goOn(caller: Caller, deps: Deps, walk: Walk): Promise<void> {
  const limit = Deadline.after(walkMs);
  let { head } = walk;
  let found = walk.defects.length;
  try {
    while (!limit.passed) {
      // Nobody waits: that the browser has left stops nothing.
      const context: Context = { ...caller.context, left: undefined, deadline: Deadline.after(stepMs) };
      const part = await deps.oversight.verifyPart({ ...caller, context }, head, walk.noted ?? undefined);
      const defects = part.defects.slice(0, Math.max(0, defectsMax - found));
      const done = { head: part.head, defects, waiting: part.waiting, isLast: !part.more };
      const counts = await deps.database.write(context, (transaction) => keepStep(transaction, { id: walk.id, head }, done));
      if (!counts || !part.more) return;
      head = part.head;
      found += defects.length;
      await sleep(pauseMs);
    }
  } catch (error) {
    deps.log.warn({ error }, "the audit chain was not verified to its end; an operator can go on");
  }
}
