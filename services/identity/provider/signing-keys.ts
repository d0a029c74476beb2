import type { JWK } from "jose";
import type { Logger } from "pino";
import { z } from "zod";
import { WatchedFile } from "../../lib/watched-file.ts";

const keySchema = z.looseObject({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  kid: z.string().min(1),
  x: z.string().min(1),
  y: z.string().min(1),
  d: z.string().min(1),
  /** Seconds: since when the key is published. */
  issuedAt: z.number().int().optional(),
});
const fileSchema = z.object({ keys: z.array(keySchema).min(1) });

export type SigningKey = z.infer<typeof keySchema>;

/**
 * The keys in the order in which the provider is to see them: the one that signs comes first. That is the newest which has been
 * published for long enough; while all are too new, the oldest.
 * @param keys newest first
 */
export function orderKeys(keys: readonly SigningKey[], options: { nowS: number; activeAfterS: number }): SigningKey[] {
  const { nowS, activeAfterS } = options;
  const active = keys.find(({ issuedAt }) => issuedAt === undefined || issuedAt + activeAfterS <= nowS) ?? keys.at(-1);
  return active ? [active, ...keys.filter((key) => key !== active)] : [];
}

/** The signing keys in their file, which is read again when it changes. */
export class SigningKeys {
  readonly #file: WatchedFile<SigningKey[]>;
  readonly #activeAfterS: number;

  /** @throws when the file holds no keys of the kind */
  constructor(options: { path: string; activeAfterS: number; log: Logger }) {
    this.#file = new WatchedFile(options.path, (text) => fileSchema.parse(JSON.parse(text)).keys, options.log);
    this.#activeAfterS = options.activeAfterS;
  }

  /** As JSON Web Keys, the signing one first. */
  ordered(nowS: number = Date.now() / 1000): JWK[] {
    return orderKeys(this.#file.value, { nowS, activeAfterS: this.#activeAfterS }).map(({ kty, crv, kid, x, y, d }) => {
      return { kty, crv, kid, x, y, d, use: "sig", alg: "ES256" };
    });
  }
}
