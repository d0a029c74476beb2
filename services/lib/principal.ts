import type { Scope } from "./scope.ts";

/** Who a verified token speaks for. */
export interface Principal {
  /** The account (`sub`). */
  subject: string;
  /** The software that asks (`client_id`). */
  clientId: string;
  role: "patient" | "practitioner" | "system";
  /** Display name, for the audit record. */
  name?: string;
  /** The patient record a `patient/` scope is limited to (SMART launch context `patient`). */
  patientId?: string;
  scopes: Scope[];
  issuer: string;
}
