import { z } from "zod";
import { callerSettings, readServiceConfig, serviceSchema } from "../lib/service-config.ts";
import { parseNetworks } from "./webhook/address-guard.ts";

const count = (low: number, high: number, otherwise: number) => z.coerce.number().int().min(low).max(high).default(otherwise);

/** Everything the exchange service is told by its environment. */
export const configSchema = serviceSchema("exchange").extend({
  ...callerSettings,
  /** Of one attachment of a message; a body may hold several. */
  ATTACHMENT_MAX_BYTES: count(1024, 16 * 1024 * 1024, 5 * 1024 * 1024),
  /** Networks besides the public Internet that webhooks may go to, in CIDR notation with commas: of a lab, of tests. */
  WEBHOOK_ALLOWED_NETWORKS: z
    .string()
    .default("")
    .transform((text, context) => {
      try {
        return parseNetworks(text);
      } catch (error) {
        context.addIssue({ code: "custom", message: (error as Error).message });
        return z.NEVER;
      }
    }),
  /** The authority of webhook receivers with certificates of their own. */
  WEBHOOK_CA_FILE: z.string().min(1).optional(),
  /** 32 bytes in base64, a line each, newest first: what the secrets of subscriptions are encrypted with. */
  SECRET_KEYS_FILE: z.string().min(1),
  /** Attempts after which an event is a dead letter; with the backoff the tenth comes after about a quarter of an hour. */
  DELIVERY_ATTEMPTS_MAX: count(1, 50, 10),
  /** Failed attempts in a row after which a subscription stands still until its owner acts. */
  DELIVERY_FAILURES_MAX: count(1, 500, 30),
  /** Events that may wait for a subscription that stands still; with more it is switched off. */
  DELIVERY_BACKLOG_MAX: count(1, 1_000_000, 20_000),
  /** Subscriptions of one client. */
  SUBSCRIPTIONS_MAX: count(1, 1000, 50),
  /** How long events and notices are kept, delivered or not. */
  EVENT_RETENTION_DAYS: count(1, 365, 30),
  /** Requests of one client in a minute. */
  RATE_LIMIT_PER_MINUTE: count(1, 1_000_000, 1200),
  /** Pods that may serve at once: without Redis each lets its share of the limit through. */
  RATE_LIMIT_PODS: count(1, 1000, 6),
  /** Live streams of notices of one pod, and of one account on it. */
  EVENT_STREAMS_MAX: count(1, 10_000, 300),
  EVENT_STREAMS_PER_ACCOUNT_MAX: count(1, 100, 5),
});

export type Config = z.infer<typeof configSchema>;

/** Reads the environment at once. @throws Error that lists every problem, a line each */
export function readConfig(environment: Record<string, string | undefined>): Config {
  return readServiceConfig(configSchema, environment);
}
