import type { Context } from "../../lib/context.ts";
import { describeError } from "../../lib/log.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { Deps } from "../deps.ts";
import { listUnsealed, replaceSecret } from "./store.ts";

/** How many are sealed anew in one transaction. */
const batchMax = 100;

/** A subscription's secret as it is stored. */
export interface SealedSecret {
  sealed: Buffer;
  keyId: string;
}

/** What the database has of a secret. */
interface StoredSecret {
  id: string;
  /** Empty once it is sealed. */
  plainSecret: string;
  sealedSecret: Buffer | null;
}

function purposeOf(id: string): string {
  return `webhook:${id}`;
}

export function sealSecret(box: SecretBox, id: string, secret: string): SealedSecret {
  return box.sealNamed(Buffer.from(secret), purposeOf(id));
}

/** @throws when none of this pod's keys opens it: the file with the new one has not reached it yet */
export function openSecret(box: SecretBox, { id, plainSecret, sealedSecret }: StoredSecret): string {
  // Written by a pod of the version before, or before there was a key: newer than anything sealed.
  if (plainSecret !== "" || sealedSecret === null) return plainSecret;
  return box.open(sealedSecret, purposeOf(id)).toString();
}

/**
 * Seals what lies open, and what an older key has sealed, under the key of now: after a rotation the older one is soon of no use to anybody.
 * Returns how many; safe beside deliveries and changes, since each row is held meanwhile.
 */
export async function resealSecrets(context: Context, deps: Deps): Promise<number> {
  const { secrets } = deps;
  let [count, after] = [0, ""];
  for (;;) {
    const due = await deps.database.write(context, async (transaction) => {
      const rows = await listUnsealed(transaction, { keyId: secrets.keyId, after, max: batchMax });
      const opened = rows.flatMap((row) => opening(deps, row));
      for (const { id, secret } of opened) await replaceSecret(transaction, id, sealSecret(secrets, id, secret));
      return { last: rows.at(-1)?.id, sealed: opened.length };
    });
    count += due.sealed;
    if (due.last === undefined) return count;
    after = due.last;
  }
}

/** One that no key opens keeps none of the others waiting. */
function opening(deps: Deps, row: StoredSecret): { id: string; secret: string }[] {
  try {
    return [{ id: row.id, secret: openSecret(deps.secrets, row) }];
  } catch (error) {
    deps.log.error({ error: describeError(error) }, "a subscription's secret cannot be opened: its owner needs a new one ($rotate-secret)");
    return [];
  }
}
