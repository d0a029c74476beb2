import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** An issuer of tokens for tests, with its key set in a file. */
export class TestIssuer {
  readonly issuer = "https://identity.test";
  readonly audience = "https://dsp.test/fhir";
  readonly jwksFile: string;
  readonly #root: string;
  readonly #key: CryptoKey;

  private constructor(root: string, jwksFile: string, key: CryptoKey) {
    this.#root = root;
    this.jwksFile = jwksFile;
    this.#key = key;
  }

  static async create(): Promise<TestIssuer> {
    const root = await mkdtemp(join(tmpdir(), "dsp-issuer-"));
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwksFile = join(root, "jwks.json");
    await writeFile(jwksFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", use: "sig" }] }));
    return new TestIssuer(root, jwksFile, privateKey);
  }

  /** A token that is good for everything unless told otherwise. */
  token(claims: Record<string, unknown> = {}): Promise<string> {
    const defaults = { sub: "tester", client_id: "test-client", role: "system", scope: "system/*.cruds" };
    return new SignJWT({ ...defaults, iss: this.issuer, aud: this.audience, exp: Math.floor(Date.now() / 1000) + 3600, ...claims })
      .setProtectedHeader({ alg: "ES256" })
      .sign(this.#key);
  }

  async remove(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}
