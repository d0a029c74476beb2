import type { Statement, Transaction } from "../../lib/database/database.ts";
import { digest } from "../digest.ts";

/** How far somebody has come in signing in; it belongs to one interaction, whose cookie the browser holds. */
export interface Signin {
  accountId?: string | undefined;
  /** Ways of authentication that succeeded (RFC 8176). */
  amr: string[];
  /** All that is needed was shown. */
  complete: boolean;
  /** Begun with codes of the service desk: a new password is still to be chosen. */
  renewsPassword?: boolean;
  patientId?: string | undefined;
  /** Of a second factor that is being set up, encrypted. */
  enrolSecret?: Buffer | undefined;
  /** What a sign-in at the outside provider will be checked against. */
  upstream?: { state: string; nonce: string; verifier: string } | undefined;
}

interface Row {
  account_id: string | null;
  amr: string[];
  complete: boolean;
  renews_password: boolean;
  patient_id: string | null;
  enrol_secret: Buffer | null;
  upstream: Signin["upstream"] | null;
}

const lifeS = 1800;
const find: Statement = {
  name: "signin-find",
  text: "SELECT account_id, amr, complete, renews_password, patient_id, enrol_secret, upstream FROM signin WHERE interaction = $1 AND expires_at > now()",
};
const put: Statement = {
  name: "signin-put",
  text: `INSERT INTO signin (interaction, account_id, amr, complete, patient_id, enrol_secret, upstream, renews_password, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + interval '${lifeS} seconds')
    ON CONFLICT (interaction) DO UPDATE SET account_id = excluded.account_id, amr = excluded.amr, complete = excluded.complete,
      patient_id = excluded.patient_id, enrol_secret = excluded.enrol_secret, upstream = excluded.upstream, renews_password = excluded.renews_password`,
};

export async function findSignin(transaction: Transaction, interaction: string): Promise<Signin> {
  const [row] = await transaction.query<Row>(find, [digest("signin", interaction)]);
  if (!row) return { amr: [], complete: false };
  return {
    accountId: row.account_id ?? undefined,
    amr: row.amr,
    complete: row.complete,
    renewsPassword: row.renews_password,
    patientId: row.patient_id ?? undefined,
    enrolSecret: row.enrol_secret ?? undefined,
    upstream: row.upstream ?? undefined,
  };
}

export async function putSignin(transaction: Transaction, interaction: string, signin: Signin): Promise<void> {
  const { accountId, amr, complete, patientId, enrolSecret, upstream, renewsPassword = false } = signin;
  const values = [accountId ?? null, amr, complete, patientId ?? null, enrolSecret ?? null, upstream ? JSON.stringify(upstream) : null];
  await transaction.query(put, [digest("signin", interaction), ...values, renewsPassword]);
}
