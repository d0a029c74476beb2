import type { Context } from "../../lib/context.ts";
import type { Statement, Transaction } from "../../lib/database/database.ts";
import { uuidPattern } from "../../lib/uuid.ts";
import type { Deps } from "../deps.ts";

export interface Account {
  id: string;
  login: string;
  passwordHash: string | undefined;
  role: "patient" | "practitioner" | "operator";
  name: string;
  language: string;
  patientId: string | undefined;
  practitionerId: string | undefined;
  profession: string | undefined;
  organizationId: string | undefined;
  guardianOf: { patientId: string; name: string }[];
  /** Encrypted. */
  totpSecret: Buffer | undefined;
  /** The service desk took the second factor away: a new one wants the code of this digest, before this instant. */
  factorReset?: { digest: string; expiresAt: Date };
  active: boolean;
}

/** The records a patient's account opens: the own one, and those of the patients it is a guardian of. */
export function patientsOf({ role, patientId, guardianOf }: Account): string[] {
  if (role !== "patient") return [];
  return [...(patientId === undefined ? [] : [patientId]), ...guardianOf.map((child) => child.patientId)];
}

interface AccountRow {
  id: string;
  login: string;
  password_hash: string | null;
  role: Account["role"];
  name: string;
  language: string;
  patient_id: string | null;
  practitioner_id: string | null;
  profession: string | null;
  organization_id: string | null;
  guardian_of: Account["guardianOf"];
  totp_secret: Buffer | null;
  reset_digest: string | null;
  reset_ms: number | null;
  active: boolean;
}

const columns = `id, login, password_hash, role, name, language, patient_id, practitioner_id, profession, organization_id, guardian_of,
  totp_secret, reset_digest, (extract(epoch FROM reset_expires_at) * 1000)::float8 AS reset_ms, active`;
const byId: Statement = { name: "account-by-id", text: `SELECT ${columns} FROM account WHERE id = $1::uuid` };
const byLogin: Statement = { name: "account-by-login", text: `SELECT ${columns} FROM account WHERE login = $1` };

function toAccount(row: AccountRow): Account {
  return {
    id: row.id,
    login: row.login,
    passwordHash: row.password_hash ?? undefined,
    role: row.role,
    name: row.name,
    language: row.language,
    patientId: row.patient_id ?? undefined,
    practitionerId: row.practitioner_id ?? undefined,
    profession: row.profession ?? undefined,
    organizationId: row.organization_id ?? undefined,
    guardianOf: row.guardian_of,
    totpSecret: row.totp_secret ?? undefined,
    ...(row.reset_digest === null ? {} : { factorReset: { digest: row.reset_digest, expiresAt: new Date(row.reset_ms ?? 0) } }),
    active: row.active,
  };
}

export async function accountById(transaction: Transaction, id: string): Promise<Account | undefined> {
  const [row] = await transaction.query<AccountRow>(byId, [id]);
  return row?.active ? toAccount(row) : undefined;
}

export async function accountByLogin(transaction: Transaction, login: string): Promise<Account | undefined> {
  const [row] = await transaction.query<AccountRow>(byLogin, [login.trim().toLowerCase()]);
  return row?.active ? toAccount(row) : undefined;
}

/** Undefined for an account that is gone or closed, and for what is no account's id. */
export async function findAccount(context: Context, deps: Deps, id: string): Promise<Account | undefined> {
  if (!uuidPattern.test(id)) return undefined;
  return await deps.database.write(context, (transaction) => accountById(transaction, id));
}

export async function setPassword(transaction: Transaction, accountId: string, hash: string): Promise<void> {
  await transaction.query({ name: "account-password", text: "UPDATE account SET password_hash = $2 WHERE id = $1::uuid" }, [
    accountId,
    hash,
  ]);
}

/** Sets or, with undefined, takes away the (encrypted) secret of one-time codes. A new one ends a reset. */
export async function setTotpSecret(transaction: Transaction, accountId: string, secret: Buffer | undefined): Promise<void> {
  await transaction.query(
    {
      name: "account-totp",
      text: `UPDATE account SET totp_secret = $2, totp_step = 0, totp_used_by = NULL,
        reset_digest = CASE WHEN $2::bytea IS NULL THEN reset_digest END WHERE id = $1::uuid`,
    },
    [accountId, secret ?? null],
  );
}

/**
 * Uses up the code of a time step, and with it those before. False when it was used; the request that used it may repeat itself.
 */
export async function useTotpStep(
  transaction: Transaction,
  use: { accountId: string; step: number; requestKey: string },
): Promise<boolean> {
  const rows = await transaction.query(
    {
      name: "account-totp-step",
      text: `UPDATE account SET totp_step = $2, totp_used_by = $3 WHERE id = $1::uuid
        AND (totp_step < $2 OR (totp_step = $2 AND totp_used_by = $3)) RETURNING id`,
    },
    [use.accountId, use.step, use.requestKey],
  );
  return rows.length > 0;
}

/** Replaces all recovery codes by these digests. */
export async function replaceRecoveryCodes(transaction: Transaction, accountId: string, digests: readonly string[]): Promise<void> {
  await transaction.query({ name: "recovery-clear", text: "DELETE FROM recovery_code WHERE account_id = $1::uuid" }, [accountId]);
  await transaction.query(
    { name: "recovery-add", text: "INSERT INTO recovery_code (account_id, digest) SELECT $1::uuid, unnest($2::text[])" },
    [accountId, digests],
  );
}

/** False when there is no such code or it was used; the request that used it may repeat itself. */
export async function useRecoveryCode(
  transaction: Transaction,
  use: { accountId: string; digest: string; requestKey: string },
): Promise<boolean> {
  const rows = await transaction.query(
    {
      name: "recovery-use",
      text: `UPDATE recovery_code SET used_at = now(), used_by = $3 WHERE account_id = $1::uuid AND digest = $2
        AND (used_at IS NULL OR used_by = $3) RETURNING digest`,
    },
    [use.accountId, use.digest, use.requestKey],
  );
  return rows.length > 0;
}

export async function countRecoveryCodes(transaction: Transaction, accountId: string): Promise<number> {
  const [row] = await transaction.query<{ left: string }>(
    { name: "recovery-count", text: "SELECT count(*) AS left FROM recovery_code WHERE account_id = $1::uuid AND used_at IS NULL" },
    [accountId],
  );
  return Number(row?.left ?? 0);
}

/** Adds an account or, where the login is there, brings it up to date; what its owner set up (passkeys, codes) stays. */
export async function putAccount(transaction: Transaction, account: Account): Promise<string> {
  const [row] = await transaction.query<{ id: string }>(
    {
      text: `INSERT INTO account (id, login, password_hash, role, name, language, patient_id, practitioner_id, profession, organization_id,
          guardian_of, totp_secret) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (login) DO UPDATE SET password_hash = excluded.password_hash, role = excluded.role, name = excluded.name,
          patient_id = excluded.patient_id, practitioner_id = excluded.practitioner_id, profession = excluded.profession,
          organization_id = excluded.organization_id, guardian_of = excluded.guardian_of,
          totp_secret = coalesce(excluded.totp_secret, account.totp_secret) RETURNING id`,
    },
    [
      account.id,
      account.login.toLowerCase(),
      account.passwordHash ?? null,
      account.role,
      account.name,
      account.language,
      account.patientId ?? null,
      account.practitionerId ?? null,
      account.profession ?? null,
      account.organizationId ?? null,
      JSON.stringify(account.guardianOf),
      account.totpSecret ?? null,
    ],
  );
  return row?.id ?? account.id;
}
