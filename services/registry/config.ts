import { z } from "zod";
import { callerSettings, readServiceConfig, serviceSchema } from "../lib/service-config.ts";

/** Everything the registry service is told by its environment. */
export const configSchema = serviceSchema("registry").extend({
  ...callerSettings,
  /** Of one import. */
  IMPORT_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .max(64 * 1024 * 1024)
    .default(10 * 1024 * 1024),
  /** Searches of one caller in a minute, $match included: what a practice needs, and too little to go through the population. */
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(300),
  /** How often is looked for what waits for the record, and for lines of an import. */
  POLL_MS: z.coerce.number().int().min(100).max(60_000).default(1500),
});

export type Config = z.infer<typeof configSchema>;

/** Reads the environment at once. @throws Error that lists every problem, a line each */
export function readConfig(environment: Record<string, string | undefined>): Config {
  return readServiceConfig(configSchema, environment);
}
