import { type DocumentType, documentTypes } from "./document-types.ts";

/** What a profession may do with normal parts of a record as long as the patient said nothing else: nothing, read, read and write. */
type Grade = "-" | "r" | "w";

export interface ProfessionRights {
  readable: readonly DocumentType[];
  writable: readonly DocumentType[];
}

/**
 * Profession × document type. Columns in the order of `documentTypes`; a patient's restrictions and grants come on top. Nobody but the
 * patient sees what the patient consented to: it would tell that something is hidden. Notices are for those they name.
 */
const matrix: Record<string, string> = {
  //                     adm all med imm pro prc lab ima vit rep pla men rep gen soc own con not oth
  physician: "             w   w   w   w   w   w   w   w   w   w   w   w   w   w   w   r   -   -   w",
  "emergency-physician": " w   w   w   w   w   w   w   w   w   w   w   r   r   -   r   r   -   -   w",
  dentist: "               r   w   w   r   w   w   r   w   w   w   w   -   -   -   r   r   -   -   w",
  pharmacist: "            r   w   w   w   r   -   r   -   r   r   r   -   -   -   -   r   -   -   r",
  nurse: "                 r   w   w   w   r   r   r   r   w   w   w   -   -   -   r   r   -   -   w",
  midwife: "               r   r   r   w   r   w   w   r   w   w   w   -   w   -   r   r   -   -   w",
  physiotherapist: "       r   r   r   -   r   w   -   r   w   w   w   -   -   -   -   r   -   -   w",
  psychologist: "          r   r   r   -   r   -   -   -   -   w   w   w   -   -   w   r   -   -   w",
  "medical-laboratory": "  r   -   r   -   -   -   w   -   -   w   -   -   -   w   -   -   -   -   w",
  radiology: "             r   r   -   -   r   r   r   w   -   w   -   -   -   -   -   -   -   -   w",
  dietitian: "             r   r   r   -   r   -   r   -   w   w   w   -   -   -   r   r   -   -   w",
  "social-worker": "       r   -   -   -   -   -   -   -   -   w   w   -   -   -   w   r   -   -   -",
  administrative: "        w   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -",
};

export const professions: ReadonlyMap<string, ProfessionRights> = new Map(
  Object.entries(matrix).map(([profession, row]) => [profession, rightsOf(profession, row.trim().split(/\s+/) as Grade[])]),
);

/** Who may open a record in an emergency. */
export const emergencyProfessions: ReadonlySet<string> = new Set(["physician", "emergency-physician", "nurse", "midwife"]);

/** Of a profession that the platform does not know, and of somebody without one. */
export const noRights: ProfessionRights = { readable: [], writable: [] };

/**
 * Of software that works for an organisation by itself: it feeds records with what its professionals made, whose rights it checked, and reads
 * only what patients allowed the organisation. What patients write and decide themselves is not its business.
 */
export const softwareRights: ProfessionRights = {
  readable: [],
  writable: documentTypes.filter((type) => type !== "own-notes" && type !== "consent" && type !== "notice"),
};

function rightsOf(profession: string, grades: readonly Grade[]): ProfessionRights {
  if (grades.length !== documentTypes.length) {
    throw new Error(`the matrix has ${grades.length} document types for ${profession}, not ${documentTypes.length}`);
  }
  const having = (...wanted: Grade[]): DocumentType[] => documentTypes.filter((_, place) => wanted.includes(grades[place] ?? "-"));
  return { readable: having("r", "w"), writable: having("w") };
}
