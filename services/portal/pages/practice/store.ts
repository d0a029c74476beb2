import type { Context } from "../../../lib/context.ts";
import type { Database, Statement } from "../../../lib/database/database.ts";
import type { PurposeOfUse } from "../../../lib/purpose-of-use.ts";

/** Why a professional opens a record. */
export const openingReasons = ["treatment", "coordination", "administration", "emergency"] as const;
export type OpeningReason = (typeof openingReasons)[number];

/** The same as HL7 calls it. */
export const purposeOf: Readonly<Record<OpeningReason, PurposeOfUse>> = {
  ...{ treatment: "TREAT", coordination: "COC", administration: "PATADMIN", emergency: "ETREAT" },
};

export interface Opening {
  patientId: string;
  reason: OpeningReason;
  label: string;
  openedAt: Date;
}

/** What stands at the head of a practice's letters. */
export interface PracticeProfile {
  name: string;
  address: string;
  phone: string;
  email: string;
  closing: string;
}

const openRecord: Statement = {
  name: "opening-insert",
  text: `INSERT INTO record_opening (subject, patient_id, reason, note, label) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (subject, patient_id) DO UPDATE SET reason = EXCLUDED.reason, note = EXCLUDED.note, label = EXCLUDED.label, opened_at = now()`,
};
const openings: Statement = {
  name: "opening-list",
  text: `SELECT patient_id AS "patientId", reason, label, opened_at AS "openedAt" FROM record_opening
    WHERE subject = $1 AND ($2::text IS NULL OR patient_id = $2) AND opened_at > now() - make_interval(hours => $3) ORDER BY opened_at DESC LIMIT 12`,
};
const expireOpenings: Statement = {
  name: "opening-expire",
  text: "DELETE FROM record_opening WHERE opened_at < now() - make_interval(hours => $1)",
};
const readProfile: Statement = { name: "profile-read", text: "SELECT content FROM practice_profile WHERE organization_id = $1" };
const writeProfile: Statement = {
  name: "profile-write",
  text: `INSERT INTO practice_profile (organization_id, content, updated_by) VALUES ($1, $2, $3)
    ON CONFLICT (organization_id) DO UPDATE SET content = EXCLUDED.content, updated_by = EXCLUDED.updated_by, updated_at = now()`,
};
const readProgress: Statement = { name: "progress-read", text: "SELECT step FROM progress WHERE subject = $1 AND course = $2" };
const writeProgress: Statement = {
  name: "progress-write",
  text: "INSERT INTO progress (subject, course, step) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
};
const clearProgress: Statement = { name: "progress-clear", text: "DELETE FROM progress WHERE subject = $1 AND course = $2" };
const keepFeedback: Statement = {
  name: "feedback-insert",
  text: "INSERT INTO feedback (id, subject, role, page, language, message) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
};

/** A reason that was given holds for so long. */
export const openingHours = 12;
/** What is typed into a form must still go in when the reason ran out meanwhile. */
const graceHours = 24;

/** What the pages for professionals keep at the portal itself: reasons, progress, a practice's letter head, feedback. */
export class PracticeStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async open(context: Context, opening: { patientId: string; reason: OpeningReason; note: string; label: string }): Promise<void> {
    const { patientId, reason, note, label } = opening;
    await this.#write(context, openRecord, [context.principal.subject, patientId, reason, note, label]);
  }

  /** The one that holds now. @param isForm a form is sent, which may have been open for long */
  async opening(context: Context, patientId: string, isForm: boolean): Promise<Opening | undefined> {
    const hours = isForm ? graceHours : openingHours;
    return (await this.#read<Opening>(context, openings, [context.principal.subject, patientId, hours]))[0];
  }

  async recent(context: Context): Promise<Opening[]> {
    return await this.#read<Opening>(context, openings, [context.principal.subject, null, openingHours]);
  }

  async expire(context: Context): Promise<void> {
    await this.#write(context, expireOpenings, [graceHours]);
  }

  async profile(context: Context): Promise<PracticeProfile | undefined> {
    const { organizationId } = context.principal;
    if (organizationId === undefined) return undefined;
    return (await this.#read<{ content: PracticeProfile }>(context, readProfile, [organizationId]))[0]?.content;
  }

  async saveProfile(context: Context, profile: PracticeProfile): Promise<void> {
    const { organizationId, subject } = context.principal;
    if (organizationId !== undefined) await this.#write(context, writeProfile, [organizationId, JSON.stringify(profile), subject]);
  }

  async progress(context: Context, course: string): Promise<ReadonlySet<string>> {
    const rows = await this.#read<{ step: string }>(context, readProgress, [context.principal.subject, course]);
    return new Set(rows.map(({ step }) => step));
  }

  async finish(context: Context, course: string, step: string): Promise<void> {
    await this.#write(context, writeProgress, [context.principal.subject, course, step]);
  }

  async restart(context: Context, course: string): Promise<void> {
    await this.#write(context, clearProgress, [context.principal.subject, course]);
  }

  /** @param id of the form, so that it is kept once */
  async feedback(
    context: Context,
    { id, page, language, message }: { id: string; page: string; language: string; message: string },
  ): Promise<void> {
    const { subject, role } = context.principal;
    await this.#write(context, keepFeedback, [id, subject, role, page, language, message]);
  }

  async #write(context: Context, statement: Statement, values: unknown[]): Promise<void> {
    await this.#database.write(context, (transaction) => transaction.query(statement, values));
  }

  /** From the primary: what was written a moment ago decides which page is shown. */
  async #read<T extends object>(context: Context, statement: Statement, values: unknown[]): Promise<T[]> {
    return await this.#database.read(
      context,
      () => false,
      (transaction) => transaction.query<T>(statement, values),
    );
  }
}
