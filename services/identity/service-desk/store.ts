import type { Statement, Transaction } from "../../lib/database/database.ts";

export type DeskAct = "look" | "unlock" | "reset-factor" | "reset-password";

/** What an operator did. */
export interface DeskAction {
  id: string;
  at: Date;
  operator: string;
  operatorName: string | undefined;
  /** Undefined: nobody was found. */
  login: string | undefined;
  action: DeskAct;
  reason: string | undefined;
}

export const shownMax = 50;

export async function addAction(
  transaction: Transaction,
  done: {
    operator: string;
    operatorName: string | undefined;
    account: { id: string; login: string } | undefined;
    action: DeskAct;
    reason?: string;
  },
): Promise<void> {
  const { operator, operatorName, account, action, reason } = done;
  await transaction.query(
    {
      name: "desk-action-add",
      text: `INSERT INTO desk_action (id, operator, operator_name, account_id, login, action, reason)
        VALUES (gen_random_uuid(), $1, $2, $3::uuid, $4, $5, $6)`,
    },
    [operator, operatorName ?? null, account?.id ?? null, account?.login ?? null, action, reason ?? null],
  );
}

/** The newest first. */
export async function listActions(transaction: Transaction): Promise<DeskAction[]> {
  const rows = await transaction.query<{
    id: string;
    at_ms: number;
    operator: string;
    operator_name: string | null;
    login: string | null;
    action: DeskAct;
    reason: string | null;
  }>({
    name: "desk-action-list",
    text: `SELECT id, (extract(epoch FROM at) * 1000)::float8 AS at_ms, operator, operator_name, login, action, reason
      FROM desk_action ORDER BY at DESC, id LIMIT ${shownMax}`,
  });
  return rows.map(({ id, at_ms, operator, operator_name, login, action, reason }) => ({
    ...{ id, at: new Date(at_ms), operator, action },
    ...{ operatorName: operator_name ?? undefined, login: login ?? undefined, reason: reason ?? undefined },
  }));
}

const waits: Statement = {
  name: "desk-waits",
  text: `SELECT count(*)::int AS count, (extract(epoch FROM max(blocked_until)) * 1000)::float8 AS until_ms FROM attempt a
    WHERE blocked_until > now() AND EXISTS (SELECT FROM unnest($1::text[]) AS prefix WHERE starts_with(a.key, prefix))`,
};
const forgive: Statement = {
  name: "desk-forgive",
  text: "DELETE FROM attempt a WHERE EXISTS (SELECT FROM unnest($1::text[]) AS prefix WHERE starts_with(a.key, prefix))",
};

/** From how many places the account is made to wait, and until when at the most. @param prefixes of the keys of its attempts */
export async function waitsOf(transaction: Transaction, prefixes: readonly string[]): Promise<{ count: number; until: Date | undefined }> {
  const [row] = await transaction.query<{ count: number; until_ms: number | null }>(waits, [prefixes]);
  return { count: row?.count ?? 0, until: row?.until_ms == null ? undefined : new Date(row.until_ms) };
}

export async function forgiveAttempts(transaction: Transaction, prefixes: readonly string[]): Promise<void> {
  await transaction.query(forgive, [prefixes]);
}

/** Takes away everything that is a second factor, and what is under way; a new one wants the code of this digest. */
export async function takeFactors(
  transaction: Transaction,
  { accountId, digest, hours }: { accountId: string; digest: string; hours: number },
): Promise<void> {
  await transaction.query(
    {
      name: "desk-reset-account",
      text: `UPDATE account SET totp_secret = NULL, totp_step = 0, totp_used_by = NULL, reset_digest = $2,
        reset_expires_at = now() + make_interval(hours => $3) WHERE id = $1::uuid`,
    },
    [accountId, digest, hours],
  );
  for (const table of ["passkey", "recovery_code", "signin"] as const) {
    await transaction.query({ name: `desk-reset-${table}`, text: `DELETE FROM ${table} WHERE account_id = $1::uuid` }, [accountId]);
  }
}

/** Keeps the code that an operator gave out for a forgotten password; it replaces an earlier one of the same operator. */
export async function putPasswordCode(
  transaction: Transaction,
  code: { accountId: string; operator: string; digest: string; hours: number },
): Promise<void> {
  await transaction.query(
    {
      name: "desk-password-code",
      text: `INSERT INTO password_code (account_id, operator, digest, expires_at) VALUES ($1::uuid, $2, $3, now() + make_interval(hours => $4))
        ON CONFLICT (account_id, operator) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at`,
    },
    [code.accountId, code.operator, code.digest, code.hours],
  );
}

/** Digests of the codes that are good now, one of each operator. */
export async function passwordCodesOf(transaction: Transaction, accountId: string): Promise<string[]> {
  const rows = await transaction.query<{ digest: string }>(
    { name: "desk-password-codes", text: "SELECT digest FROM password_code WHERE account_id = $1::uuid AND expires_at > now()" },
    [accountId],
  );
  return rows.map(({ digest }) => digest);
}

export async function dropPasswordCodes(transaction: Transaction, accountId: string): Promise<void> {
  await transaction.query({ name: "desk-password-codes-drop", text: "DELETE FROM password_code WHERE account_id = $1::uuid" }, [accountId]);
}
