import type { AnyResource } from "../../lib/fhir/validate.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import type { StoredVersion } from "./store.ts";

/** The FHIR JSON of a version: what the client sent, with the id and meta the server decides. */
export function representVersion(resource: AnyResource, id: string, version: number, lastUpdated: Date): string {
  const { resourceType, id: _id, meta, ...rest } = resource;
  const given = typeof meta === "object" && meta !== null ? meta : {};
  return JSON.stringify({
    resourceType,
    id,
    meta: { ...given, versionId: String(version), lastUpdated: lastUpdated.toISOString() },
    ...rest,
  });
}

/** The version an If-Match header names; undefined without a header. @throws FhirError 400 */
export function ifMatchVersion(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const version = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header.trim())?.[1];
  if (version === undefined) {
    throw fhirError(400, "value", 'If-Match must name one version, as in W/"3"');
  }
  return Number(version);
}

/** Headers that tell which version an answer is about. */
export function versionHeaders(version: StoredVersion): Record<string, string> {
  return { ETag: `W/"${version.version}"`, "Last-Modified": version.lastUpdated.toUTCString() };
}

/** The version as an HTTP answer; that of a merged patient names its survivor in `Link` (RFC 8288). */
export function versionResponse(
  version: StoredVersion,
  options: { url: string; ifNoneMatch: string | undefined; headers: Record<string, string> },
): Response {
  const survivor = version.mergedInto === null ? {} : { Link: `<${options.url}/Patient/${version.mergedInto}>; rel="successor-version"` };
  const headers = { ...versionHeaders(version), ...survivor, ...options.headers };
  if (options.ifNoneMatch?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === `"${version.version}"`)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(version.content, { status: 200, headers: { ...headers, "Content-Type": fhirJson } });
}
