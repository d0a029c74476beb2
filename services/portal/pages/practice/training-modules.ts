import type { trainingTexts } from "./training-texts.ts";

export interface TrainingModule {
  name: "reading" | "writing" | "together" | "limits";
  /** The exercises, each with the page where it is done; what is to do stands in training-texts.ts under its name. */
  steps: readonly { name: Exclude<keyof typeof trainingTexts, "title" | "lead" | "progress">; path: string }[];
}

const record = (patient: string, more = ""): string => `/portal/professional/patients/test-patient-${patient}${more}`;

/** On the synthetic patients that the record's seed brings (services/record/seed-data.ts). */
export const trainingModules: readonly TrainingModule[] = [
  {
    name: "reading",
    steps: [
      { name: "find", path: "/portal/professional/patients" },
      { name: "open", path: record("01") },
      { name: "documents", path: record("01", "/documents") },
    ],
  },
  {
    name: "writing",
    steps: [
      { name: "note", path: record("02", "/write?template=note") },
      { name: "letter", path: record("02", "/letters") },
      { name: "deposit", path: record("02", "/deposit") },
      { name: "prescribe", path: record("02", "/prescribe") },
    ],
  },
  {
    name: "together",
    steps: [
      { name: "visit", path: "/portal/practice/visits/new?patient=test-patient-03" },
      { name: "message", path: "/portal/professional/messages/new?patient=test-patient-03" },
      { name: "inbox", path: "/portal/professional/messages" },
    ],
  },
  {
    name: "limits",
    steps: [
      { name: "emergency", path: record("04", "/emergency") },
      { name: "delegation", path: "/portal/professional/colleagues" },
    ],
  },
];
