import type { Context } from "../../lib/context.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { removeClient as removeStored } from "./store.ts";

/**
 * Ends a registration: its software gets no more tokens, its refresh tokens and grants are gone. Access tokens that it has end by themselves,
 * within their life (ACCESS_TOKEN_S): services check them without asking. Removing what is gone changes nothing.
 * @throws FhirError 403 for others than the service `exchange`, and for the platform's own clients
 */
export async function removeClient(context: Context, deps: Deps, id: string): Promise<void> {
  const { role, clientId, organizationId } = context.principal;
  const fact = { interaction: "delete", resourceType: "Device", resourceId: id } as const;
  const isOwn = deps.serviceClients.find(id) !== undefined;
  if (isOwn || !(role === "system" && clientId === "exchange" && organizationId === undefined)) {
    await deps.audit.refused(context, { ...fact, outcome: "8" });
    throw fhirError(
      403,
      "forbidden",
      isOwn
        ? "This is one of the platform's own clients: its settings name it"
        : "Only the service exchange ends registrations: remove the software there",
    );
  }
  await deps.database.write(context, async (transaction) => {
    const removed = await removeStored(transaction, id);
    if (removed) deps.audit.record(context, transaction, [{ ...fact, outcome: "0" }]);
  });
}
