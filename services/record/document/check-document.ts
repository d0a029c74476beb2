import type { AnyResource } from "../../lib/fhir/validate.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { contradicts } from "../../lib/sniff-type.ts";

/** @throws FhirError 422 for a document that is not what it is said to be: whoever opens it trusts the type */
export function checkContentType(contentType: string, beginning: Uint8Array, expression = "Binary.contentType"): void {
  if (!contradicts(contentType, beginning)) return;
  throw fhirError(422, "value", `The document does not begin as ${contentType.slice(0, 100)} does: send it under its own type`, {
    expression,
  });
}

/** Of a Binary that carries its bytes within itself. @throws FhirError 422 */
export function checkDocument(resource: AnyResource): void {
  const { resourceType, contentType, data } = resource as { resourceType: string; contentType?: unknown; data?: unknown };
  if (resourceType !== "Binary" || typeof contentType !== "string" || typeof data !== "string") return;
  checkContentType(contentType, Buffer.from(data.slice(0, beginningBase64), "base64"));
}

/** In characters: four for three bytes, and room for line breaks. */
const beginningBase64 = 2048;
