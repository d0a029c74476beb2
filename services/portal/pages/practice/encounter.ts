import type { Encounter } from "@medplum/fhirtypes";
import type { Language } from "../../../lib/language.ts";
import { instantText } from "../../layout/language.ts";
import { conceptText } from "../patient/entry.ts";
import { encounterTexts } from "./encounter-texts.ts";

/** Where a visit may go from where it stands (FHIR's Encounter.status). */
export const nextStatuses: Readonly<Record<string, readonly Encounter["status"][]>> = {
  planned: ["arrived", "cancelled"],
  arrived: ["in-progress", "finished", "cancelled"],
  triaged: ["in-progress", "finished"],
  "in-progress": ["finished"],
};

export function statusText(status: string | undefined, language: Language): string {
  return status !== undefined && status in encounterTexts
    ? encounterTexts[status as keyof typeof encounterTexts][language]
    : (status ?? "");
}

/** What a list says of a visit. */
export function encounterFacts(
  { reasonCode, period, status, participant }: Encounter,
  language: Language,
): { title: string; facts: string[] } {
  return {
    title: reasonCode?.map((each) => conceptText(each)).join(", ") || encounterTexts.visit[language],
    facts: [instantText(period?.start, language), participant?.[0]?.individual?.display ?? "", statusText(status, language)],
  };
}

/** The visit in another state: what was is kept in its history, and the time is taken down where it begins or ends. */
export function moved(encounter: Encounter, status: Encounter["status"], now: string): Encounter {
  const since = encounter.period?.start ?? now;
  const history = [
    ...(encounter.statusHistory ?? []),
    { status: encounter.status, period: { start: since <= now ? since : now, end: now } },
  ];
  const ended = status === "finished" ? { period: { start: since <= now ? since : now, end: now } } : {};
  return { ...encounter, status, statusHistory: history, ...ended };
}
