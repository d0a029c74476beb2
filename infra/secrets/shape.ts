import { z } from "zod";

const pem = (label: string) => z.string().regex(new RegExp(`^-----BEGIN ${label}-----\\n[\\s\\S]+\\n-----END ${label}-----\\n?$`));
const keyPair = z.strictObject({ certificate: pem("CERTIFICATE"), key: pem("PRIVATE KEY") });
const publicKey = z.strictObject({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  alg: z.literal("ES256"),
  use: z.literal("sig"),
});

/** Every secret of a stack, kept as one encrypted value in its settings. */
export const secretsSchema = z.strictObject({
  /** The platform's own certificate authority, PEM. */
  ca: keyPair,
  /** What clients see at the public address. */
  edge: keyPair,
  /** What the edge sees at the services' pods. */
  service: keyPair,
  /** What clients, replicas and Sentinels see at Redis and its Sentinels. */
  redisTls: keyPair,
  /** Tokens are signed by `signing`; what `previous` signed is still accepted. */
  tokenKeys: z.strictObject({
    /** Seconds since 1970, of when it was made: it signs once every service has had time to learn of it. */
    signing: publicKey.extend({ d: z.string(), issuedAt: z.int().optional() }),
    /** The newest of them signs until then, so it keeps its private part. */
    previous: z.array(publicKey.extend({ d: z.string().optional() })),
  }),
  redisPassword: z.string().min(24),
  /** Still taken after a change, so that Redis' pods can be rolled one after the other. */
  redisPasswordBefore: z.string().min(24).optional(),
  /** By PostgreSQL role (a service's, or the watchers'): its password. */
  postgresPasswords: z.record(z.string(), z.string().min(24)),
  /** What each will be after the next change, and what it was before the last: a pod knows both, and so is never without the right one. */
  postgresPasswordsNext: z.record(z.string(), z.string().min(24)),
  postgresPasswordsBefore: z.record(z.string(), z.string().min(24)).optional(),
  /** By service that calls others: the key with which it asks identity for a token. */
  clientKeys: z.record(z.string(), publicKey.extend({ d: z.string() })),
  /** Identity signs its cookies with the first, and accepts those that the others signed. */
  cookieKeys: z.array(z.string().min(24)).min(1),
  /** Second factors are encrypted with it at rest: 32 bytes in base64. */
  factorKey: z.base64().length(44),
  /** The exchange encrypts the secrets of subscriptions with the first, and opens what the others closed: 32 bytes in base64 each. */
  webhookKeys: z.array(z.base64().length(44)).min(1),
  /** Of the synthetic accounts. */
  demoPassword: z.string().min(12),
  /** The watchers show it to each other. */
  watcherToken: z.string().min(24),
});

export type Secrets = z.infer<typeof secretsSchema>;
export type KeyPair = z.infer<typeof keyPair>;
export type PublicTokenKey = z.infer<typeof publicKey>;
export type TokenKeys = Secrets["tokenKeys"];

/** The key set services check tokens with (RFC 7517): public parts only, the newest first. */
export function publicKeySet(keys: TokenKeys): { keys: PublicTokenKey[] } {
  return { keys: [keys.signing, ...keys.previous].map(publicPart) };
}

/** The keys identity signs with: the newest, and the one before for as long as the newest is too new. */
export function signingKeys(keys: TokenKeys): { keys: object[] } {
  return { keys: [keys.signing, ...keys.previous.filter(({ d }) => d !== undefined)] };
}

/** What identity knows of the services that come for a token: their public keys, by name. */
export function serviceClients(clientKeys: Secrets["clientKeys"]): Record<string, { keys: PublicTokenKey[] }> {
  return Object.fromEntries(Object.entries(clientKeys).map(([name, key]) => [name, { keys: [publicPart(key)] }]));
}

function publicPart({ kty, crv, x, y, kid, alg, use }: PublicTokenKey): PublicTokenKey {
  return { kty, crv, x, y, kid, alg, use };
}
