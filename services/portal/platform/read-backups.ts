import type { Logger } from "pino";
import { backgroundContext } from "../../lib/context.ts";
import type { Database } from "../../lib/database/database.ts";
import type { BackupSight } from "./sights.ts";

/** The page is shown without it rather than late. */
const patienceMs = 1500;

/** The first backup makes the table, and lets the portal read it (charts/backup). */
const notMadeYet = new Set(["42P01", "42501", "3F000"]);

const lastOfEach = {
  name: "last-backups",
  text: "SELECT DISTINCT ON (site) site, ended_at, bytes FROM backup.run ORDER BY site, name DESC",
};

interface Row {
  site: string;
  ended_at: Date;
  bytes: string;
}

/** The last backup that each site has taken, tried and kept. @returns undefined where nobody can say */
export async function readBackups(database: Pick<Database, "read">, log: Logger): Promise<BackupSight[] | undefined> {
  try {
    const rows = await database.read(
      backgroundContext(log, "last-backups", patienceMs),
      () => true,
      (transaction) => transaction.query<Row>(lastOfEach),
    );
    return rows.map(({ site, ended_at, bytes }) => ({ site, endedAt: new Date(ended_at).toISOString(), bytes: Number(bytes) }));
  } catch (error) {
    return notMadeYet.has((error as { code?: string }).code ?? "") ? [] : undefined;
  }
}
