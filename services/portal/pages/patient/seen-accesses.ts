import type { Context } from "../../../lib/context.ts";
import type { Database, Statement } from "../../../lib/database/database.ts";

const find: Statement = { name: "access-seen-find", text: `SELECT seen_at AS "seenAt" FROM access_seen WHERE subject = $1` };
const save: Statement = {
  name: "access-seen-save",
  text: `INSERT INTO access_seen (subject, seen_at) VALUES ($1, $2)
    ON CONFLICT (subject) DO UPDATE SET seen_at = greatest(access_seen.seen_at, EXCLUDED.seen_at)`,
};

/** Up to when somebody knows who looked at the own record. */
export class SeenAccesses {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async until(context: Context): Promise<Date | undefined> {
    const rows = await this.#database.read(
      context,
      () => true,
      (transaction) => transaction.query<{ seenAt: Date }>(find, [context.principal.subject]),
    );
    return rows[0]?.seenAt;
  }

  async save(context: Context, until: Date): Promise<void> {
    await this.#database.write(context, (transaction) => transaction.query(save, [context.principal.subject, until]));
  }
}
