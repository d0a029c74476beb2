import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { Candidate } from "../matching/find-candidates.ts";
import type { Reason } from "../matching/score-pair.ts";

export const pairStates = ["open", "dismissed", "merged"] as const;
export type PairState = (typeof pairStates)[number];

export interface DuplicatePair {
  id: string;
  left_id: string;
  right_id: string;
  probability: number;
  grade: string;
  reasons: Reason[];
  state: PairState;
  found_at: Date;
  decided_at: Date | null;
  decided_by: string | null;
}

const note: Statement = {
  name: "pair-note",
  text: `INSERT INTO duplicate_pair (left_id, right_id, probability, grade, reasons)
    SELECT least($1 COLLATE "C", x.id), greatest($1 COLLATE "C", x.id), x.probability, x.grade, ARRAY(SELECT jsonb_array_elements_text(x.reasons))
    FROM jsonb_to_recordset($2::jsonb) AS x(id text, probability real, grade text, reasons jsonb)
    ON CONFLICT (left_id, right_id) DO UPDATE SET probability = excluded.probability, grade = excluded.grade, reasons = excluded.reasons`,
};
const forget: Statement = {
  name: "pair-forget",
  text: `DELETE FROM duplicate_pair WHERE state = 'open' AND ((left_id = $1 AND NOT right_id = ANY ($2::text[])) OR (right_id = $1 AND NOT left_id = ANY ($2::text[])))`,
};
const list: Statement = {
  name: "pair-list",
  text: `SELECT * FROM duplicate_pair WHERE state = $1 AND ($2::real IS NULL OR (probability, id) < ($2::real, $3::uuid))
    ORDER BY probability DESC, id DESC LIMIT $4`,
};
const decide: Statement = {
  name: "pair-decide",
  text: `UPDATE duplicate_pair SET state = $3, decided_at = now(), decided_by = $4
    WHERE left_id = least($1 COLLATE "C", $2) AND right_id = greatest($1 COLLATE "C", $2) RETURNING *`,
};
const readPair: Statement = { name: "pair-read", text: "SELECT * FROM duplicate_pair WHERE id = $1 FOR UPDATE" };

/** Brings the work list up to what is now known of a patient. What somebody decided stays decided. */
export async function notePairs(transaction: Transaction, id: string, candidates: readonly Candidate[]): Promise<void> {
  const pairs = candidates.filter(({ grade }) => grade === "probable" || grade === "certain");
  await transaction.query(forget, [id, pairs.map((pair) => pair.id)]);
  if (pairs.length > 0) {
    const rows = pairs.map(({ id: other, probability, grade, reasons }) => ({ id: other, probability, grade, reasons }));
    await transaction.query(note, [id, JSON.stringify(rows)]);
  }
}

/** The likeliest first, from behind the cursor. */
export async function listPairs(
  transaction: Transaction,
  page: { state: PairState; count: number; after?: { probability: number; id: string } },
): Promise<DuplicatePair[]> {
  return await transaction.query<DuplicatePair>(list, [page.state, page.after?.probability ?? null, page.after?.id ?? null, page.count]);
}

export async function lockPair(transaction: Transaction, id: string): Promise<DuplicatePair | undefined> {
  return (await transaction.query<DuplicatePair>(readPair, [id]))[0];
}

export async function decidePair(transaction: Transaction, ids: [string, string], state: PairState, by: string): Promise<void> {
  await transaction.query(decide, [...ids, state, by]);
}
