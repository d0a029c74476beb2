import type { Definitions } from "../lib/fhir/definitions.ts";
import type { RateLimiter } from "../lib/rate-limiter.ts";
import type { ServiceDeps } from "../lib/service-parts.ts";

/** The resource types that the registry keeps. */
export const resourceTypes = ["Patient", "Practitioner", "PractitionerRole", "Organization"] as const;
export type ResourceType = (typeof resourceTypes)[number];

export function isResourceType(name: unknown): name is ResourceType {
  return resourceTypes.some((each) => each === name);
}

/** What the registry's operations work with. */
export interface Deps extends ServiceDeps {
  definitions: Definitions;
  /** Of one import. */
  importMaxBytes: number;
  /** Of searches, by caller. */
  rate: RateLimiter;
}

/** Base of the FHIR interface. */
export function fhirUrl({ settings }: Deps): string {
  return `${settings.publicUrl}/fhir`;
}
