import type { Context } from "../../lib/context.ts";
import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { Deps } from "../deps.ts";
import { digest } from "../digest.ts";

const ofGrant: Statement = { name: "grant-patient", text: "SELECT patient_id FROM grant_context WHERE grant_id = $1" };
const bind: Statement = {
  name: "grant-bind",
  text: `INSERT INTO grant_context (grant_id, patient_id, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
    ON CONFLICT (grant_id) DO UPDATE SET patient_id = excluded.patient_id, expires_at = excluded.expires_at`,
};
const add: Statement = {
  name: "launch-add",
  text: `INSERT INTO launch (id, account_id, patient_id, client_id, expires_at) VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
    ON CONFLICT DO NOTHING`,
};
const use: Statement = {
  name: "launch-use",
  text: `UPDATE launch SET used_by = $2 WHERE id = $1 AND account_id = $3 AND (client_id IS NULL OR client_id = $4)
    AND (used_by IS NULL OR used_by = $2) AND expires_at > now() RETURNING patient_id`,
};

/** An EHR launch: who may use it, for whose record, and in which software (any when undefined). */
export interface Launch {
  accountId: string;
  patientId: string;
  clientId: string | undefined;
}

const launchLifeS = 300;

/** The patient that a grant is bound to. */
export async function patientOfGrant(context: Context, deps: Deps, grantId: string): Promise<string | undefined> {
  const rows = await deps.database.write(context, (transaction) => transaction.query<{ patient_id: string }>(ofGrant, [grantId]));
  return rows[0]?.patient_id;
}

export async function bindGrant(transaction: Transaction, grantId: string, patientId: string, lifeS: number): Promise<void> {
  await transaction.query(bind, [grantId, patientId, lifeS]);
}

/** Adding the same value again changes nothing. */
export async function addLaunch(transaction: Transaction, value: string, launch: Launch): Promise<void> {
  await transaction.query(add, [digest("launch", value), launch.accountId, launch.patientId, launch.clientId ?? null, launchLifeS]);
}

/**
 * Uses a launch up for one interaction.
 * @returns the patient; undefined when the value is unknown, used, too old, or for another account or software
 */
export async function useLaunch(
  transaction: Transaction,
  value: string,
  by: { interaction: string; accountId: string; clientId: string },
): Promise<string | undefined> {
  const [row] = await transaction.query<{ patient_id: string }>(use, [digest("launch", value), by.interaction, by.accountId, by.clientId]);
  return row?.patient_id;
}
