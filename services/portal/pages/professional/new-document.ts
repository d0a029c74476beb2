import type { DocumentReference } from "@medplum/fhirtypes";
import { ServiceError } from "../../clients/caller.ts";
import type { Deps } from "../../deps.ts";
import { type levelCodes, withLevel } from "../patient/entry.ts";
import type { depositTexts } from "./deposit-texts.ts";
import type { RecordVisit } from "./record-visit.ts";

/** LOINC's document types that are offered here; the record tells by them who may read a document. */
export const documentCodes = {
  letter: { code: "51852-2", display: "Letter" },
  consult: { code: "11488-4", display: "Consult note" },
  discharge: { code: "18842-5", display: "Discharge summary" },
  laboratory: { code: "11502-2", display: "Laboratory report" },
  imaging: { code: "18748-4", display: "Diagnostic imaging study" },
  medication: { code: "56445-0", display: "Medication summary" },
  vaccination: { code: "11369-6", display: "History of Immunization" },
  referral: { code: "57133-1", display: "Referral note" },
  noteType: { code: "34109-9", display: "Note" },
} as const satisfies Partial<Record<keyof typeof depositTexts, { code: string; display: string }>>;

export type DocumentCode = keyof typeof documentCodes;

export interface NewDocument {
  title: string;
  code: DocumentCode;
  /** How the kind is called on the page that it was made on. */
  typeText: string;
  /** YYYY-MM-DD, or an instant. */
  date: string;
  level: keyof typeof levelCodes;
  contentType: string;
  bytes: Uint8Array;
  fileName?: string | undefined;
}

export function documentOf({ patientId, principal, language }: RecordVisit, given: NewDocument): DocumentReference {
  const { title, code, typeText, date, level, contentType, bytes, fileName } = given;
  const author = { reference: principal.person ?? "", ...(principal.name === undefined ? {} : { display: principal.name }) };
  const document: DocumentReference = {
    resourceType: "DocumentReference",
    status: "current",
    type: { coding: [{ system: "http://loinc.org", ...documentCodes[code] }], text: typeText },
    subject: { reference: `Patient/${patientId}` },
    date: date.length === 10 ? `${date}T12:00:00Z` : date,
    ...(author.reference === "" ? {} : { author: [author] }),
    ...(principal.organizationId === undefined ? {} : { custodian: { reference: `Organization/${principal.organizationId}` } }),
    description: title,
    content: [
      {
        attachment: {
          ...{ contentType, language, data: Buffer.from(bytes).toString("base64"), size: bytes.length },
          title: fileName?.slice(0, 120) ?? title,
        },
      },
    ],
  };
  // Without a label the level is the one that the patient has chosen for new entries.
  return level === "normal" ? document : withLevel(document, level);
}

/**
 * Publishes a document (IHE MHD, ITI-105: the record makes the Binary and the SubmissionSet in the same transaction), once for the key.
 * @returns the document's id; empty when an earlier attempt had done it; undefined: the record refuses this profession
 */
export async function publish(
  visit: RecordVisit,
  { record, practice }: Deps,
  given: NewDocument,
  key: string,
): Promise<string | undefined> {
  try {
    const made = await record.create(visit.caller, documentOf(visit, given), key);
    await practice.finish(visit.context, "start", "deposit");
    return made?.id ?? "";
  } catch (error) {
    if (error instanceof ServiceError && error.status === 403) return undefined;
    throw error;
  }
}
