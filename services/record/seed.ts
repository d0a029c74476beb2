import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import { runSeed, seedDeadlineMs } from "../lib/run-seed.ts";
import { readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startParts } from "./parts.ts";
import { updateResource } from "./resource/update-resource.ts";
import { seedData } from "./seed-data.ts";
import { seedStories } from "./seed-stories.ts";
import { sowAccesses } from "./stories/accesses.ts";

/**
 * Writes the synthetic population and the stories of the people with accounts through the service's own operations, audited as `seed`. What is
 * there already is left as it is, so it can be run again at any time, also after a run that was cut short. Returns how many resources were new;
 * the accesses that the stories tell of count as one.
 */
export async function seed(deps: Deps): Promise<{ written: number; present: number }> {
  let written = 0;
  let present = 0;
  for (const { type: name, id, resource } of [...seedData(), ...seedStories(new Date().toISOString().slice(0, 10))]) {
    const type = deps.catalogue.types.get(name);
    if (!type) {
      throw new Error(`the seed has a ${name}, which the service does not keep`);
    }
    const context = backgroundContext(deps.log, "seed", seedDeadlineMs);
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
  (await sowAccesses(deps)) ? written++ : present++;
  return { written, present };
}

if (import.meta.main) {
  await runSeed(await startParts(configOrExit(readConfig)), { what: "synthetic data", tables: ["audit_event"], sow: seed });
}
