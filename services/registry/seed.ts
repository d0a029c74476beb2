import { setTimeout as sleep } from "node:timers/promises";
import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import { exactlyOnce } from "../lib/idempotency.ts";
import { FhirError } from "../lib/operation-outcome.ts";
import { readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startParts } from "./parts.ts";
import { checkedResource } from "./resource/check-resource.ts";
import { readCurrent } from "./resource/store.ts";
import { writeWithin } from "./resource/write-resource.ts";
import { seedData } from "./seed-data.ts";

/** How long one resource may take, migrations by the service's replicas included. */
const deadlineMs = 120_000;

/**
 * Writes the synthetic people and organisations through the service's own operations, audited as `seed`. What is there already is left as it is,
 * so it can be run again at any time, also after a run that was cut short. Returns how many resources were new.
 */
export async function seed(deps: Deps): Promise<{ written: number; present: number }> {
  let written = 0;
  let present = 0;
  for (const { type, id, resource, resembles } of seedData()) {
    const context = backgroundContext(deps.log, "seed", deadlineMs);
    const content = checkedResource(deps, type, JSON.stringify(resource), "en");
    const writing = { type, id, content, isNew: false, reviewed: new Set(resembles ?? []), language: "en" as const };
    const existing = await deps.database.write(context, (transaction) => readCurrent(transaction, type, id));
    if (existing) {
      present++;
      continue;
    }
    await exactlyOnce(context, deps, { key: `seed-${type}-${id}`, fingerprint: "seed" }, async (transaction) => {
      const { version } = await writeWithin(context, deps, transaction, writing);
      return { status: 201, resourceType: type, resourceId: id, version: version.version };
    });
    written++;
  }
  return { written, present };
}

/** The replicas do the migrations; a seed that comes first waits for them. */
async function schemaReady(deps: Deps): Promise<void> {
  for (;;) {
    const context = backgroundContext(deps.log, "seed", deadlineMs);
    const rows = await deps.database.write(context, (transaction) =>
      transaction.query<{ there: boolean }>({
        text: "SELECT to_regclass('import_line') IS NOT NULL AND to_regclass('audit_event') IS NOT NULL AS there",
      }),
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
