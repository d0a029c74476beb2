import {
  type CrawlerVisitor,
  crawlTypedValue,
  type InternalSchemaElement,
  OperationOutcomeError,
  toTypedValue,
  validateResource,
} from "@medplum/core";
import type { Resource } from "@medplum/fhirtypes";
import { FhirError, fhirError, issue, type OperationOutcomeIssue } from "../operation-outcome.ts";
import type { Definitions } from "./definitions.ts";

/** FHIR's `id`: http://hl7.org/fhir/R4/datatypes.html#id */
export const idPattern = /^[A-Za-z0-9\-.]{1,64}$/;

/** A JSON object that says which resource type it is; nothing more is known of it. */
export interface AnyResource {
  resourceType: string;
  id?: unknown;
  contained?: unknown;
  [element: string]: unknown;
}

type Visited = Parameters<CrawlerVisitor["visitProperty"]>;

/**
 * Checks a resource against FHIR R4: structure, cardinality, primitive formats and invariants by @medplum/core, and four
 * rules it leaves out: codes of required bindings, types of reference targets, ids, and a choice (`value[x]`) made twice.
 * @throws FhirError 400 with an issue for each problem found
 */
export function validate(definitions: Definitions, resource: AnyResource): void {
  const issues = checkIds(definitions, resource);
  if (issues.length === 0) {
    issues.push(...structuralIssues(resource));
  }
  if (issues.length === 0) {
    issues.push(...additionalIssues(definitions, resource));
  }
  if (issues.length > 0) {
    throw new FhirError(400, { resourceType: "OperationOutcome", issue: issues.slice(0, 50) });
  }
}

function containedOf(resource: AnyResource): AnyResource[] {
  return Array.isArray(resource.contained) ? (resource.contained as AnyResource[]) : [];
}

/** The resources within a resource: what it contains and, of a Bundle, its entries. */
function resourcesIn(resource: AnyResource): AnyResource[] {
  const entries = resource.resourceType === "Bundle" && Array.isArray(resource.entry) ? resource.entry : [];
  const own = (entries as ({ resource?: AnyResource } | null)[]).flatMap((entry) => entry?.resource ?? []);
  return [...containedOf(resource), ...own.flatMap((each) => [each, ...resourcesIn(each)])];
}

function checkIds(definitions: Definitions, resource: AnyResource): OperationOutcomeIssue[] {
  const issues: OperationOutcomeIssue[] = [];
  const within = resource.resourceType === "Bundle" ? "entry" : "contained";
  for (const each of [resource, ...resourcesIn(resource)]) {
    const type = each?.resourceType;
    if (typeof type !== "string" || !definitions.ensureType(type)) {
      issues.push(issue("error", "structure", "Not a FHIR R4 resource type", `${resource.resourceType}.${within}`));
    } else if (each.id !== undefined && !(typeof each.id === "string" && idPattern.test(each.id))) {
      issues.push(issue("error", "value", "Invalid id: letters, digits, '-' and '.', at most 64", `${type}.id`));
    }
  }
  return issues;
}

function structuralIssues(resource: AnyResource): OperationOutcomeIssue[] {
  try {
    // The service bounds the body as a whole; what remains of it may all be one document.
    validateResource(resource as unknown as Resource, { base64BinaryMaxBytes: Number.MAX_SAFE_INTEGER });
    return [];
  } catch (error) {
    if (error instanceof OperationOutcomeError) {
      return (error.outcome.issue ?? [])
        .filter((found) => found.severity !== "warning" && found.severity !== "information")
        .map((found) => issue("error", asIssueCode(found.code), found.details?.text ?? "Invalid", found.expression?.[0]));
    }
    // Input so far from FHIR that the validator itself stumbles.
    throw fhirError(400, "structure", "The resource cannot be interpreted as FHIR R4");
  }
}

function asIssueCode(code: string | undefined): "structure" | "invariant" | "invalid" | "required" | "value" {
  return code === "structure" || code === "invariant" || code === "required" || code === "value" ? code : "invalid";
}

function additionalIssues(definitions: Definitions, resource: AnyResource): OperationOutcomeIssue[] {
  const issues: OperationOutcomeIssue[] = [];
  const visitor: CrawlerVisitor = {
    onEnterObject: (path, value, schema) => {
      for (const key of Object.keys(schema.elements)) {
        const chosen = key.endsWith("[x]") ? choices(value.value as object, key.slice(0, -3), schema.elements[key]) : [];
        if (chosen.length > 1) {
          issues.push(issue("error", "structure", `Only one of ${chosen.join(", ")} may be present`, path));
        }
      }
    },
    visitProperty: (_parent, key, path, values, schema) => {
      const element = schema.elements[key] ?? choiceElement(schema.elements, key);
      for (const value of element ? values.flat() : []) {
        issues.push(...checkCode(definitions, element, path, value), ...checkReference(element, path, value, resource));
      }
    },
  };
  crawlTypedValue(toTypedValue(resource as unknown as Resource), visitor, { skipMissingProperties: true });
  return issues;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The properties of an object that are a choice of `base[x]`, `_valueString` counting as `valueString`. */
function choices(object: object, base: string, element: InternalSchemaElement | undefined): string[] {
  const names = new Set(element?.type.map((type) => base + capitalised(type.code)));
  return [...new Set(Object.keys(object).map((name) => name.replace(/^_/, "")))].filter((name) => names.has(name));
}

function choiceElement(elements: Record<string, InternalSchemaElement>, key: string): InternalSchemaElement | undefined {
  return Object.entries(elements).find(
    ([name, element]) => name.endsWith("[x]") && choices({ [key]: 0 }, name.slice(0, -3), element).length > 0,
  )?.[1];
}

type Value = Extract<Visited[3][number], { value: unknown }>;

function checkCode(
  definitions: Definitions,
  element: InternalSchemaElement | undefined,
  path: string,
  value: Value,
): OperationOutcomeIssue[] {
  const { binding } = element ?? {};
  if (value.type !== "code" || typeof value.value !== "string" || binding?.strength !== "required" || !binding.valueSet) {
    return [];
  }
  const codes = definitions.codes(binding.valueSet);
  return !codes || codes.has(value.value) ? [] : [issue("error", "code-invalid", `Not a code of ${binding.valueSet}`, value.path ?? path)];
}

function checkReference(
  element: InternalSchemaElement | undefined,
  path: string,
  value: Value,
  root: AnyResource,
): OperationOutcomeIssue[] {
  if (value.type !== "Reference" || typeof value.value !== "object" || value.value === null) {
    return [];
  }
  const allowed = element?.type.filter((type) => type.code === "Reference").flatMap((type) => type.targetProfile ?? []) ?? [];
  const types = allowed.map((profile) => profile.slice(profile.lastIndexOf("/") + 1));
  const { reference, type } = value.value as { reference?: unknown; type?: unknown };
  const found = [typeof reference === "string" ? referencedType(reference, root) : undefined, typeof type === "string" ? type : undefined];
  return types.length === 0 || types.includes("Resource") || found.every((each) => each === undefined || types.includes(each))
    ? []
    : [issue("error", "value", `Wrong reference target: allowed are ${types.join(", ")}`, value.path ?? path)];
}

/** The resource type a literal reference points to; undefined where the text does not tell (urn:uuid, a logical URL). */
export function referencedType(reference: string, root?: AnyResource): string | undefined {
  if (reference.startsWith("#")) {
    return root && containedOf(root).find((each) => each.id === reference.slice(1))?.resourceType;
  }
  return /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/.exec(reference)?.[1];
}
