import type { Parameters, Patient } from "@medplum/fhirtypes";
import type { Served } from "../../lib/audit.ts";
import type { Context } from "../../lib/context.ts";
import { parseResource } from "../../lib/fhir/exact-json.ts";
import { validate } from "../../lib/fhir/validate.ts";
import type { Language } from "../../lib/language.ts";
import { nationalNumberSystem, parseNationalNumber } from "../../lib/national-number.ts";
import { FhirError, fhirError, issue } from "../../lib/operation-outcome.ts";
import { type Access, factsAbout } from "../access.ts";
import { type Deps, fhirUrl } from "../deps.ts";
import { describeReasons } from "./describe-reasons.ts";
import { type Candidate, findCandidates } from "./find-candidates.ts";
import { featuresOf, type PersonFeatures } from "./person-features.ts";

/** FHIR's extension of a search result. */
export const matchGradeUrl = "http://hl7.org/fhir/StructureDefinition/match-grade";
/** This project's own: a reason in words; one for each. */
export const matchReasonUrl = "urn:dsp:match-reason";

const countMax = 20;

export interface MatchRequest {
  patient: Patient;
  onlyCertainMatches: boolean;
  count: number;
}

/** Parses the operation's Parameters. @throws FhirError 400 */
export function parseMatch(deps: Deps, body: string, language: Language): MatchRequest {
  const { plain } = parseResource(body);
  if (plain.resourceType !== "Parameters")
    throw fhirError(400, "invalid", "$match takes a Parameters resource with the parameter resource");
  validate(deps.definitions, plain);
  const parameters = (plain as unknown as Parameters).parameter ?? [];
  const given = (name: string) => parameters.find((each) => each.name === name);
  const patient = given("resource")?.resource;
  if (patient?.resourceType !== "Patient")
    throw fhirError(400, "required", "The parameter resource holds the Patient to be found", { expression: "resource" });
  const count = given("count")?.valueInteger ?? countMax;
  if (count < 1) throw fhirError(400, "value", "count is at least 1", { expression: "count" });
  const issues = (patient.identifier ?? []).flatMap(({ system, value }) => {
    const parsed = system === nationalNumberSystem ? parseNationalNumber(value ?? "") : undefined;
    return parsed?.valid === false
      ? parsed.defects.map(({ message }) => issue("error", "value", message[language], "Patient.identifier"))
      : [];
  });
  if (issues.length > 0) throw new FhirError(400, { resourceType: "OperationOutcome", issue: issues });
  return { patient, onlyCertainMatches: given("onlyCertainMatches")?.valueBoolean === true, count: Math.min(count, countMax) };
}

/** FHIR Patient/$match: a Bundle of those that may be the person, the likeliest first. @throws FhirError 400 */
export async function matchPatient(
  context: Context,
  deps: Deps,
  request: MatchRequest & { access: Access; language: Language; primaryOnly: boolean },
): Promise<Served<string>> {
  const features = featuresOf(request.patient);
  if (!tellsEnough(features, request.access)) {
    await deps.audit.refused(context, { interaction: "operation", outcome: "4", resourceType: "Patient" });
    throw fhirError(
      400,
      "required",
      "A person is found by the national number or another identifier, or by family name, given name and day of birth",
    );
  }
  const served = await deps.audit.read(context, { primaryOnly: request.primaryOnly }, async (transaction) => {
    const found = chosen(await findCandidates(transaction, features, ""), request);
    return { value: found, facts: factsAbout({ interaction: "operation", outcome: "0" }, "Patient", found.candidates) };
  });
  return { value: JSON.stringify(matchBundle(fhirUrl(deps), served.value, request.language)), servedBy: served.servedBy };
}

/** Numbers that an organisation gives out in a row could be tried one after the other: they count for the administration only. */
function tellsEnough({ nationalNumbers, identifiers, families, givens, birthDate }: PersonFeatures, { kind }: Access): boolean {
  if (kind === "administration" && identifiers.length > 0) return true;
  return nationalNumbers.length > 0 || (families.length > 0 && givens.length > 0 && birthDate !== undefined);
}

interface Chosen {
  candidates: Candidate[];
  note?: string;
}

/** Who wants certainty gets one patient or none: of two that are certain one is not. */
function chosen(candidates: readonly Candidate[], { onlyCertainMatches, count }: MatchRequest): Chosen {
  if (!onlyCertainMatches) return { candidates: candidates.slice(0, count) };
  const certain = candidates.filter(({ grade }) => grade === "certain");
  return certain.length > 1
    ? { candidates: [], note: "More than one patient matches for certain; ask without onlyCertainMatches and let somebody choose" }
    : { candidates: certain };
}

function matchBundle(url: string, { candidates, note }: Chosen, language: Language): object {
  const entries: object[] = candidates.map(({ id, content, probability, grade, reasons }) => ({
    fullUrl: `${url}/Patient/${id}`,
    resource: JSON.parse(content) as object,
    search: {
      extension: [
        { url: matchGradeUrl, valueCode: grade },
        ...describeReasons(reasons, language).map((valueString) => ({ url: matchReasonUrl, valueString })),
      ],
      mode: "match",
      score: Math.round(probability * 10_000) / 10_000,
    },
  }));
  if (note !== undefined) {
    entries.push({
      resource: { resourceType: "OperationOutcome", issue: [issue("warning", "processing", note)] },
      search: { mode: "outcome" },
    });
  }
  return {
    ...{ resourceType: "Bundle", id: crypto.randomUUID(), type: "searchset", total: candidates.length },
    ...(entries.length > 0 ? { entry: entries } : {}),
  };
}
