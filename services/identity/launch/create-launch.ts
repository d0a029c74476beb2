import type { Context } from "../../lib/context.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { findAccount } from "../account/store.ts";
import { findClient } from "../client/store.ts";
import { opens } from "../delegation/records.ts";
import type { Deps } from "../deps.ts";
import { addLaunch } from "./store.ts";

const expiresInS = 300;

/**
 * Makes the value with which a software is launched from the portal for one patient (SMART App Launch, EHR launch). It is good once, for
 * the same account. Whether a professional may see the patient's record, the record decides at each access.
 * @param request.key names the request: its repetition makes the same value
 * @throws FhirError 403 for callers that are no person at a first-party site, and for records a patient has no part in
 */
export async function createLaunch(
  context: Context,
  deps: Deps,
  request: { patientId: string; clientId: string | undefined; key: string },
): Promise<{ launch: string; expires_in: number }> {
  const { principal } = context;
  const { patientId, clientId, key } = request;
  const fact = { interaction: "operation", resourceType: "Patient", resourceId: patientId, patientId } as const;
  const site = await findClient(context, deps, principal.clientId);
  const account = await findAccount(context, deps, principal.subject);
  const own = account !== undefined && (await opens(context, deps, account, patientId));
  if (site?.kind !== "first-party" || !account || !(account.role === "practitioner" || own)) {
    await deps.audit.refused(context, { ...fact, outcome: "8" });
    throw fhirError(
      403,
      "forbidden",
      "Only people who are signed in at the portal launch software, and for records that are theirs to open",
    );
  }
  if (clientId !== undefined && !(await findClient(context, deps, clientId))) {
    throw fhirError(400, "value", "No software is registered under this client_id; register it, or leave client_id out");
  }
  const launch = deps.cookieKeys.sign("launch", principal.subject, patientId, clientId ?? "", key);
  await deps.database.write(context, async (transaction) => {
    await addLaunch(transaction, launch, { accountId: account.id, patientId, clientId });
    deps.audit.record(context, transaction, [{ ...fact, outcome: "0" }]);
  });
  return { launch, expires_in: expiresInS };
}
