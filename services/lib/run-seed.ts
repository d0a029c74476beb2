import { setTimeout as sleep } from "node:timers/promises";
import { backgroundContext } from "./context.ts";
import { FhirError } from "./operation-outcome.ts";
import type { ServiceDeps } from "./service-parts.ts";

/** How long one write of a seed may take, migrations by the service's replicas included. */
export const seedDeadlineMs = 120_000;

/** The replicas do the migrations; a seed that comes first waits for the last of their tables. */
async function schemaReady({ database, log }: ServiceDeps, tables: readonly string[]): Promise<void> {
  for (;;) {
    const rows = await database.write(backgroundContext(log, "seed", seedDeadlineMs), (transaction) =>
      transaction.query<{ there: boolean }>(
        { text: "SELECT bool_and(to_regclass(name) IS NOT NULL) AS there FROM unnest($1::text[]) AS name" },
        [tables],
      ),
    );
    if (rows[0]?.there) return;
    await sleep(500);
  }
}

/**
 * Sows a service's synthetic data and ends its parts; the exit code tells whether it is there.
 * @param what as the log names it: `synthetic data`
 */
export async function runSeed<Deps extends ServiceDeps>(
  { deps, stop }: { deps: Deps; stop(): void },
  options: { what: string; tables: readonly string[]; sow(deps: Deps): Promise<object> },
): Promise<void> {
  const { what, tables, sow } = options;
  try {
    await schemaReady(deps, tables);
    deps.log.info(await sow(deps), `${what} in place`);
  } catch (error) {
    deps.log.error({ error }, error instanceof FhirError ? `${what} not written: the database was not reached` : `${what} not written`);
    process.exitCode = 1;
  } finally {
    stop();
  }
}
