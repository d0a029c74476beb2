import type { SearchParameter } from "@medplum/fhirtypes";
import { documentParameters, listParameters } from "./mhd/search-parameters.ts";

/** What the service must know about a resource type to keep it and to find it; everything else comes from the FHIR specification's own data. */
export interface ResourceTypeDefinition {
  /**
   * FHIRPath of the references to the patients whose record the resource belongs to; `self` for the Patient, `none` for the directory
   * of professionals, which belongs to nobody's record.
   */
  patient: string;
  /** A search parameter, of references: what is about parts of a record belongs to it as they do. */
  patientsOf?: string;
  /** Whether a body of another media type is the content of the resource (FHIR's Binary only). */
  rawContent?: boolean;
  /** Search parameters besides those of the FHIR specification. */
  parameters?: readonly SearchParameter[];
}

/** Supporting another type is one more line. */
export const resourceTypes: Record<string, ResourceTypeDefinition> = {
  Patient: { patient: "self" },
  RelatedPerson: { patient: "RelatedPerson.patient" },
  Practitioner: { patient: "none" },
  PractitionerRole: { patient: "none" },
  Organization: { patient: "none" },
  AllergyIntolerance: { patient: "AllergyIntolerance.patient" },
  Condition: { patient: "Condition.subject" },
  MedicationStatement: { patient: "MedicationStatement.subject" },
  MedicationRequest: { patient: "MedicationRequest.subject" },
  Immunization: { patient: "Immunization.patient" },
  Procedure: { patient: "Procedure.subject" },
  Observation: { patient: "Observation.subject" },
  DiagnosticReport: { patient: "DiagnosticReport.subject" },
  Encounter: { patient: "Encounter.subject" },
  CarePlan: { patient: "CarePlan.subject" },
  Composition: { patient: "Composition.subject" },
  Task: { patient: "Task.for" },
  Communication: { patient: "Communication.subject" },
  DocumentReference: { patient: "DocumentReference.subject", parameters: documentParameters },
  Consent: { patient: "Consent.patient" },
  Provenance: { patient: "Provenance.target", patientsOf: "target" },
  List: { patient: "List.subject", parameters: listParameters },
  Binary: { patient: "Binary.securityContext", rawContent: true },
};
