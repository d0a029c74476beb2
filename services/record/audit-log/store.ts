import type { Transaction } from "../../lib/database/database.ts";

export interface EventRow {
  id: string;
  /** To the microsecond, as text, for the next page's beginning. */
  recorded: string;
  interaction: string;
  outcome: string;
  subject: string;
  patient_id: string | null;
  resource_type: string;
  content: string;
}

export interface EventQuery {
  id?: string;
  patientId?: string;
  /** Instants, both included. */
  from?: string;
  to?: string;
  actions?: string[];
  outcomes?: string[];
  subtypes?: string[];
  /** Behind which the page begins. */
  after?: { recorded: string; id: string };
  count: number;
}

const columns = `id::text, to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS recorded, interaction, outcome, subject,
  patient_id, resource_type, content`;

/** Audit records, the newest first; one more than asked for where there are more. */
export async function listEvents(transaction: Transaction, query: EventQuery): Promise<EventRow[]> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = [
    "true",
    ...(query.id === undefined ? [] : [`id = ${bind(query.id)}::uuid`]),
    ...(query.patientId === undefined ? [] : [`patient_id = ${bind(query.patientId)}`]),
    ...(query.from === undefined ? [] : [`recorded >= ${bind(query.from)}::timestamptz`]),
    ...(query.to === undefined ? [] : [`recorded <= ${bind(query.to)}::timestamptz`]),
    ...(query.outcomes === undefined ? [] : [`outcome = ANY (${bind(query.outcomes)}::text[])`]),
    ...(query.subtypes === undefined ? [] : [`interaction = ANY (${bind(query.subtypes)}::text[])`]),
    ...(query.actions === undefined ? [] : [`content::jsonb ->> 'action' = ANY (${bind(query.actions)}::text[])`]),
    ...(query.after ? [`(recorded, id) < (${bind(query.after.recorded)}::timestamptz, ${bind(query.after.id)}::uuid)`] : []),
  ];
  const text = `SELECT ${columns} FROM audit_event WHERE ${where.join(" AND ")} ORDER BY audit_event.recorded DESC, audit_event.id DESC LIMIT ${bind(query.count + 1)}`;
  return await transaction.query<EventRow>({ text }, values);
}
