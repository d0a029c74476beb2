import { z } from "zod";

/** What the documents are, where it is not a letter, and how confidential. */
export const depositSchema = z.strictObject({
  /** A LOINC code. */
  type: z.strictObject({ code: z.string().regex(/^[0-9A-Za-z-]{1,20}$/), display: z.string().max(200).optional() }).optional(),
  confidentiality: z.enum(["N", "R", "V"]).optional(),
});
