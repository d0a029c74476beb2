import type { Statement, Transaction } from "../../lib/database/database.ts";

/** What somebody who tries the platform wrote. */
export interface Feedback {
  id: string;
  createdAt: Date;
  role: string;
  page: string;
  language: string;
  message: string;
  answeredAt: Date | null;
}

export const shownMax = 100;

const list: Statement = {
  name: "feedback-list",
  text: `SELECT id::text, created_at AS "createdAt", role, page, language, message, answered_at AS "answeredAt" FROM feedback
    WHERE (answered_at IS NOT NULL) = $1 ORDER BY coalesce(answered_at, created_at) DESC, id LIMIT ${shownMax}`,
};
const count: Statement = { name: "feedback-count", text: "SELECT count(*)::int AS count FROM feedback WHERE answered_at IS NULL" };
const mark: Statement = {
  name: "feedback-mark",
  text: "UPDATE feedback SET answered_at = CASE WHEN $2 THEN coalesce(answered_at, now()) END WHERE id = $1::uuid RETURNING id",
};

/** The newest first. */
export async function listFeedback(transaction: Transaction, isAnswered: boolean): Promise<Feedback[]> {
  return await transaction.query<Feedback>(list, [isAnswered]);
}

export async function countOpen(transaction: Transaction): Promise<number> {
  const [row] = await transaction.query<{ count: number }>(count);
  return row?.count ?? 0;
}

/** Whether there is such a message; done twice it is done once. */
export async function markFeedback(transaction: Transaction, id: string, isAnswered: boolean): Promise<boolean> {
  return (await transaction.query(mark, [id, isAnswered])).length > 0;
}
