import type { Identifier } from "@medplum/fhirtypes";
import { type ParsedResource, parseResource } from "../../lib/fhir/exact-json.ts";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import type { Language } from "../../lib/language.ts";
import { nationalNumberSystem, parseNationalNumber } from "../../lib/national-number.ts";
import { FhirError, fhirError, issue, type OperationOutcomeIssue } from "../../lib/operation-outcome.ts";
import type { Deps, ResourceType } from "../deps.ts";

/** Parses and validates a body, national numbers included. @throws FhirError 400 with an issue for each defect */
export function checkedResource(deps: Deps, type: ResourceType, body: string, language: Language): ParsedResource {
  const parsed = parseResource(body);
  if (parsed.plain.resourceType !== type) {
    throw fhirError(400, "invalid", `The body is not a ${type}`, { expression: "resourceType" });
  }
  validate(deps.definitions, parsed.plain);
  const issues = numberIssues(type, parsed.plain, language);
  if (issues.length > 0) {
    throw new FhirError(400, { resourceType: "OperationOutcome", issue: issues });
  }
  return parsed;
}

const differingDate: Record<Language, (date: string) => string> = {
  en: (date) => `The national number says ${date}, the birth date something else; one of the two is wrong.`,
  fr: (date) => `Le numéro national indique le ${date}, la date de naissance autre chose ; l'un des deux est faux.`,
  de: (date) => `Die nationale Nummer sagt ${date}, das Geburtsdatum etwas anderes; eines von beiden ist falsch.`,
};

/** What is wrong with the national numbers that a resource bears. One that is no longer in use may tell another birth date. */
function numberIssues(type: ResourceType, resource: AnyResource, language: Language): OperationOutcomeIssue[] {
  const identifiers = (resource.identifier ?? []) as Identifier[];
  return identifiers.flatMap(({ system, value, use }, place) => {
    if (system !== nationalNumberSystem) return [];
    const path = `${type}.identifier[${place}].value`;
    const parsed = parseNationalNumber(value ?? "");
    if (!parsed.valid) {
      return parsed.defects.map(({ message }) => issue("error", "value", message[language], path));
    }
    if (parsed.value !== value) {
      return [issue("error", "value", "Write the national number as 13 digits without spaces", path)];
    }
    const { birthDate } = resource;
    const differs = type === "Patient" && use !== "old" && typeof birthDate === "string" && !parsed.birthDate.startsWith(birthDate);
    return differs ? [issue("error", "invariant", differingDate[language](parsed.birthDate), `${type}.birthDate`)] : [];
  });
}
