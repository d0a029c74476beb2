import type { AnyResource } from "../../lib/fhir/validate.ts";

/** The FHIR JSON of a version: what the client sent, with the id and meta the server decides. */
export function represent(resource: AnyResource, id: string, version: number, lastUpdated: Date): string {
  const { resourceType, id: _id, meta, ...rest } = resource;
  const given = typeof meta === "object" && meta !== null ? meta : {};
  return JSON.stringify({
    resourceType,
    id,
    meta: { ...given, versionId: String(version), lastUpdated: lastUpdated.toISOString() },
    ...rest,
  });
}
