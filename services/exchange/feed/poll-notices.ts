import type { Context } from "../../lib/context.ts";
import type { Deps } from "../deps.ts";
import { endOfNotices, insertEvents, listListeners, matchNotices, moveCursor, type NewEvent, readCursor } from "./store.ts";

const pageSize = 200;

/** Turns the exchange's own notices into events of those who subscribed to messages: in one transaction with the cursor. */
export async function pollNotices(context: Context, deps: Deps): Promise<number> {
  return await deps.database.write(context, async (transaction) => {
    const cursor = await readCursor(transaction, "notice");
    const listeners = await listListeners(transaction, "notice");
    if (listeners.length === 0) {
      if (cursor !== undefined) await moveCursor(transaction, "notice", cursor, undefined);
      return 0;
    }
    if (cursor === undefined) {
      await moveCursor(transaction, "notice", undefined, await endOfNotices(transaction));
      return 0;
    }
    const found = await matchNotices(transaction, cursor, pageSize);
    const last = found.at(-1);
    if (!last || !(await moveCursor(transaction, "notice", cursor, last.cursor))) return 0;
    let events = 0;
    const bySubscription = Map.groupBy(found, ({ subscriptionId }) => subscriptionId);
    for (const [id, matched] of [...bySubscription].toSorted(([left], [right]) => String(left).localeCompare(String(right)))) {
      if (id === null) continue;
      // One that reaches a subscriber under two names is one event.
      const distinct = new Map(matched.map((each) => [`${each.about} ${each.created}`, each]));
      const owed = [...distinct.values()].map(
        ({ about, created }): NewEvent => ({ focus: about, method: "PUT", patientId: null, occurred: created }),
      );
      await insertEvents(transaction, id, owed);
      events += owed.length;
    }
    return events;
  });
}
