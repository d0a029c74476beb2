import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import { exactlyOnce } from "../lib/idempotency.ts";
import { runSeed, seedDeadlineMs } from "../lib/run-seed.ts";
import { readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startParts } from "./parts.ts";
import { checkedResource } from "./resource/check-resource.ts";
import { readCurrent } from "./resource/store.ts";
import { writeWithin } from "./resource/write-resource.ts";
import { seedData } from "./seed-data.ts";

/**
 * Writes the synthetic people and organisations through the service's own operations, audited as `seed`. What is there already is left as it is,
 * so it can be run again at any time, also after a run that was cut short. Returns how many resources were new.
 */
export async function seed(deps: Deps): Promise<{ written: number; present: number }> {
  let written = 0;
  let present = 0;
  for (const { type, id, resource, resembles } of seedData()) {
    const context = backgroundContext(deps.log, "seed", seedDeadlineMs);
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

if (import.meta.main) {
  await runSeed(await startParts(configOrExit(readConfig)), { what: "synthetic data", tables: ["import_line", "audit_event"], sow: seed });
}
