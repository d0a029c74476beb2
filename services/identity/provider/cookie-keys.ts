import { createHmac, timingSafeEqual } from "node:crypto";
import type { Logger } from "pino";
import { z } from "zod";
import { WatchedFile } from "../../lib/watched-file.ts";

const keysSchema = z.array(z.string().min(32)).min(1);

/** The keys that cookies and form tokens are signed with, newest first. */
export class CookieKeys {
  readonly #file: WatchedFile<string[]>;

  /** @throws when the file is not a JSON array of strings of at least 32 characters */
  constructor(path: string, log: Logger) {
    this.#file = new WatchedFile(path, (text) => keysSchema.parse(JSON.parse(text)), log);
  }

  get all(): string[] {
    return this.#file.value;
  }

  /** A keyed digest of the parts, base64url. */
  sign(...parts: readonly string[]): string {
    return mac(this.all[0] ?? "", parts);
  }

  /** Whether any of the keys made the signature. */
  verify(signature: string, ...parts: readonly string[]): boolean {
    const given = Buffer.from(signature);
    return this.all.some((key) => {
      const right = Buffer.from(mac(key, parts));
      return given.length === right.length && timingSafeEqual(given, right);
    });
  }
}

function mac(key: string, parts: readonly string[]): string {
  return createHmac("sha256", key).update(JSON.stringify(parts)).digest("base64url");
}
