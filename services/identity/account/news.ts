import type { Transaction } from "../../lib/database/database.ts";

/** What can change in how somebody signs in. `code-reused`: a one-time code that was good before was given again, and refused. */
export type Change =
  | "new-device"
  | "password"
  | "totp-added"
  | "totp-removed"
  | "passkey-added"
  | "passkey-removed"
  | "recovery-renewed"
  | "recovery-used"
  | "code-reused"
  | "factor-reset"
  | "password-code";

export interface News {
  at: Date;
  what: Change;
  /** The User-Agent header of the browser it was done in, empty where it sent none; undefined for what the service desk did. */
  device: string | undefined;
  /** Nobody has seen it yet but the session that did it. */
  isNew: boolean;
}

const listMax = 20;
const deviceLengthMax = 300;

/** Notes a change within the transaction that makes it; a request that is repeated notes it once. */
export async function addNews(
  transaction: Transaction,
  news: { accountId: string; what: Change; device?: string | undefined; sessionUid?: string | undefined; requestKey: string },
): Promise<void> {
  await transaction.query(
    {
      name: "news-add",
      text: `INSERT INTO account_news (account_id, what, device, session_uid, request_key) VALUES ($1::uuid, $2, $3, $4, $5)
        ON CONFLICT (account_id, what, request_key) DO NOTHING`,
    },
    [news.accountId, news.what, news.device?.slice(0, deviceLengthMax) ?? null, news.sessionUid ?? null, news.requestKey],
  );
}

/** The newest first. What another session did counts as seen from now on. */
export async function readNews(transaction: Transaction, accountId: string, sessionUid: string): Promise<News[]> {
  const rows = await transaction.query<{ at: Date; what: Change; device: string | null; is_new: boolean }>(
    {
      name: "news-list",
      text: "SELECT at, what, device, seen_at IS NULL AS is_new FROM account_news WHERE account_id = $1::uuid ORDER BY id DESC LIMIT $2",
    },
    [accountId, listMax],
  );
  await transaction.query(
    {
      name: "news-seen",
      text: "UPDATE account_news SET seen_at = now() WHERE account_id = $1::uuid AND seen_at IS NULL AND session_uid IS DISTINCT FROM $2",
    },
    [accountId, sessionUid],
  );
  return rows.map(({ at, what, device, is_new }) => ({ at, what, device: device ?? undefined, isNew: is_new }));
}

/** Whether there is anything that its owner should look at. A new browser is listed, and announced by nobody: they come and go. */
export async function hasNews(transaction: Transaction, accountId: string): Promise<boolean> {
  const rows = await transaction.query(
    {
      name: "news-any",
      text: "SELECT FROM account_news WHERE account_id = $1::uuid AND seen_at IS NULL AND what <> 'new-device' LIMIT 1",
    },
    [accountId],
  );
  return rows.length > 0;
}
