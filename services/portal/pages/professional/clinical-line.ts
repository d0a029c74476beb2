import type {
  AllergyIntolerance,
  Condition,
  Dosage,
  Immunization,
  MedicationRequest,
  MedicationStatement,
  Observation,
} from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import { dateText, fill, numberText } from "../../layout/language.ts";
import { conceptText, levelOf, levelTag, rangeText, valueText } from "../patient/entry.ts";
import { recordTexts, statusTexts } from "./record-texts.ts";

/** One line of a record's overview. */
export interface ClinicalLine {
  title: string;
  /** Bold, beside the title. */
  value: string;
  facts: string[];
  /** What must not be overlooked. */
  warning: string;
  /** It holds now; the others are folded away, not hidden. */
  current: boolean;
  path?: string;
  level: ReturnType<typeof levelOf>;
}

const quiet = new Set(["active", "completed", "final", "current"]);

function statusText(code: string | undefined, language: Language): string {
  if (code === undefined || quiet.has(code)) return "";
  return code in statusTexts ? statusTexts[code as keyof typeof statusTexts][language] : code;
}

const codeOf = (concept: { coding?: { code?: string }[] } | undefined): string | undefined => concept?.coding?.[0]?.code;

export function allergyLine(allergy: AllergyIntolerance, language: Language): ClinicalLine {
  const clinical = codeOf(allergy.clinicalStatus) ?? "active";
  const verification = codeOf(allergy.verificationStatus);
  const reactions = (allergy.reaction ?? []).flatMap(({ manifestation }) => manifestation ?? []).map((each) => conceptText(each));
  const isSevere = allergy.reaction?.some(({ severity }) => severity === "severe") ?? false;
  const text = (name: "criticality" | "severe"): string => recordTexts[name][language];
  return {
    ...{ title: conceptText(allergy.code) || "–", value: "", level: levelOf(allergy.meta) },
    facts: [
      reactions.join(", "),
      statusText(clinical, language),
      verification === "confirmed" ? "" : statusText(verification, language),
      allergy.recordedDate === undefined ? "" : dateText(allergy.recordedDate, language),
      ...(allergy.note ?? []).flatMap(({ text }) => text ?? []),
    ],
    warning: allergy.criticality === "high" ? text("criticality") : isSevere ? text("severe") : "",
    current: clinical === "active" && verification !== "refuted" && verification !== "entered-in-error",
  };
}

export function medicationLine(medication: MedicationStatement | MedicationRequest, language: Language): ClinicalLine {
  const isRequest = medication.resourceType === "MedicationRequest";
  const dosage = (isRequest ? medication.dosageInstruction : medication.dosage) ?? [];
  const date = isRequest ? medication.authoredOn : (medication.effectiveDateTime ?? medication.effectivePeriod?.start);
  const kind = recordTexts[isRequest ? "prescribed" : "taken"][language];
  const by = isRequest ? medication.requester?.display : medication.informationSource?.display;
  return {
    ...{ title: conceptText(medication.medicationCodeableConcept) || medication.medicationReference?.display || "–", warning: "" },
    ...{ value: dosage.map(dosageText).filter(Boolean).join("; "), level: levelOf(medication.meta) },
    facts: [
      [kind, date === undefined ? "" : dateText(date, language)].filter(Boolean).join(" "),
      by ?? "",
      statusText(medication.status, language),
      ...(medication.reasonCode ?? []).map((each) => conceptText(each)),
      ...(medication.note ?? []).flatMap(({ text }) => text ?? []),
    ],
    current: ["active", "intended", "on-hold", "unknown", "recorded"].includes(medication.status ?? "unknown"),
  };
}

function dosageText({ text, patientInstruction, timing }: Dosage): string {
  return text ?? patientInstruction ?? conceptText(timing?.code);
}

export function conditionLine(condition: Condition, language: Language): ClinicalLine {
  const clinical = codeOf(condition.clinicalStatus) ?? "active";
  const verification = codeOf(condition.verificationStatus);
  const onset = condition.onsetDateTime ?? condition.onsetPeriod?.start;
  return {
    ...{ title: conceptText(condition.code) || "–", value: "", warning: "", level: levelOf(condition.meta) },
    facts: [
      onset === undefined ? (condition.onsetString ?? "") : fill(recordTexts.since[language], { date: dateText(onset, language) }),
      statusText(clinical, language),
      verification === "confirmed" ? "" : statusText(verification, language),
      ...(condition.note ?? []).flatMap(({ text }) => text ?? []),
    ],
    current: ["active", "recurrence", "relapse"].includes(clinical) && verification !== "refuted" && verification !== "entered-in-error",
  };
}

export function immunizationLine(immunization: Immunization, language: Language): ClinicalLine {
  return {
    ...{ title: conceptText(immunization.vaccineCode) || "–", value: "", warning: "", level: levelOf(immunization.meta), current: true },
    facts: [
      immunization.occurrenceDateTime === undefined
        ? (immunization.occurrenceString ?? "")
        : dateText(immunization.occurrenceDateTime, language),
      statusText(immunization.status, language),
      immunization.lotNumber ?? "",
    ],
  };
}

export function resultLine(observation: Observation, language: Language): ClinicalLine {
  const range = rangeText(observation, ({ value = 0 }) => numberText(value, language));
  const date = observation.effectiveDateTime ?? observation.effectivePeriod?.start ?? observation.issued;
  return {
    ...{
      title: conceptText(observation.code) || "–",
      value: valueText(observation, language),
      level: levelOf(observation.meta),
      current: true,
    },
    facts: [
      date === undefined ? "" : dateText(date, language),
      range === "" ? "" : fill(recordTexts.range[language], { range }),
      observation.performer?.[0]?.display ?? "",
      statusText(observation.status, language),
    ],
    warning: isOutside(observation) ? recordTexts.outside[language] : "",
  };
}

/** By what the laboratory says, else by its range. */
export function isOutside({ interpretation, valueQuantity, referenceRange }: Observation): boolean {
  const code = interpretation?.[0]?.coding?.[0]?.code;
  if (code !== undefined) return ["H", "HH", "L", "LL", "A", "AA", "HU", "LU"].includes(code);
  const value = valueQuantity?.value;
  const [range] = referenceRange ?? [];
  if (value === undefined || !range) return false;
  return (range.low?.value !== undefined && value < range.low.value) || (range.high?.value !== undefined && value > range.high.value);
}

export function clinicalItem({ title, value, facts, warning, path, level }: ClinicalLine, language: Language): Html {
  const known = facts.filter(Boolean);
  return html`<li><div class="entry">${path === undefined ? html`<span class="entry-title">${title}</span>` : html`<a class="entry-title" href="${path}">${title}</a>`}${value === "" ? undefined : html` <strong>${value}</strong>`}${known.length > 0 ? html`<p class="soft small">${known.join(" · ")}</p>` : undefined}</div>${warning === "" ? undefined : html`<span class="tag tag-warning">${warning}</span>`}${levelTag(level, language)}</li>`;
}
