import { resourceTypes } from "../deps.ts";
import { chains, type SearchParameterDefinition, searchParameters } from "../resource/search-parameters.ts";

const operationBase = "http://hl7.org/fhir/OperationDefinition";

/** What this server can do, told from the same tables it works by. */
export function capabilityStatement(options: { url: string; startedAt: Date }): object {
  return {
    resourceType: "CapabilityStatement",
    status: "active",
    date: options.startedAt.toISOString(),
    kind: "instance",
    software: { name: "DSP registry" },
    implementation: { description: "Client, health-worker and facility registry", url: options.url },
    fhirVersion: "4.0.1",
    format: ["application/fhir+json", "json"],
    rest: [
      {
        mode: "server",
        documentation:
          "Writes take an Idempotency-Key header and are done once for each key; an update must bring If-Match. A new patient who is certainly there already is refused (409) " +
          "unless DSP-Duplicates-Reviewed names the ids that were looked at. Reads say in DSP-Served-By whether a standby answered; Cache-Control: no-cache asks for the primary. " +
          "Who is not the registry's administration finds patients by national number, or by name and day of birth. A merged patient is read with a Link header to its survivor, " +
          "or with ?follow=true as the survivor. What is not FHIR is described by the OpenAPI document beside this interface (../openapi.json).",
        security: {
          service: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/restful-security-service", code: "SMART-on-FHIR" }] }],
          description: "Bearer tokens with SMART on FHIR 2 scopes",
        },
        resource: resourceTypes.map((type) => ({
          type,
          profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
          interaction: ["create", "read", "vread", "update", "history-instance", "search-type"].map((code) => ({ code })),
          versioning: "versioned-update",
          readHistory: true,
          updateCreate: true,
          conditionalCreate: false,
          conditionalRead: "not-match",
          conditionalUpdate: false,
          conditionalDelete: "not-supported",
          ...(type === "Patient" ? { operation: patientOperations } : {}),
          ...(chains[type] ? { searchInclude: Object.keys(chains[type]).map((name) => `${type}:${name}`) } : {}),
          searchParam: searchParameters[type].map(searchParameter),
        })),
      },
    ],
  };
}

const patientOperations = [
  { name: "match", definition: `${operationBase}/Patient-match` },
  { name: "merge", definition: `${operationBase}/Patient-merge`, documentation: "As FHIR R5 defines it" },
  { name: "unmerge", definition: "urn:dsp:operation:Patient-unmerge", documentation: "Undoes the merge of source-patient" },
];

function searchParameter({ name, type, definition, documentation }: SearchParameterDefinition): object {
  return { name, type, definition, documentation };
}
