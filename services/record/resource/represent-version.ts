import { applySubset, type Subset } from "../../lib/fhir/subset.ts";
import { hasVersion, versionHeaders } from "../../lib/fhir/version.ts";
import { accepts } from "../../lib/http.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import type { Catalogue } from "../catalogue.ts";
import type { StoredVersion } from "./store.ts";

/** A version with the part of its content that was asked for; a deletion has none. */
export function reducedVersion({ definitions }: Catalogue, version: StoredVersion, subset: Subset | undefined): StoredVersion {
  return subset === undefined || version.deleted ? version : { ...version, content: applySubset(definitions, version.content, subset) };
}

/** The version as an HTTP answer: FHIR JSON, or for a Binary asked for as such its bytes. @throws FhirError 406 for bytes of a type not wanted */
export function versionResponse(
  version: StoredVersion,
  options: { raw: boolean; accept?: string | undefined; ifNoneMatch?: string | undefined },
): Response {
  const headers = versionHeaders(version);
  if (hasVersion(options.ifNoneMatch, version.version)) {
    return new Response(null, { status: 304, headers });
  }
  if (!options.raw) {
    return new Response(version.content, { status: 200, headers: { ...headers, "Content-Type": fhirJson } });
  }
  const { contentType, data } = JSON.parse(version.content) as { contentType: string; data?: string };
  // FHIR's `code` allows characters that a header does not.
  const mediaType = /^[\x21-\x7e]+\/[\x20-\x7e]+$/.test(contentType) ? contentType : "application/octet-stream";
  if (!accepts(options.accept, mediaType)) {
    throw fhirError(406, "not-supported", `The content is of the type ${mediaType}; ask for that, or for application/fhir+json`);
  }
  return new Response(Buffer.from(data ?? "", "base64"), {
    status: 200,
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
