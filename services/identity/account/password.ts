import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { unavailable } from "../../lib/operation-outcome.ts";

/** OWASP's password storage cheat sheet: 19 MiB, two passes, one lane. */
const memoryKiB = 19_456;
const passes = 2;
const parallelism = 1;
const tagLength = 32;
const saltBytes = 16;

const format = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Argon2id, a few at a time: each takes memory and a thread, and sign-ins must not starve the pod. */
export class PasswordHasher {
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #decoy: Promise<string> | undefined;

  constructor({ atOnce, waitingMax = 100 }: { atOnce: number; waitingMax?: number }) {
    this.#atOnce = atOnce;
    this.#waitingMax = waitingMax;
  }

  /** In the PHC string format. @throws FhirError 503 when too many wait */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes);
    const tag = await this.#derive(password, salt, { memory: memoryKiB, passes, parallelism, tagLength });
    return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
  }

  /** Takes as long for an account that is not there (`undefined`). @throws FhirError 503 when too many wait */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    this.#decoy ??= this.hash(randomBytes(16).toString("hex"));
    const [, memory, times, lanes, salt = "", tag = ""] = format.exec(stored ?? (await this.#decoy)) ?? [];
    const right = Buffer.from(tag, "base64");
    const parameters = { memory: Number(memory), passes: Number(times), parallelism: Number(lanes), tagLength: right.length };
    const given = await this.#derive(password, Buffer.from(salt, "base64"), parameters);
    return timingSafeEqual(given, right) && stored !== undefined;
  }

  async #derive(password: string, nonce: Buffer, parameters: Omit<Argon2Parameters, "message" | "nonce">): Promise<Buffer> {
    await this.#enter();
    try {
      return await new Promise((resolve, reject) => {
        // The same characters may come in several encodings.
        const message = password.normalize("NFKC");
        argon2("argon2id", { ...parameters, message, nonce }, (error, key) => (error ? reject(error) : resolve(Buffer.from(key))));
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

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
