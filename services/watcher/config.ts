import { z } from "zod";
import { givenVariables, unusable } from "../lib/configuration.ts";
import { logLevels } from "../lib/log.ts";
import { defaultTimings, type Timings } from "./timings.ts";

const file = z.string().min(1);
const port = z.coerce.number().int().min(0).max(65535);
const site = z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);

/** `answerTimeoutMs` is set by ANSWER_TIMEOUT_MS, and so on. */
export function timingVariable(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

const timingShape = Object.fromEntries(
  Object.entries(defaultTimings).map(([name, ms]) => [timingVariable(name), z.coerce.number().int().min(1).max(600_000).default(ms)]),
);

const peerUrls = z.string().transform((text, context): Record<string, string> => {
  const result = z.record(site, z.url({ protocol: /^https$/ })).safeParse(parseJson(text));
  if (result.success) return result.data;
  context.addIssue({ code: "custom", message: "must be a JSON object of site and HTTPS URL" });
  return z.NEVER;
});

/** Everything the watcher is told by its environment, the timings aside. */
export const configSchema = z
  .object({
    SITE: site,
    /** In rank order. */
    SITES: z
      .string()
      .transform((text) => text.split(",").map((each) => each.trim()))
      .pipe(z.array(site).length(3)),
    WITNESS_SITE: site,
    PEER_URLS: peerUrls,
    POD_NAME: z.string().min(1).default("local"),
    NAMESPACE: z.string().min(1),
    POSTGRES_CLUSTER: z.string().min(1),
    POSTGRES_DATABASE: z.string().min(1).default("postgres"),
    POSTGRES_USER: z.string().min(1).default("watcher"),
    POSTGRES_PASSWORD_FILE: file.optional(),
    POSTGRES_OTHER_PASSWORDS_FILE: file.optional(),
    POSTGRES_CA_FILE: file.optional(),
    POSTGRES_TLS_NAME: z.string().min(1).default("pg-rw"),
    /** That each commit waits for: `synchronous.number` of the cluster. */
    SYNCHRONOUS_STANDBYS: z.coerce.number().int().min(1).max(10),
    PEER_TOKEN_FILE: file,
    TLS_CERT_FILE: file,
    TLS_KEY_FILE: file,
    PLATFORM_CA_FILE: file,
    PORT: port.default(8443),
    KUBERNETES_SERVICE_HOST: z.string().min(1),
    KUBERNETES_SERVICE_PORT: port.default(443),
    /** Of Kubernetes' own making, in every pod. */
    KUBERNETES_TOKEN_FILE: file.default("/var/run/secrets/kubernetes.io/serviceaccount/token"),
    KUBERNETES_CA_FILE: file.default("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"),
    LOG_LEVEL: z.enum(logLevels).default("info"),
  })
  .superRefine((config, context) => {
    const complain = (name: string, message: string): void => context.addIssue({ code: "custom", message, path: [name] });
    for (const name of ["SITE", "WITNESS_SITE"] as const) {
      if (!config.SITES.includes(config[name])) complain(name, `is not one of SITES (${config.SITES.join(", ")})`);
    }
    if (new Set(config.SITES).size !== config.SITES.length) complain("SITES", "names a site twice");
    for (const each of config.SITES) {
      if (each !== config.SITE && !config.PEER_URLS[each]) complain("PEER_URLS", `has no URL for ${each}`);
    }
  });

export type Config = z.infer<typeof configSchema> & { readonly timings: Timings };

/** Reads the environment at once. @throws Error that lists every problem, a line each */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = givenVariables(environment);
  const result = configSchema.safeParse(given);
  const times = z.object(timingShape).safeParse(given);
  if (!result.success || !times.success) {
    throw unusable([...(result.error?.issues ?? []), ...(times.error?.issues ?? [])]);
  }
  const timings = Object.fromEntries(Object.keys(defaultTimings).map((name) => [name, times.data[timingVariable(name)]]));
  return { ...result.data, timings: timings as Timings };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
