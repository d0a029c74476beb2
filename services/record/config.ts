import { z } from "zod";
import { readServiceConfig, serviceSchema } from "../lib/service-config.ts";

/** Everything the record service is told by its environment. */
export const configSchema = serviceSchema("record").extend({
  /** How long the feed of changes goes back: a reader that stayed away for longer has missed some, and is told so. */
  CHANGE_RETENTION_DAYS: z.coerce.number().int().min(1).max(365).default(7),
  /** Requests of one caller at one pod: far more than practice software makes, and little enough that nobody copies the records of a country unseen. */
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(6000),
  /** Of a document that comes as bare bytes: kept in parts, it never is in memory as a whole. */
  DOCUMENT_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1024 * 1024)
    .max(1024 * 1024 * 1024)
    .default(64 * 1024 * 1024),
});

export type Config = z.infer<typeof configSchema>;

/** Reads the environment at once. @throws Error that lists every problem, a line each */
export function readConfig(environment: Record<string, string | undefined>): Config {
  return readServiceConfig(configSchema, environment);
}
