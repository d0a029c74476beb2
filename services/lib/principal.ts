import type { Scope } from "./scope.ts";

/** Who a verified token speaks for. */
export interface Principal {
  /** The account (`sub`). */
  subject: string;
  /** The software that asks (`client_id`). */
  clientId: string;
  /** An operator runs the platform and sees no record. */
  role: "patient" | "practitioner" | "system" | "operator";
  /** Display name, for the audit record. */
  name?: string;
  /** The patient record a `patient/` scope is limited to (SMART launch context `patient`). */
  patientId?: string;
  /** Who the account is, as a reference: `Practitioner/1`, `RelatedPerson/1`, `Patient/1` (SMART claim `fhirUser`). */
  person?: string;
  /** What a professional is, by the platform's own code, e.g. `physician`. */
  profession?: string;
  /** The organisation that a professional or a software acts for. */
  organizationId?: string;
  scopes: Scope[];
  issuer: string;
}
