import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { WatchedFile } from "./watched-file.ts";

const ivBytes = 12;
const tagBytes = 16;

/** Keeps small secrets encrypted at rest (AES-256-GCM). The newest key encrypts, all of them decrypt. */
export class SecretBox {
  readonly #file: WatchedFile<Buffer[]>;

  /** @throws when a line of the file is not 32 bytes in base64 */
  constructor(path: string, log: Logger) {
    this.#file = new WatchedFile(path, parseKeys, log);
  }

  /** Names the key that encrypts now, and tells nothing of it: what was sealed under another name is due to be sealed anew. */
  get keyId(): string {
    return keyIdOf(this.#newest());
  }

  /** @param purpose whose secret it is; it opens for nothing else */
  seal(secret: Buffer, purpose: string): Buffer {
    return this.sealNamed(secret, purpose).sealed;
  }

  /** The same with the name of the key that was taken, for who keeps it beside. */
  sealNamed(secret: Buffer, purpose: string): { sealed: Buffer; keyId: string } {
    const key = this.#newest();
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    cipher.setAAD(Buffer.from(purpose));
    const text = Buffer.concat([cipher.update(secret), cipher.final()]);
    return { sealed: Buffer.concat([iv, cipher.getAuthTag(), text]), keyId: keyIdOf(key) };
  }

  /**
   * A key for `purpose` alone (HKDF, RFC 5869, 32 bytes), of the newest key or of the one named.
   * @returns undefined when there is none of that name
   */
  derive(purpose: string, keyId = this.keyId): Buffer | undefined {
    const key = this.#file.value.find((each) => keyIdOf(each) === keyId);
    return key && Buffer.from(hkdfSync("sha256", key, "", `dsp:${purpose}`, key.length));
  }

  #newest(): Buffer {
    return this.#file.value[0] ?? Buffer.alloc(0);
  }

  /** @throws when no key opens it */
  open(sealed: Buffer, purpose: string): Buffer {
    for (const key of this.#file.value) {
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
        decipher.setAAD(Buffer.from(purpose));
        decipher.setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
        return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]);
      } catch {
        // Another key's, perhaps.
      }
    }
    throw new Error("a secret opens with none of the keys in SECRET_KEYS_FILE");
  }
}

function keyIdOf(key: Buffer): string {
  return createHash("sha256").update("dsp-secret-key:").update(key).digest("hex").slice(0, 16);
}

function parseKeys(text: string): Buffer[] {
  const keys = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => Buffer.from(line, "base64"));
  if (keys.length === 0 || keys.some((key) => key.length !== 32)) throw new Error("every line must be 32 bytes in base64");
  return keys;
}
