/** What the service must know about a resource type to keep and find it. Supporting another type is one more entry. */
export interface ResourceTypeDefinition {
  /** Codes of FHIR R4 search parameters of the kinds token, reference, string, date and uri. */
  searchParameters: readonly string[];
  /** FHIRPath of the reference to the patient whose record the resource belongs to; `self` for the Patient. */
  patient: string;
  /** Whether a body of another media type is the content of the resource (FHIR's Binary only). */
  rawContent?: boolean;
}

export const resourceTypes: Record<string, ResourceTypeDefinition> = {
  Patient: {
    searchParameters: [
      "identifier",
      "name",
      "family",
      "given",
      "birthdate",
      "gender",
      "active",
      "telecom",
      "address-city",
      "address-postalcode",
    ],
    patient: "self",
  },
  Observation: {
    searchParameters: ["identifier", "patient", "subject", "code", "category", "date", "status"],
    patient: "Observation.subject",
  },
  DocumentReference: {
    searchParameters: [
      "identifier",
      "patient",
      "subject",
      "type",
      "category",
      "date",
      "period",
      "status",
      "author",
      "contenttype",
      "security-label",
    ],
    patient: "DocumentReference.subject",
  },
  Binary: {
    searchParameters: [],
    patient: "Binary.securityContext",
    rawContent: true,
  },
};
