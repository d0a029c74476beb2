import type { z } from "zod";
import { callerSettings, readServiceConfig, serviceSchema } from "../lib/service-config.ts";

/** Everything the portal service is told by its environment. */
export const configSchema = serviceSchema("portal").extend(callerSettings);

export type Config = z.infer<typeof configSchema>;

/** Reads the environment at once. @throws Error that lists every problem, a line each */
export function readConfig(environment: Record<string, string | undefined>): Config {
  return readServiceConfig(configSchema, environment);
}
