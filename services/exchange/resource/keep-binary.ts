import type { Context } from "../../lib/context.ts";
import { parseResource } from "../../lib/fhir/exact-json.ts";
import { validate } from "../../lib/fhir/validate.ts";
import { acceptsJson, type Call, decodeUtf8, isJsonBody, readBody } from "../../lib/http.ts";
import { checkedKey, exactlyOnce, fingerprint } from "../../lib/idempotency.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import type { Party } from "../party.ts";
import { insertAttachment, readAttachment } from "./attachment-store.ts";
import { newAttachment } from "./prepare-message.ts";

/** Takes the bytes of an attachment before the message that will carry it: as FHIR Binary or bare. @throws FhirError 400, 413, 415 */
export async function keepBinary(call: Call, context: Context, deps: Deps, party: Party): Promise<Response> {
  const body = await readBody(call, deps);
  const attachment = newAttachment(deps, party, given(call, deps, body), "Binary.data");
  const request = { key: checkedKey(call.req.header("Idempotency-Key")), fingerprint: fingerprint(["Binary", body]) };
  const { resourceId, replayed } = await exactlyOnce(context, deps, request, async (transaction) => {
    await insertAttachment(transaction, attachment, null);
    const fact = { resourceType: "Binary", resourceId: attachment.id, version: 1 };
    deps.audit.record(context, transaction, [{ interaction: "create", outcome: "0", ...fact }]);
    return { status: 201, ...fact };
  });
  const location = `${deps.settings.publicUrl}/fhir/Binary/${resourceId}/_history/1`;
  const { contentType } = attachment;
  return new Response(JSON.stringify({ resourceType: "Binary", id: resourceId, meta: { versionId: "1" }, contentType }), {
    status: 201,
    headers: { "Content-Type": fhirJson, Location: location, ...(replayed ? { "DSP-Replayed": "true" } : {}) },
  });
}

function given(call: Call, deps: Deps, body: Uint8Array): { contentType: string; bytes: Buffer } {
  const contentType = call.req.header("Content-Type");
  if (!contentType) throw fhirError(415, "not-supported", "Say what type the content is of");
  if (!isJsonBody(call)) return { contentType, bytes: Buffer.from(body) };
  const { plain } = parseResource(decodeUtf8(body));
  if (plain.resourceType !== "Binary") throw fhirError(400, "invalid", "The body is not a Binary", { expression: "resourceType" });
  validate(deps.catalogue.definitions, plain);
  const { contentType: type, data = "" } = plain as unknown as { contentType: string; data?: string };
  const text = data.replace(/\s+/g, "");
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== text)
    throw fhirError(400, "value", "The content is not in base64", { expression: "Binary.data" });
  return { contentType: type, bytes };
}

/** The bytes of an attachment, or with `Accept: application/fhir+json` the Binary. @throws FhirError 404 */
export async function readBinary(call: Call, context: Context, deps: Deps, { party, id }: { party: Party; id: string }): Promise<Response> {
  const { value: found, servedBy } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => {
    const attachment = await readAttachment(transaction, id, party);
    const fact = {
      interaction: "read" as const,
      resourceType: "Binary",
      resourceId: id,
      outcome: attachment ? ("0" as const) : ("8" as const),
    };
    return { value: attachment, facts: [{ ...fact, ...(attachment?.patientId ? { patientId: attachment.patientId } : {}) }] };
  });
  if (!found) throw fhirError(404, "not-found", "There is no such resource");
  const headers = { ETag: 'W/"1"', "DSP-Served-By": servedBy };
  if (acceptsJson(call, false)) {
    const binary = {
      resourceType: "Binary",
      id,
      meta: { versionId: "1" },
      contentType: found.contentType,
      data: found.bytes.toString("base64"),
    };
    return new Response(JSON.stringify(binary), { headers: { ...headers, "Content-Type": fhirJson } });
  }
  const mediaType = /^[\x21-\x7e]+\/[\x20-\x7e]+$/.test(found.contentType) ? found.contentType : "application/octet-stream";
  return new Response(new Uint8Array(found.bytes), {
    // The bytes are a stranger's: a browser must neither guess their type nor run them.
    headers: {
      ...headers,
      "Content-Type": mediaType,
      "X-Content-Type-Options": "nosniff",
      "Content-Disposition": "attachment",
      "Content-Security-Policy": "sandbox; default-src 'none'",
    },
  });
}
