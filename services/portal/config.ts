import { z } from "zod";
import { callerSettings, readServiceConfig, serviceSchema } from "../lib/service-config.ts";

/** Everything the portal service is told by its environment. PUBLIC_URL ends in `/portal`. */
export const configSchema = serviceSchema("portal").extend({
  ...callerSettings,
  /** The private key (JWK, ES256) by which identity knows the client `portal`. */
  CLIENT_KEY_FILE: z.string().min(1),
  CLIENT_ID: z.string().min(1).default("portal"),
  /** Where the other services listen. */
  SERVICES_PORT: z.coerce.number().int().min(1).max(65535).default(8443),
  /** Where every service listens for those who look after it (its METRICS_PORT). */
  OPERATIONS_PORT: z.coerce.number().int().min(1).max(65535).default(9090),
  /** All sites, the witness included, comma-separated: the operators' pages ask each one's watcher. */
  SITES: z
    .string()
    .transform((text) => text.split(",").map((each) => each.trim()))
    .pipe(z.array(z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)))
    .optional(),
  /** An address or telephone number that the help page shows. */
  HELPDESK: z.string().min(3).max(200).optional(),
  /** A session that nobody used for so long is over. */
  SESSION_IDLE_MINUTES: z.coerce.number().int().min(5).max(1440).default(60),
  /** A session is over after so long, used or not. */
  SESSION_HOURS: z.coerce.number().int().min(1).max(24).default(12),
  /** What somebody typed and did not send is kept for so long. */
  DRAFT_DAYS: z.coerce.number().int().min(1).max(90).default(7),
});

export type Config = z.infer<typeof configSchema>;

/** Reads the environment at once. @throws Error that lists every problem, a line each */
export function readConfig(environment: Record<string, string | undefined>): Config {
  return readServiceConfig(configSchema, environment);
}
