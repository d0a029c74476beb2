import { z } from "zod";
import { callerSettings, readServiceConfig, serviceSchema } from "../lib/service-config.ts";

/** Everything the identity service is told by its environment. */
export const configSchema = serviceSchema("identity")
  .extend(callerSettings)
  .extend({
    /** `{"keys": [private JWK, …]}`, newest first; ES256. A key's `issuedAt` (seconds) says since when it is published. */
    SIGNING_KEYS_FILE: z.string().min(1),
    /** A new key signs only once every service has had the time to learn it. */
    SIGNING_KEY_ACTIVE_AFTER_S: z.coerce.number().int().min(0).max(86_400).default(300),
    /** `["newest", "older", …]`: what cookies and forms are signed with; at least 32 characters each. */
    COOKIE_KEYS_FILE: z.string().min(1),
    /** 32 bytes in base64, a line each, newest first: what the secrets of one-time codes are encrypted with. */
    SECRET_KEYS_FILE: z.string().min(1),
    /** `{"exchange": {"keys": [public JWK, …]}, …}` */
    SERVICE_CLIENTS_FILE: z.string().min(1),
    ACCESS_TOKEN_S: z.coerce.number().int().min(30).max(3600).default(900),
    REFRESH_TOKEN_S: z.coerce
      .number()
      .int()
      .min(60)
      .max(90 * 86_400)
      .default(14 * 86_400),
    SESSION_S: z.coerce
      .number()
      .int()
      .min(60)
      .max(30 * 86_400)
      .default(12 * 3600),
    /** Passwords being checked at once in a pod, 19 MiB each. */
    PASSWORD_CHECKS_MAX: z.coerce.number().int().min(1).max(16).default(2),
    /** For the seed only. */
    DEMO_PASSWORD_FILE: z.string().min(1).optional(),
    /** An outside identity provider (OpenID Connect). */
    UPSTREAM_ISSUER: z.url().optional(),
    UPSTREAM_CLIENT_ID: z.string().min(1).optional(),
    UPSTREAM_CLIENT_SECRET_FILE: z.string().min(1).optional(),
    /** As the button names it. */
    UPSTREAM_NAME: z.string().min(1).max(60).default("eID"),
    /** The claim that holds the account's login here. */
    UPSTREAM_CLAIM: z.string().min(1).default("preferred_username"),
    /** The outside provider's own sign-in counts as two factors. */
    UPSTREAM_IS_STRONG: z.enum(["true", "false"]).default("false"),
  })
  .refine(({ UPSTREAM_ISSUER, UPSTREAM_CLIENT_ID }) => (UPSTREAM_ISSUER === undefined) === (UPSTREAM_CLIENT_ID === undefined), {
    message: "UPSTREAM_ISSUER and UPSTREAM_CLIENT_ID belong together",
    path: ["UPSTREAM_ISSUER"],
  })
  .refine(({ PUBLIC_URL, TOKEN_ISSUER }) => PUBLIC_URL === TOKEN_ISSUER, {
    message: "TOKEN_ISSUER is what this service is: it must equal PUBLIC_URL",
    path: ["TOKEN_ISSUER"],
  });

export type Config = z.infer<typeof configSchema>;

/** Reads the environment at once. @throws Error that lists every problem, a line each */
export function readConfig(environment: Record<string, string | undefined>): Config {
  return readServiceConfig(configSchema, environment);
}
