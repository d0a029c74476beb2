import type { Context } from "../../lib/context.ts";
import type { Database, Statement } from "../../lib/database/database.ts";
import { fhirError } from "../../lib/operation-outcome.ts";

const save: Statement = {
  name: "draft-save",
  text: `INSERT INTO draft (subject, form, content) VALUES ($1, $2, $3)
    ON CONFLICT (subject, form) DO UPDATE SET content = EXCLUDED.content, updated_at = now()`,
};
const find: Statement = { name: "draft-find", text: "SELECT content FROM draft WHERE subject = $1 AND form = $2" };
const remove: Statement = { name: "draft-remove", text: "DELETE FROM draft WHERE subject = $1 AND form = $2" };
const expire: Statement = { name: "draft-expire", text: "DELETE FROM draft WHERE updated_at < now() - make_interval(days => $1)" };

const bounds = { fields: 60, characters: 40_000 };

/** What somebody typed into a long form and has not sent: it outlives the browser, the session and any pod. */
export class Drafts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param form names the form and what it is about. @throws FhirError 413 */
  async save(context: Context, form: string, fields: Readonly<Record<string, string>>): Promise<void> {
    const content = JSON.stringify(fields);
    if (Object.keys(fields).length > bounds.fields || content.length > bounds.characters) {
      throw fhirError(413, "too-long", "This is too much for a draft");
    }
    await this.#database.write(context, (transaction) => transaction.query(save, [context.principal.subject, form, content]));
  }

  async find(context: Context, form: string): Promise<Readonly<Record<string, string>>> {
    const rows = await this.#database.read(
      context,
      () => true,
      (transaction) => transaction.query<{ content: Record<string, string> }>(find, [context.principal.subject, form]),
    );
    return rows[0]?.content ?? {};
  }

  async remove(context: Context, form: string): Promise<void> {
    await this.#database.write(context, (transaction) => transaction.query(remove, [context.principal.subject, form]));
  }

  async expire(context: Context, days: number): Promise<void> {
    await this.#database.write(context, (transaction) => transaction.query(expire, [days]));
  }
}
