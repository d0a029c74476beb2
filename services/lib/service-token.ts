import { readFileSync } from "node:fs";
import { importJWK, type JWK, SignJWT } from "jose";
import { z } from "zod";
import type { Context } from "./context.ts";
import { unavailable } from "./operation-outcome.ts";
import type { ServiceClient } from "./service-client.ts";

export interface ServiceTokenOptions {
  /** The client for the service `identity`. */
  identity: ServiceClient;
  /** Base of identity's public links, which is also its issuer name: https://dsp.example/identity */
  issuer: string;
  /** The service's own name, by which identity knows it. */
  clientId: string;
  /** Its private key (JWK, ES256). */
  keyFile: string;
  /** Who the token is for (`aud`). */
  audience: string;
  /** SMART scopes: `system/*.cruds`. */
  scope: string;
}

const answerSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const assertionLifeS = 60;
/** A token is renewed when this share of its life is over, and used to its end while identity does not answer. */
const renewAfterShare = 0.6;

/** A service's own access token (RFC 6749 client credentials, authenticated by RFC 7523 assertion, as SMART Backend Services has it). */
export class ServiceToken {
  readonly #options: ServiceTokenOptions;
  #token: { value: string; renewAtMs: number; endsAtMs: number } | undefined;
  #renewal: Promise<void> | undefined;

  constructor(options: ServiceTokenOptions) {
    this.#options = options;
  }

  /** The `Authorization` header. @throws FhirError 503 when there is no token and identity gives none */
  async header(context: Context): Promise<string> {
    const now = Date.now();
    if (!this.#token || now >= this.#token.renewAtMs) {
      this.#renewal ??= this.#renew(context).finally(() => {
        this.#renewal = undefined;
      });
      if (!this.#token || now >= this.#token.endsAtMs) await this.#renewal;
      else this.#renewal.catch((error: unknown) => context.log.warn({ error }, "the service's token was not renewed, trying again"));
    }
    if (!this.#token) throw unavailable("The service has no token of its own yet");
    return `Bearer ${this.#token.value}`;
  }

  async #renew(context: Context): Promise<void> {
    const { identity, issuer, scope, audience } = this.#options;
    const askedAtMs = Date.now();
    const form = async () =>
      new URLSearchParams({
        grant_type: "client_credentials",
        scope,
        // RFC 8707: a resource is named by an address. The platform's plain name is what identity takes it for without.
        ...(URL.canParse(audience) ? { resource: audience } : {}),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: await this.#assertion(),
      });
    const path = `${new URL(issuer).pathname}/token`;
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const ask = async () => identity.call(context, { method: "POST", path, headers, body: (await form()).toString() });
    const first = await ask();
    // An assertion is good for one use: one whose answer was lost, and which was sent again, is refused.
    const answer = first.status === 200 ? first : await ask();
    const parsed = answer.status === 200 ? answerSchema.safeParse(JSON.parse(answer.body.toString())) : undefined;
    if (!parsed?.success) throw unavailable(`identity gave this service no token (status ${answer.status})`);
    const { access_token: value, expires_in: lifeS } = parsed.data;
    this.#token = { value, renewAtMs: askedAtMs + lifeS * 1000 * renewAfterShare, endsAtMs: askedAtMs + lifeS * 1000 - 5000 };
  }

  async #assertion(): Promise<string> {
    const { clientId, issuer, keyFile } = this.#options;
    // Read each time: keys are rotated by replacing the file.
    const key = JSON.parse(readFileSync(keyFile, "utf8")) as JWK;
    return await new SignJWT({})
      .setProtectedHeader({ alg: "ES256", ...(key.kid ? { kid: key.kid } : {}) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${assertionLifeS} s`)
      .sign(await importJWK(key, "ES256"));
  }
}
