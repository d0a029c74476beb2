import type { Context } from "../../lib/context.ts";
import type { ServiceClient } from "../../lib/service-client.ts";
import type { RecordPut } from "./send-messages.ts";

/** PUTs into the record with the service's own token. */
export function recordClient(record: ServiceClient, token: { header(context: Context): Promise<string> }): RecordPut {
  return async (context, { path, key, body }) => {
    const headers = {
      Authorization: await token.header(context),
      "Content-Type": "application/fhir+json",
      "Idempotency-Key": key,
      Prefer: "return=minimal",
    };
    return (await record.call(context, { method: "PUT", path, headers, body })).status;
  };
}
