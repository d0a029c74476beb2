import { colognePhonetics } from "./cologne-phonetics.ts";
import { nameParts, significantName } from "./fold-name.ts";
import { givenNameGroup } from "./given-names.ts";
import { jaroWinkler } from "./jaro-winkler.ts";
import type { PersonFeatures } from "./person-features.ts";
import { bitsOf, type Grade, gradesFromBits, householdBitsMax, type Outcome, outcomes, priorBits, swappedNamesBits } from "./weights.ts";

/** `family.same`, `birthDate.swapped`: what was found of one feature. */
export type Reason =
  | {
      [Feature in keyof typeof outcomes]: `${Feature}.${Extract<keyof (typeof outcomes)[Feature], string>}`;
    }[keyof typeof outcomes]
  | "names.swapped";

export interface Score {
  /** How likely the two are one person, 0 to 1. */
  probability: number;
  grade: Grade;
  reasons: Reason[];
}

interface Finding {
  reason: Reason;
  bits: number;
}

const similarFrom = 0.92;

/** How likely two records are of one person, and why. The order of the two makes no difference. */
export function scorePair(left: PersonFeatures, right: PersonFeatures): Score {
  const findings = [
    ...setFinding("nationalNumber", left.nationalNumbers, right.nationalNumbers),
    ...setFinding("identifier", left.identifiers, right.identifiers),
    ...nameFindings(left, right),
    ...dateFinding(left.birthDate, right.birthDate),
    ...genderFinding(left.gender, right.gender),
  ];
  const household = [...setFinding("address", left.places, right.places), ...setFinding("contact", left.contacts, right.contacts)];
  const bits = priorBits + sum(findings) + Math.min(householdBitsMax, sum(household));
  const sameNumber = findings.some(({ reason }) => reason === "nationalNumber.same");
  const grade = gradesFromBits.find((each) => bits >= each.bits)?.grade ?? (sameNumber ? "possible" : "certainly-not");
  return { probability: 1 / (1 + 2 ** -bits), grade, reasons: [...findings, ...household].map(({ reason }) => reason) };
}

function sum(findings: readonly Finding[]): number {
  return findings.reduce((total, { bits }) => total + bits, 0);
}

/** @throws TypeError for a level that the feature does not have */
function finding(feature: keyof typeof outcomes, level: string): Finding {
  const levels: Record<string, Outcome> = outcomes[feature];
  const outcome = levels[level];
  if (!outcome) throw new TypeError(`no weight for ${feature}.${level}`);
  return { reason: `${feature}.${level}` as Reason, bits: bitsOf(outcome) };
}

/** What one of them does not tell proves nothing. */
function setFinding(
  feature: "nationalNumber" | "identifier" | "address" | "contact",
  left: readonly string[],
  right: readonly string[],
): Finding[] {
  if (left.length === 0 || right.length === 0) return [];
  if (left.some((value) => right.includes(value))) return [finding(feature, "same")];
  return feature === "identifier" ? [] : [finding(feature, "different")];
}

function genderFinding(left: string | undefined, right: string | undefined): Finding[] {
  return left === undefined || right === undefined ? [] : [finding("gender", left === right ? "same" : "different")];
}

function dateFinding(left: string | undefined, right: string | undefined): Finding[] {
  if (left === undefined || right === undefined) return [];
  if (left === right) return [finding("birthDate", "same")];
  const [year, month, day] = left.split("-");
  if (right === `${year}-${day}-${month}`) return [finding("birthDate", "swapped")];
  const wrong = [...left].filter((character, place) => character !== right[place]).length;
  if (wrong === 1) return [finding("birthDate", "digit")];
  return [finding("birthDate", right.startsWith(`${year}-`) ? "year" : "different")];
}

function nameFindings(left: PersonFeatures, right: PersonFeatures): Finding[] {
  const straight = [...nameFinding("family", left.families, right.families), ...nameFinding("given", left.givens, right.givens)];
  if (left.families.length === 0 || left.givens.length === 0 || right.families.length === 0 || right.givens.length === 0) return straight;
  const crossed = [...nameFinding("family", left.families, right.givens), ...nameFinding("given", left.givens, right.families)];
  const back = [...nameFinding("family", left.givens, right.families), ...nameFinding("given", left.families, right.givens)];
  const bits = Math.max(sum(crossed), sum(back)) + swappedNamesBits;
  return bits > sum(straight) ? [{ reason: "names.swapped", bits }] : straight;
}

/** The best agreement between any of the names: people keep their old name in one place, and their second given name is the first elsewhere. */
function nameFinding(feature: "family" | "given", left: readonly string[], right: readonly string[]): Finding[] {
  const found = left.flatMap((one) => right.map((other) => finding(feature, nameLevel(feature, one, other))));
  const best = found.toSorted((a, b) => b.bits - a.bits)[0];
  return best ? [best] : [];
}

function nameLevel(feature: "family" | "given", left: string, right: string): keyof typeof outcomes.given {
  const [one, other] = [significantName(left), significantName(right)];
  if (one === other) return "same";
  if (feature === "given" && givenNameGroup(left) === givenNameGroup(right)) return "variant";
  const parts = nameParts(right);
  if (nameParts(left).some((part) => parts.includes(part))) return "part";
  const sound = colognePhonetics(one);
  if (sound.length > 1 && sound === colognePhonetics(other)) return "sound";
  return jaroWinkler(one, other) >= similarFrom ? "similar" : "different";
}
