import type { Context } from "../../lib/context.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import type { Party } from "../party.ts";
import { insertNotices, insertReceipt, readResource, readVersion, type Stored, sidesOf } from "./store.ts";

/** Reads one message. A recipient's first reading is the receipt that its sender sees. @throws FhirError 404 */
export async function openMessage(
  context: Context,
  deps: Deps,
  request: { party: Party; type: string; id: string; version?: number },
): Promise<Stored> {
  const { party, type, id, version } = request;
  const { principal } = context;
  const found = await deps.database.write(context, async (transaction) => {
    const stored =
      version === undefined
        ? await readResource(transaction, { type, id }, party.actors)
        : await readVersion(transaction, { type, id, version }, party.actors);
    const about = { interaction: version === undefined ? ("read" as const) : ("vread" as const), resourceType: type, resourceId: id };
    const patient = stored?.patientId ? { patientId: stored.patientId } : {};
    deps.audit.record(context, transaction, [
      { ...about, ...patient, outcome: stored ? "0" : "8", ...(stored ? { version: stored.version } : {}) },
    ]);
    if (!stored) return undefined;
    const isFirst = await insertReceipt(transaction, stored.key, party, { name: principal.name, organization: principal.organizationId });
    if (isFirst) {
      const sides = (await sidesOf(transaction, [stored.key])).get(stored.key) ?? [];
      const senders = sides.filter(({ side }) => side === "sender").map(({ actor }) => actor);
      await insertNotices(transaction, senders, { kind: "receipt", about: `${type}/${id}` });
    }
    return stored;
  });
  // To who takes no part it is as if it had never been.
  if (!found) throw fhirError(404, "not-found", "There is no such resource");
  return found;
}
