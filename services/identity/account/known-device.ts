import { randomBytes } from "node:crypto";
import type { Transaction } from "../../lib/database/database.ts";
import { digest } from "../digest.ts";

/** A browser's own name, which the cookie `identity_device` carries; it opens nothing, it only keeps strangers' failures apart. */
export function deviceName(cookie: string | undefined): string {
  return cookie !== undefined && /^[A-Za-z0-9_-]{43}$/.test(cookie) ? cookie : randomBytes(32).toString("base64url");
}

/** What is kept of a browser in which the account has signed in. */
export function deviceDigest(device: string, accountId: string): string {
  return digest("device", device, accountId);
}

export async function isKnownDevice(transaction: Transaction, id: string): Promise<boolean> {
  return (await transaction.query({ name: "device-known", text: "SELECT FROM known_device WHERE id = $1" }, [id])).length > 0;
}

/** @returns whether it was not known before */
export async function rememberDevice(transaction: Transaction, id: string, accountId: string): Promise<boolean> {
  const [row] = await transaction.query<{ added: boolean }>(
    {
      name: "device-remember",
      text: `INSERT INTO known_device (id, account_id) VALUES ($1, $2::uuid) ON CONFLICT (id) DO UPDATE SET used_at = now()
        RETURNING xmax = 0 AS added`,
    },
    [id, accountId],
  );
  return row?.added ?? false;
}
