import { applySubset, type Subset, untagged } from "../../lib/fhir/subset.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { hasVersion, versionHeaders } from "../../lib/fhir/version.ts";
import { accepts } from "../../lib/http.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import type { Catalogue } from "../catalogue.ts";
import { type OutgoingDocument, streamOf, withData } from "../document/send-document.ts";
import type { StoredVersion } from "./store.ts";

/** A version with the part of its content that was asked for; a deletion has none. */
export function reducedVersion({ definitions }: Catalogue, version: StoredVersion, subset: Subset | undefined): StoredVersion {
  return subset === undefined || version.deleted ? version : { ...version, content: applySubset(definitions, version.content, subset) };
}

export interface VersionForm {
  /** Its bytes instead of FHIR JSON. */
  raw: boolean;
  accept?: string | undefined;
  ifNoneMatch?: string | undefined;
}

/** The version as an HTTP answer: FHIR JSON, or for a Binary asked for as such its bytes. @throws FhirError 406 for bytes of a type not wanted */
export function versionResponse(version: StoredVersion, { raw, accept, ifNoneMatch }: VersionForm): Response {
  const headers = versionHeaders(version);
  if (hasVersion(ifNoneMatch, version.version)) {
    return new Response(null, { status: 304, headers });
  }
  if (!raw) {
    return new Response(version.content, { status: 200, headers: { ...headers, "Content-Type": fhirJson } });
  }
  const { contentType, data } = JSON.parse(version.content) as { contentType: string; data?: string };
  return new Response(Buffer.from(data ?? "", "base64"), { status: 200, headers: { ...headers, ...rawHeaders(contentType, accept) } });
}

/** As `versionResponse`, for one whose bytes are kept in parts: they follow as the client takes them. @throws FhirError 406, 503 */
export async function documentResponse(
  version: StoredVersion,
  { raw, accept, ifNoneMatch }: VersionForm,
  open: (document: string) => Promise<OutgoingDocument>,
): Promise<Response> {
  const { document } = version;
  if (document === undefined || hasVersion(ifNoneMatch, version.version)) return versionResponse(version, { raw, accept, ifNoneMatch });
  const { resourceType, id, meta, ...rest } = JSON.parse(version.content) as AnyResource & { contentType: string };
  const form = raw ? rawHeaders(rest.contentType, accept) : { "Content-Type": fhirJson };
  const outgoing = await open(document);
  const whole = JSON.stringify({ resourceType, id, meta: untagged(meta), ...rest });
  const { length, pieces } = raw ? { length: outgoing.bytes, pieces: outgoing.parts() } : withData(whole, outgoing);
  return new Response(streamOf(pieces), {
    status: 200,
    headers: { ...versionHeaders(version), ...form, "Content-Length": String(length) },
  });
}

/** @throws FhirError 406 */
function rawHeaders(contentType: string, accept: string | undefined): Record<string, string> {
  // FHIR's `code` allows characters that a header does not.
  const mediaType = /^[\x21-\x7e]+\/[\x20-\x7e]+$/.test(contentType) ? contentType : "application/octet-stream";
  if (!accepts(accept, mediaType)) {
    throw fhirError(406, "not-supported", `The content is of the type ${mediaType}; ask for that, or for application/fhir+json`);
  }
  return {
    "Content-Type": mediaType,
    // The bytes are a stranger's: a browser must neither guess their type nor run them.
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
  };
}
