import { purposeHeader, purposes } from "../../lib/purpose-of-use.ts";
import { issuerEndpoints } from "../../lib/smart-configuration.ts";
import type { Catalogue, ResourceType } from "../catalogue.ts";
import { jsonPatch } from "../resource/patch-resource.ts";

/** SMART's discovery document, under the FHIR address. */
export const smartPath = "/.well-known/smart-configuration";

/** What this server can do, told from the same table it works by. @param options.issuer of tokens, where it is an address */
export function capabilityStatement(
  catalogue: Catalogue,
  options: { publicUrl: string; issuer?: string | undefined; startedAt: Date },
): object {
  return {
    resourceType: "CapabilityStatement",
    status: "active",
    date: options.startedAt.toISOString(),
    kind: "instance",
    software: { name: "DSP record" },
    implementation: { description: "Shared care record", url: options.publicUrl },
    fhirVersion: "4.0.1",
    format: ["application/fhir+json", "json"],
    patchFormat: [jsonPatch],
    rest: [
      {
        mode: "server",
        documentation:
          "Writes take an Idempotency-Key header and are done once for each key. Reads say in DSP-Served-By whether a standby answered; Cache-Control: no-cache asks for the primary. " +
          `${purposeHeader} states why somebody asks (${purposes.join(", ")}): it is recorded and told to the patient. ` +
          "Reads, searches and histories take _summary and _elements. _sort takes one date or string parameter; the modifiers :text, :in, :not-in and :of-type are refused. A patch may name its resource by search criteria; in a Bundle it is a Binary that holds the JSON Patch. " +
          // No `instantiates`: MHD's actors, and the IPS's, are asked for XML as well.
          "Of IHE MHD 4.2 there are Provide Document Bundle (ITI-65), Find Document Lists (ITI-66), Find Document References (ITI-67), Retrieve Document (ITI-68) and Simplified Publish (ITI-105), in JSON only.",
        security: securityOf(options),
        interaction: [{ code: "batch" }, { code: "transaction" }, { code: "history-system" }],
        resource: [...[...catalogue.types.values()].map((type) => resourceCapability(type, catalogue)), auditCapability()],
      },
    ],
  };
}

function securityOf({ publicUrl, issuer }: { publicUrl: string; issuer?: string | undefined }): object {
  const service = [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/restful-security-service", code: "SMART-on-FHIR" }] }];
  const description = "Access tokens with SMART on FHIR 2 scopes, borne (RFC 6750) or bound to a key (DPoP, RFC 9449)";
  if (issuer === undefined) return { service, description };
  const { authorize, token, revoke } = issuerEndpoints(issuer);
  const uris = Object.entries({ authorize, token, revoke }).map(([url, valueUri]) => ({ url, valueUri }));
  return {
    extension: [{ url: "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", extension: uris }],
    service,
    description: `${description}: see ${publicUrl}${smartPath}`,
  };
}

/** The references of a type, as `_include` names them; with `target` those that may lead there. */
function references(type: ResourceType, target?: string): string[] {
  return [...type.parameters.values()]
    .filter(({ kind, targets }) => kind === "reference" && (target === undefined || targets.includes(target)))
    .map(({ code }) => `${type.name}:${code}`);
}

/** The access log, which nobody writes: it has search parameters of its own. */
function auditCapability(): object {
  const kinds = { patient: "reference", date: "date", action: "token", outcome: "token", subtype: "token" };
  return {
    type: "AuditEvent",
    profile: "http://hl7.org/fhir/StructureDefinition/AuditEvent",
    documentation: "A patient's own log, each entry with a sentence in the language of Accept-Language",
    interaction: [{ code: "read" }, { code: "search-type" }],
    searchParam: [
      { name: "_id", definition: "http://hl7.org/fhir/SearchParameter/Resource-id", type: "token" },
      ...Object.entries(kinds).map(([name, type]) => ({
        name,
        definition: `http://hl7.org/fhir/SearchParameter/AuditEvent-${name}`,
        type,
      })),
    ],
  };
}

function resourceCapability(type: ResourceType, catalogue: Catalogue): object {
  const patch = type.definition.rawContent ? [] : ["patch"];
  const interactions = ["create", "read", "vread", "update", ...patch, "delete", "history-instance", "history-type", "search-type"];
  const parameters = [...type.parameters.values()].map(({ code, kind, definition }) => ({
    name: code,
    definition: definition.url,
    type: kind,
    documentation: definition.description?.split("\n")[0],
  }));
  return {
    type: type.name,
    profile: `http://hl7.org/fhir/StructureDefinition/${type.name}`,
    interaction: interactions.map((code) => ({ code })),
    versioning: "versioned-update",
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: "not-match",
    conditionalUpdate: true,
    conditionalDelete: "single",
    operation: [
      { name: "validate", definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate" },
      ...(type.name === "Patient"
        ? [
            { name: "everything", definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything" },
            { name: "summary", definition: "http://hl7.org/fhir/uv/ips/OperationDefinition/summary" },
          ]
        : []),
    ],
    searchInclude: references(type),
    searchRevInclude: [...catalogue.types.values()].flatMap((other) => references(other, type.name)),
    searchParam: [
      { name: "_id", definition: "http://hl7.org/fhir/SearchParameter/Resource-id", type: "token" },
      { name: "_lastUpdated", definition: "http://hl7.org/fhir/SearchParameter/Resource-lastUpdated", type: "date" },
      ...parameters,
    ],
  };
}
