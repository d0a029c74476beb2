import { evalFhirPathTyped, type FhirPathAtom, parseFhirPath, toTypedValue } from "@medplum/core";
import type { Resource } from "@medplum/fhirtypes";
import { Definitions } from "../lib/fhir/definitions.ts";
import { type IndexedParameter, indexedParameters, type SearchIndex, searchIndex, splitReference } from "../lib/fhir/search-index.ts";
import type { AnyResource } from "../lib/fhir/validate.ts";
import type { ResourceTypeDefinition } from "./resource-types.ts";

/** A supported resource type with its search parameters resolved. */
export interface ResourceType {
  name: string;
  definition: ResourceTypeDefinition;
  parameters: ReadonlyMap<string, IndexedParameter>;
  /** What a resource of the type is found by. */
  index(resource: AnyResource): SearchIndex;
  /** It belongs to nobody's record: who may read at all may read it. */
  isDirectory: boolean;
  /** Ids of the patients whose record a resource, stored under this id, belongs to. */
  patientIds(resource: AnyResource, id: string): string[];
}

/** The supported resource types, by name. */
export interface Catalogue {
  definitions: Definitions;
  types: ReadonlyMap<string, ResourceType>;
}

/** The index parameter by which a token limited to one patient is held to that patient's record. */
export const patientParameter = "_patient";

/**
 * Resolves the table of resource types against the FHIR specification.
 * @param ownUrl what references to this very server may begin with
 * @throws when the table asks for what R4 does not have
 */
export function loadCatalogue(table: Record<string, ResourceTypeDefinition>, ownUrl?: string): Catalogue {
  const definitions = new Definitions(Object.keys(table));
  const types = Object.entries(table).map(([name, definition]): [string, ResourceType] => {
    const parameters = indexedParameters(definitions, name, definition.parameters);
    const { patient } = definition;
    const isDirectory = patient === "none";
    const path = isDirectory || patient === "self" ? undefined : parseFhirPath(patient);
    const patientIds = (resource: AnyResource, id: string): string[] =>
      path ? referencedPatients(path, resource, ownUrl) : isDirectory ? [] : [id];
    const index = (resource: AnyResource): SearchIndex => searchIndex(parameters, resource, ownUrl);
    return [name, { name, definition, parameters, isDirectory, index, patientIds }];
  });
  return { definitions, types: new Map(types) };
}

function referencedPatients(path: FhirPathAtom, resource: AnyResource, ownUrl: string | undefined): string[] {
  const found = evalFhirPathTyped(path, [toTypedValue(resource as unknown as Resource)]);
  const references = found.map(({ value }) => (value as { reference?: unknown } | undefined)?.reference);
  const targets = references.filter((reference) => typeof reference === "string").map((reference) => splitReference(reference, ownUrl));
  return [...new Set(targets.filter(({ system }) => system === "Patient").map(({ code }) => code))];
}
