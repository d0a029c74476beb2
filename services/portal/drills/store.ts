import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { DrillReport } from "./parse-report.ts";

export interface KeptReport {
  id: string;
  startedAt: Date;
  receivedAt: Date;
  report: DrillReport;
}

const kept = 100;

const insert: Statement = {
  name: "drill-report-insert",
  text: `INSERT INTO drill_report (id, started_at, sent_by, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id`,
};
const prune: Statement = {
  name: "drill-report-prune",
  text: `DELETE FROM drill_report WHERE id IN (SELECT id FROM drill_report ORDER BY started_at DESC, id OFFSET ${kept})`,
};
const find: Statement = {
  name: "drill-report-find",
  text: `SELECT id, started_at AS "startedAt", received_at AS "receivedAt", content AS report FROM drill_report
    WHERE $1::text IS NULL OR id = $1 ORDER BY started_at DESC, id LIMIT 1`,
};
const list: Statement = {
  name: "drill-report-list",
  text: `SELECT id, started_at AS "startedAt" FROM drill_report ORDER BY started_at DESC, id LIMIT 20`,
};

/** Whether it is new; the oldest beyond a hundred are forgotten. */
export async function keepReport(
  transaction: Transaction,
  { id, report, sentBy }: { id: string; report: DrillReport; sentBy: string },
): Promise<boolean> {
  const rows = await transaction.query(insert, [id, report.startedAt, sentBy, JSON.stringify(report)]);
  if (rows.length > 0) await transaction.query(prune);
  return rows.length > 0;
}

/** @param id undefined: the newest */
export async function findReport(transaction: Transaction, id: string | undefined): Promise<KeptReport | undefined> {
  const [row] = await transaction.query<KeptReport>(find, [id ?? null]);
  return row;
}

export async function listReports(transaction: Transaction): Promise<Pick<KeptReport, "id" | "startedAt">[]> {
  return await transaction.query(list);
}
