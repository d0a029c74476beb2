import type { Context } from "../../lib/context.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { FhirError, fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { readClientRequest } from "./client-request.ts";
import { addClient, type ClientRecord } from "./store.ts";

/**
 * Registers software, once for each Idempotency-Key.
 * @throws FhirError 403 for others than operators and the service `exchange`, 422 with every problem of the request
 */
export async function registerClient(context: Context, deps: Deps, request: WriteRequest, text: string): Promise<ClientRecord> {
  const { role, clientId, organizationId } = context.principal;
  const fact = { interaction: "create", resourceType: "Device" } as const;
  if (role !== "operator" && !(role === "system" && clientId === "exchange" && organizationId === undefined)) {
    await deps.audit.refused(context, { ...fact, outcome: "8" });
    throw fhirError(403, "forbidden", "Only operators and the service exchange register software");
  }
  const read = readClientRequest(text, crypto.randomUUID());
  if ("issues" in read) throw new FhirError(422, { resourceType: "OperationOutcome", issue: read.issues });
  const { client } = read;
  const { resourceId } = await exactlyOnce(context, deps, request, async (transaction) => {
    await addClient(transaction, client);
    deps.audit.record(context, transaction, [{ ...fact, outcome: "0", resourceId: client.id }]);
    return { status: 201, resourceType: "Device", resourceId: client.id, version: 1 };
  });
  return { ...client, id: resourceId };
}
