import type { Patient } from "@medplum/fhirtypes";
import type { Transaction } from "../../lib/database/database.ts";
import { blockingKeys } from "./blocking-keys.ts";
import { featuresOf, type PersonFeatures } from "./person-features.ts";
import { type Score, scorePair } from "./score-pair.ts";
import { readCandidates } from "./store.ts";

export interface Candidate extends Score {
  id: string;
  version: number;
  /** The patient's FHIR JSON. */
  content: string;
  /** Has the same national number: never two patients. */
  sameNumber: boolean;
}

/** Patients that may be this one, the likeliest first; `except` is the patient itself, or "". */
export async function findCandidates(transaction: Transaction, features: PersonFeatures, except: string): Promise<Candidate[]> {
  const rows = await readCandidates(transaction, blockingKeys(features), except);
  const scored = rows.map((row): Candidate => {
    const score = scorePair(features, featuresOf(JSON.parse(row.content) as Patient));
    return { ...row, ...score, sameNumber: score.reasons.includes("nationalNumber.same") };
  });
  return scored
    .filter(({ grade }) => grade !== "certainly-not")
    .toSorted((left, right) => right.probability - left.probability || (left.id < right.id ? -1 : 1));
}
