import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { unavailable } from "../../lib/operation-outcome.ts";
import type { SecretBox } from "../../lib/secret-box.ts";

/** OWASP's password storage cheat sheet: 19 MiB, two passes, one lane. */
const memoryKiB = 19_456;
const passes = 2;
const parallelism = 1;
const tagLength = 32;
const saltBytes = 16;

const format = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)(?:,keyid=([A-Za-z0-9+/]+))?\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

export interface PasswordHasherOptions {
  atOnce: number;
  waitingMax?: number;
  /** Whose key is mixed in, so that a stolen table alone gives no guess away. */
  keys: Pick<SecretBox, "keyId" | "derive">;
}

/** Argon2id, a few at a time: each takes memory and a thread, and sign-ins must not starve the pod. */
export class PasswordHasher {
  readonly #keys: PasswordHasherOptions["keys"];
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #decoy: Promise<string> | undefined;

  constructor({ atOnce, waitingMax = 100, keys }: PasswordHasherOptions) {
    this.#keys = keys;
    this.#atOnce = atOnce;
    this.#waitingMax = waitingMax;
  }

  /** In the PHC string format. @throws FhirError 503 when too many wait */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes);
    const { keyId } = this.#keys;
    const parameters = { memory: memoryKiB, passes, parallelism, tagLength, nonce: salt, ...this.#secret(keyId) };
    const tag = await this.#derive(password, parameters);
    return `${headOf(keyId)}${unpadded(salt)}$${unpadded(tag)}`;
  }

  /** Whether a hash of today would be a better one: another key is the newest, there was none, or less work was asked for. */
  isDated(stored: string): boolean {
    return !stored.startsWith(headOf(this.#keys.keyId));
  }

  /** Takes as long for an account that is not there (`undefined`). @throws FhirError 503 when too many wait */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    this.#decoy ??= this.hash(randomBytes(16).toString("hex"));
    const [, memory, times, lanes, keyId, salt = "", tag = ""] = format.exec(stored ?? (await this.#decoy)) ?? [];
    const right = Buffer.from(tag, "base64");
    const work = { memory: Number(memory), passes: Number(times), parallelism: Number(lanes), tagLength: right.length };
    const secret = keyId === undefined ? {} : this.#secret(Buffer.from(keyId, "base64").toString("hex"));
    const given = await this.#derive(password, { ...work, nonce: Buffer.from(salt, "base64"), ...secret });
    return timingSafeEqual(given, right) && stored !== undefined;
  }

  #secret(keyId: string): { secret: Buffer } {
    const secret = this.#keys.derive("password", keyId);
    if (!secret) throw new Error("the key that a password was kept with is not in SECRET_KEYS_FILE");
    return { secret };
  }

  async #derive(password: string, parameters: Omit<Argon2Parameters, "message">): Promise<Buffer> {
    await this.#enter();
    try {
      return await new Promise((resolve, reject) => {
        // The same characters may come in several encodings.
        const message = password.normalize("NFKC");
        argon2("argon2id", { ...parameters, message }, (error, key) => (error ? reject(error) : resolve(Buffer.from(key))));
      });
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#waitingMax) throw unavailable("Too many people are signing in at this moment");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }
}

/** How a hash of today begins in the PHC string format, whose `keyid` is eight bytes in base64. */
function headOf(keyId: string): string {
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism},keyid=${unpadded(Buffer.from(keyId, "hex"))}$`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
