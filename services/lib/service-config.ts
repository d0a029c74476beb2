import { z } from "zod";
import { givenVariables, unusable } from "./configuration.ts";
import { type Host, parseHosts } from "./database/resolve-hosts.ts";
import { logLevels } from "./log.ts";

const port = z.coerce.number().int().min(0).max(65535);
const hosts = (defaultPort: number) =>
  z.string().transform((text, context): Host[] => {
    try {
      return parseHosts(text, defaultPort);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });

/** What every service is told by its environment; a service adds its own with `.extend`. `name` is its PostgreSQL role. */
export function serviceSchema(name: string) {
  return z.object({
    PORT: port.default(8443),
    METRICS_PORT: port.default(9090),
    TLS_CERT_FILE: z.string().min(1).optional(),
    TLS_KEY_FILE: z.string().min(1).optional(),
    /** Base of the service's own links. */
    PUBLIC_URL: z.url().transform((url) => url.replace(/\/+$/, "")),
    SITE: z.string().min(1).default("unknown"),
    POD_NAME: z.string().min(1).default("local"),
    NODE_NAME: z.string().min(1).default("unknown"),
    POSTGRES_HOSTS: hosts(5432),
    POSTGRES_DATABASE: z.string().min(1).default("dsp"),
    POSTGRES_USER: z.string().min(1).default(name),
    POSTGRES_PASSWORD_FILE: z.string().min(1).optional(),
    POSTGRES_OTHER_PASSWORDS_FILE: z.string().min(1).optional(),
    POSTGRES_CA_FILE: z.string().min(1).optional(),
    POSTGRES_TLS_NAME: z.string().min(1).default("pg-rw"),
    POSTGRES_POOL_MAX: z.coerce.number().int().min(2).max(100).default(10),
    REDIS_SENTINELS: hosts(26379).optional(),
    REDIS_PRIMARY_NAME: z.string().min(1).default("dsp"),
    REDIS_PASSWORD_FILE: z.string().min(1).optional(),
    REDIS_OTHER_PASSWORDS_FILE: z.string().min(1).optional(),
    /** The authority of Redis' and the Sentinels' certificates; without it they are spoken to without TLS. */
    REDIS_CA_FILE: z.string().min(1).optional(),
    REDIS_TLS_NAME: z.string().min(1).default("redis"),
    /** Replicas that must acknowledge an audit record before it counts as kept. */
    AUDIT_OUTBOX_REPLICAS: z.coerce.number().int().min(0).max(5).default(1),
    TOKEN_ISSUER: z.string().min(1),
    TOKEN_AUDIENCE: z.string().min(1),
    TOKEN_JWKS_FILE: z.string().min(1),
    DEADLINE_MS: z.coerce.number().int().min(100).max(120_000).default(20_000),
    HOLD_REQUESTS_MAX: z.coerce.number().int().min(1).max(100_000).default(2000),
    BODY_MAX_BYTES: z.coerce
      .number()
      .int()
      .min(1024)
      .max(64 * 1024 * 1024)
      .default(8 * 1024 * 1024),
    /** Of all requests together. */
    BODIES_MAX_BYTES: z.coerce
      .number()
      .int()
      .min(1024 * 1024)
      .max(1024 * 1024 * 1024)
      .default(32 * 1024 * 1024),
    IDEMPOTENCY_HOURS: z.coerce.number().int().min(1).max(720).default(24),
    DRAIN_NOTICE_MS: z.coerce.number().int().min(0).max(30_000).default(3000),
    LOG_LEVEL: z.enum(logLevels).default("info"),
  });
}

export type ServiceConfig = z.infer<ReturnType<typeof serviceSchema>>;

/** What a service that calls others is told besides. */
export const callerSettings = {
  /** Where the services stand: `record` is `https://record.<domain>:8443`. */
  SERVICES_DOMAIN: z.string().min(1).default("dsp.svc"),
  /** The authority of the services' certificates. */
  SERVICE_CA_FILE: z.string().min(1).optional(),
  /** The service's private key (JWK, ES256), by which it gets a token of its own from identity. */
  CLIENT_KEY_FILE: z.string().min(1).optional(),
};

/** Reads the environment at once. @throws Error that lists every problem, a line each */
export function readServiceConfig<Schema extends z.ZodType<ServiceConfig>>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.infer<Schema> {
  const paired = schema.refine((config) => (config.TLS_CERT_FILE === undefined) === (config.TLS_KEY_FILE === undefined), {
    message: "TLS_CERT_FILE and TLS_KEY_FILE belong together",
    path: ["TLS_CERT_FILE"],
  });
  const result = paired.safeParse(givenVariables(environment));
  if (!result.success) {
    throw unusable(result.error.issues);
  }
  return result.data;
}
