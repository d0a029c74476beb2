import { setTimeout as sleep } from "node:timers/promises";
import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import { FhirError } from "../lib/operation-outcome.ts";
import { readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startParts } from "./parts.ts";
import { updateResource } from "./resource/update-resource.ts";
import { seedData } from "./seed-data.ts";

/** How long one resource may take, migrations by the service's replicas included. */
const deadlineMs = 120_000;

/**
 * Writes the synthetic data through the service's own operations, audited as `seed`. What is there already is left as it is,
 * so it can be run again at any time, also after a run that was cut short. Returns how many resources were new.
 */
export async function seed(deps: Deps): Promise<{ written: number; present: number }> {
  let written = 0;
  let present = 0;
  for (const { type: name, id, resource } of seedData()) {
    const type = deps.catalogue.types.get(name);
    if (!type) {
      throw new Error(`the seed has a ${name}, which the service does not keep`);
    }
    const context = backgroundContext(deps.log, "seed", deadlineMs);
    const request = { type, id, access: {}, body: JSON.stringify(resource), ifMatch: undefined, key: `seed-${id}`, fingerprint: "seed" };
    const existing = await deps.database.write(context, async (transaction) =>
      transaction.query({ text: "SELECT 1 FROM resource WHERE type = $1 AND id = $2" }, [name, id]),
    );
    if (existing.length > 0) {
      present++;
    } else {
      await updateResource(context, deps, request);
      written++;
    }
  }
  return { written, present };
}

/** The replicas do the migrations; a seed that comes first waits for them. */
async function schemaReady(deps: Deps): Promise<void> {
  for (;;) {
    const context = backgroundContext(deps.log, "seed", deadlineMs);
    const rows = await deps.database.write(context, (transaction) =>
      transaction.query<{ there: boolean }>({ text: "SELECT to_regclass('audit_event') IS NOT NULL AS there" }),
    );
    if (rows[0]?.there) return;
    await sleep(500);
  }
}

if (import.meta.main) {
  const { deps, stop } = await startParts(configOrExit(readConfig));
  try {
    await schemaReady(deps);
    deps.log.info(await seed(deps), "synthetic data in place");
  } catch (error) {
    deps.log.error(
      { error },
      error instanceof FhirError ? "synthetic data not written: the database was not reached" : "synthetic data not written",
    );
    process.exitCode = 1;
  } finally {
    stop();
  }
}
