import { hasVersion, versionHeaders } from "../../lib/fhir/version.ts";
import { fhirJson } from "../../lib/operation-outcome.ts";
import type { StoredVersion } from "./store.ts";

/** The version as an HTTP answer; that of a merged patient names its survivor in `Link` (RFC 8288). */
export function versionResponse(
  version: StoredVersion,
  options: { url: string; ifNoneMatch: string | undefined; headers: Record<string, string> },
): Response {
  const survivor = version.mergedInto === null ? {} : { Link: `<${options.url}/Patient/${version.mergedInto}>; rel="successor-version"` };
  const headers = { ...versionHeaders(version), ...survivor, ...options.headers };
  if (hasVersion(options.ifNoneMatch, version.version)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(version.content, { status: 200, headers: { ...headers, "Content-Type": fhirJson } });
}
