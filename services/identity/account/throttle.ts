import type { Statement, Transaction } from "../../lib/database/database.ts";

/*
 * Guessing is slowed, nobody is locked out. Attempts are counted for each pair of account and network, and after a few free ones each
 * further one makes that pair wait longer, up to a quarter of an hour. Who fails elsewhere, or on purpose for somebody else's name,
 * never touches the owner: a browser in which the account has signed in before bears a cookie and is counted by itself ("Slow down
 * online guessing attacks with device cookies", OWASP). A whole network is slowed only after many failures, known browsers in it not at
 * all. There is no count for the account alone: that one would let strangers lock its owner out.
 *
 * The counts are in PostgreSQL: a failover, the loss of Redis or of a site gives nobody fresh attempts. An attempt is counted before the
 * password is looked at, so that many at once cannot slip past.
 */

/** What an attempt is counted by. */
export interface AttemptKey {
  key: string;
  /** Attempts without waiting. */
  free: number;
}

const pairFree = 5;
const deviceFree = 10;
const networkFree = 60;
const waitMaxS = 900;

const count: Statement = {
  name: "attempt-count",
  text: `INSERT INTO attempt AS a (key, count, last_at, last_by) VALUES ($1, 1, now(), $2)
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN a.last_by = $2 THEN a.count WHEN a.last_at < now() - interval '1 hour' THEN 1 ELSE a.count + 1 END,
      last_at = now(), last_by = $2,
      blocked_until = CASE WHEN a.last_by = $2 THEN a.blocked_until
        WHEN a.last_at >= now() - interval '1 hour' AND a.count + 1 >= $3
        THEN now() + make_interval(secs => least(${waitMaxS}, power(2, least(a.count + 2 - $3, 20)))) END
      WHERE a.blocked_until IS NULL OR a.blocked_until <= now() OR a.last_by = $2
    RETURNING count`,
};
const waiting: Statement = {
  name: "attempt-wait",
  text: "SELECT extract(epoch FROM blocked_until - now())::float AS wait FROM attempt WHERE key = $1",
};
const forget: Statement = { name: "attempt-forget", text: "DELETE FROM attempt WHERE key = ANY($1)" };
const forgive: Statement = {
  name: "attempt-forgive",
  text: "UPDATE attempt SET count = greatest(count - 1, 0), blocked_until = NULL WHERE key = ANY($1)",
};

/** By what an attempt at an account is counted. `subject` is a keyed digest of the login or the account, `device` set for a known browser. */
export function attemptKeys(options: { subject: string; network: string; device: string | undefined }): {
  own: AttemptKey;
  shared: AttemptKey | undefined;
} {
  const { subject, network, device } = options;
  if (device !== undefined) return { own: { key: `device:${subject}:${device}`, free: deviceFree }, shared: undefined };
  return { own: { key: `pair:${subject}:${network}`, free: pairFree }, shared: { key: `network:${network}`, free: networkFree } };
}

export type AttemptKeys = ReturnType<typeof attemptKeys>;

/**
 * Counts an attempt, unless it comes too early.
 * @returns seconds to wait, 0 when it may be made; `slowed` when it may, but the next one will have to wait
 */
export async function admitAttempt(
  transaction: Transaction,
  { own, shared }: AttemptKeys,
  requestKey: string,
): Promise<{ waitS: number; slowed: boolean }> {
  let slowed = false;
  for (const { key, free } of shared ? [shared, own] : [own]) {
    const [counted] = await transaction.query<{ count: number }>(count, [key, requestKey, free]);
    if (!counted) {
      const [row] = await transaction.query<{ wait: number }>(waiting, [key]);
      return { waitS: Math.max(1, row?.wait ?? 1), slowed: false };
    }
    slowed ||= counted.count >= free;
  }
  return { waitS: 0, slowed };
}

/** After a good attempt. */
export async function attemptSucceeded(transaction: Transaction, { own, shared }: AttemptKeys): Promise<void> {
  await transaction.query(forget, [[own.key]]);
  // Those who share the network should not pay for people who know their passwords.
  if (shared) await transaction.query(forgive, [[shared.key]]);
}
