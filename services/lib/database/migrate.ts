import { setTimeout as sleep } from "node:timers/promises";
import { runner } from "node-pg-migrate";
import type { Logger } from "pino";
import { connect, destroy, type PostgresAccess } from "./connect.ts";
import type { Database } from "./database.ts";

const ownTable = "schema_migration";
/** Longer than any migration may take: a migration must not lock a table that serves requests for more than a moment. */
const attemptLimitMs = 60_000;

/**
 * Brings the schema to this version's state. Every replica calls it at start; an advisory lock lets one do the work while
 * the others wait, and it is tried again for as long as there is no primary or an attempt is lost with its connection.
 *
 * Two versions of a service run side by side while one is rolled out, and a failed roll-out goes back: a migration may only
 * add (tables, nullable columns, indexes). What the old version still uses is dropped one release later.
 */
export async function migrate(options: {
  database: Database;
  access: PostgresAccess;
  folder: string;
  /** Where is kept what was done, for a folder that is not the service's own. */
  table?: string;
  log: Logger;
  signal: AbortSignal;
}): Promise<void> {
  for (let attempt = 1; !options.signal.aborted; attempt++) {
    const instance = options.database.primary;
    if (instance) {
      try {
        const client = await connect(options.access, instance, { connectTimeoutMs: 2000, statementTimeoutMs: attemptLimitMs });
        const limit = setTimeout(() => destroy(client), attemptLimitMs);
        try {
          await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(options.access.schema)}`).catch(() => {
            // Usually the platform made the schema and the role may make no other; a real lack shows in the next step.
          });
          await runner({
            dbClient: client,
            dir: options.folder,
            direction: "up",
            migrationsTable: options.table ?? ownTable,
            migrationsSchema: options.access.schema,
            schema: options.access.schema,
            advisoryLockMode: "wait",
            checkOrder: true,
            log: () => {},
          });
          return;
        } finally {
          clearTimeout(limit);
          await client.end().catch(() => {});
        }
      } catch (error) {
        options.log.warn({ attempt, error }, "migrations not done, trying again");
      }
    }
    await sleep(instance ? 1000 : 200, undefined, { signal: options.signal });
  }
}
