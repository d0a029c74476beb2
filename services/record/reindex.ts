import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import type { AnyResource } from "../lib/fhir/validate.ts";
import { readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startParts } from "./parts.ts";
import { ownerIndex, prepare } from "./resource/create-resource.ts";
import { lockNext, reindexResource } from "./resource/store.ts";

/** How long one resource may take, a failover included. */
const deadlineMs = 120_000;

/**
 * Indexes all that is stored as this version of the service does, one resource in a transaction, while the service goes on. For once after the
 * roll-out of a version that indexes more; it can be repeated at any time. No version is made and nothing is shown, so nothing is audited.
 * @returns how many resources there were
 */
export async function reindex(deps: Deps): Promise<number> {
  let after = "0";
  for (let done = 0; ; done++) {
    const context = backgroundContext(deps.log, "reindex", deadlineMs);
    const behind = after;
    const key = await deps.database.write(context, async (transaction) => {
      const next = await lockNext(transaction, behind);
      const type = next && deps.catalogue.types.get(next.version.type);
      if (next && type) {
        const { version } = next;
        const plain = version.deleted ? undefined : (JSON.parse(version.content) as AnyResource);
        const index = plain ? prepare(type, { plain, exact: plain }, version.id).index : ownerIndex(version.patientIds);
        await reindexResource(transaction, version, index);
      }
      return next?.key;
    });
    if (key === undefined) return done;
    after = key;
  }
}

if (import.meta.main) {
  const { deps, stop } = await startParts(configOrExit(readConfig));
  try {
    deps.log.info({ resources: await reindex(deps) }, "indexed anew");
  } catch (error) {
    deps.log.error({ error }, "not all is indexed anew: run it again");
    process.exitCode = 1;
  } finally {
    stop();
  }
}
