/** How a version of a resource stands in its JSON and in HTTP's headers, the same for every FHIR interface here. */
import { fhirError } from "../operation-outcome.ts";
import type { AnyResource } from "./validate.ts";

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

export function etag(version: number): string {
  return `W/"${version}"`;
}

/** Headers that tell which version an answer is about. */
export function versionHeaders({ version, lastUpdated }: { version: number; lastUpdated: Date }): Record<string, string> {
  return { ETag: etag(version), "Last-Modified": lastUpdated.toUTCString() };
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

/** Whether an If-None-Match header names the version: the client has it. */
export function hasVersion(ifNoneMatch: string | undefined, version: number): boolean {
  return ifNoneMatch?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === `"${version}"`) ?? false;
}
