import { parseArgs } from "node:util";
import { type ChainHead, verifyChain } from "./audit-chain.ts";
import { configOrExit } from "./configuration.ts";
import { backgroundContext } from "./context.ts";
import { readServiceConfig, serviceSchema } from "./service-config.ts";
import { startServiceParts } from "./service-parts.ts";

/** Longer than any chain takes. */
const limitMs = 3600_000;

/** `--head 1234:9f86…`: a head that was noted earlier. @throws when it is none */
export function parseHead(text: string | undefined): ChainHead | undefined {
  if (text === undefined) return undefined;
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined || hash === undefined) throw new Error("--head must be SEQUENCE:HASH as an earlier verification printed it");
  return { sequence: Number(sequence), hash };
}

/** `node verify-audit.ts record [--head …]`, in a pod of that service: verifies its audit chain and prints the report as JSON; exit code 1 where something was found. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { head: { type: "string" } }, allowPositionals: true });
  const [service] = positionals;
  if (service === undefined) throw new Error("name the service whose chain is to be verified");
  const head = parseHead(values.head);
  const config = configOrExit((environment) => readServiceConfig(serviceSchema(service), environment));
  const { deps, stop } = await startServiceParts(service, { ...config, LOG_LEVEL: "silent" });
  const context = backgroundContext(deps.log, "verify-audit", limitMs);
  const report = await deps.database.read(
    context,
    () => false,
    (transaction) => verifyChain(transaction, head),
  );
  console.log(JSON.stringify(report));
  stop();
  process.exit(report.defects.length > 0 ? 1 : 0);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  });
}
