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
  /** Tokens are signed by `signing`; what `previous` signed is still accepted. */
  tokenKeys: z.strictObject({ signing: publicKey.extend({ d: z.string() }), previous: z.array(publicKey) }),
  redisPassword: z.string().min(24),
  /** By PostgreSQL role (a service's, or the watchers'): its password. */
  postgresPasswords: z.record(z.string(), z.string().min(24)),
  /** The watchers show it to each other. */
  watcherToken: z.string().min(24),
});

export type Secrets = z.infer<typeof secretsSchema>;
export type KeyPair = z.infer<typeof keyPair>;
export type PublicTokenKey = z.infer<typeof publicKey>;
export type TokenKeys = Secrets["tokenKeys"];

/** The key set services check tokens with (RFC 7517): public parts only, the newest first. */
export function publicKeySet(keys: TokenKeys): { keys: PublicTokenKey[] } {
  const { d: _private, ...current } = keys.signing;
  return { keys: [current, ...keys.previous] };
}
