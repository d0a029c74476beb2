import { backgroundContext } from "../lib/context.ts";
import type { Deps } from "./deps.ts";

const everyMs = 60_000;
const atOnce = 2000;

const tables = [
  { table: "oidc", old: "expires_at < now() - interval '60 seconds'" },
  { table: "signin", old: "expires_at < now()" },
  { table: "launch", old: "expires_at < now()" },
  { table: "grant_context", old: "expires_at < now()" },
  { table: "attempt", old: "last_at < now() - interval '2 hours'" },
  { table: "password_code", old: "expires_at < now()" },
  { table: "account_news", old: "at < now() - interval '400 days'" },
  { table: "known_device", old: "used_at < now() - interval '400 days'" },
] as const;

/** Deletes what has ended, a bounded number at a time. Returns how many rows. */
export async function expire(deps: Deps): Promise<number> {
  const context = backgroundContext(deps.log, "expire", 30_000);
  return await deps.database.write(context, async (transaction) => {
    const [lock] = await transaction.query<{ locked: boolean }>({
      text: "SELECT pg_try_advisory_xact_lock(hashtext('identity-expire')) AS locked",
    });
    if (!lock?.locked) return 0;
    let deleted = 0;
    for (const { table, old } of tables) {
      // Names and conditions are the constants above.
      const text = `WITH gone AS (DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${old} LIMIT ${atOnce})) RETURNING 1)
        SELECT count(*)::int AS deleted FROM gone`;
      const [row] = await transaction.query<{ deleted: number }>({ text });
      deleted += row?.deleted ?? 0;
    }
    return deleted;
  });
}

/** One replica at a time, once a minute, while there is a primary. */
export function startExpiring(deps: Deps, signal: AbortSignal): void {
  const timer = setInterval(() => {
    if (!deps.database.primary) return;
    expire(deps).catch((error: unknown) => deps.log.warn({ error }, "old rows not deleted, trying again later"));
  }, everyMs);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
