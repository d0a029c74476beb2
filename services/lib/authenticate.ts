import { readFile, stat } from "node:fs/promises";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import { type FhirError, fhirError } from "./operation-outcome.ts";
import type { Principal } from "./principal.ts";
import { parseScopes } from "./scope.ts";

export interface TokenVerifierOptions {
  issuer: string;
  audience: string;
  /** A JSON Web Key Set with the issuer's public keys; read again when the file changes, so that keys can be rotated. */
  jwksFile: string;
  /** How far clocks may differ. */
  leewaySeconds?: number;
  /** How often the file is looked at. */
  reloadMs?: number;
}

const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  client_id: z.string().min(1).max(255),
  role: z.enum(["patient", "practitioner", "system", "operator"]),
  scope: z.string().max(4000),
  name: z.string().max(255).optional(),
  // A URL names the same by its last two parts.
  fhirUser: z
    .string()
    .regex(/^(?:https:\/\/\S+\/)?(?:Practitioner|RelatedPerson|Patient)\/[A-Za-z0-9\-.]{1,64}$/)
    .max(500)
    .optional(),
  profession: z
    .string()
    .regex(/^[a-z-]{1,40}$/)
    .optional(),
  organization: z
    .string()
    .regex(/^[A-Za-z0-9\-.]{1,64}$/)
    .optional(),
  /** RFC 7800: the token is bound to a key of the client's. */
  cnf: z.object({}).optional(),
  patient: z
    .string()
    .regex(/^[A-Za-z0-9\-.]{1,64}$/)
    .optional(),
});

/**
 * A refused token. When it bears a good signature of the issuer's (expired, meant for someone else), `principal` says whose
 * it was and the refusal is worth an audit record; a forged one could name anybody.
 */
export class RefusedToken extends Error {
  readonly principal: Principal | undefined;
  readonly response: FhirError;

  constructor(text: string, principal?: Principal) {
    super(text);
    this.name = "RefusedToken";
    this.principal = principal;
    // RFC 6750, section 3: no error code when there was no token at all.
    const challenge =
      text === missingToken ? 'Bearer realm="dsp"' : `Bearer realm="dsp", error="invalid_token", error_description="${text}"`;
    this.response = fhirError(401, "login", text, { headers: { "WWW-Authenticate": challenge } });
  }
}

const verifiedMax = 1000;

const missingToken = "A bearer token is required";

/** Verifies bearer tokens: JWT, ES256, signed by the platform's issuer for this audience, not expired. */
export class TokenVerifier {
  readonly #options: Required<TokenVerifierOptions>;
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  /** Tokens whose signature was found good under the present keys: clients use one for many requests. */
  readonly #verified = new Map<string, { principal: Principal; expiresSeconds: number }>();
  #keysModifiedMs = -1;
  #checkedMs = Number.NEGATIVE_INFINITY;

  constructor(options: TokenVerifierOptions) {
    this.#options = { leewaySeconds: 5, reloadMs: 5000, ...options };
  }

  /** Reads the keys; call it at start, so that a bad file stops the service at once. */
  async load(): Promise<void> {
    this.#checkedMs = performance.now();
    const modifiedMs = (await stat(this.#options.jwksFile)).mtimeMs;
    if (this.#keys && modifiedMs === this.#keysModifiedMs) {
      return;
    }
    this.#verified.clear();
    this.#keys = createLocalJWKSet(JSON.parse(await readFile(this.#options.jwksFile, "utf8")) as JSONWebKeySet);
    this.#keysModifiedMs = modifiedMs;
  }

  /**
   * The principal of an `Authorization` header.
   * @throws RefusedToken
   */
  async verify(header: string | undefined): Promise<Principal> {
    const token = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(header ?? "")?.[1];
    if (!token) {
      throw new RefusedToken(missingToken);
    }
    if (!this.#keys || performance.now() - this.#checkedMs > this.#options.reloadMs) {
      // A file that cannot be read just now (it is being replaced) leaves the keys known so far in use.
      await this.load().catch((error: unknown) => {
        if (!this.#keys) throw error;
      });
    }
    const known = this.#verified.get(token);
    if (known && Date.now() / 1000 < known.expiresSeconds + this.#options.leewaySeconds) {
      return known.principal;
    }
    this.#verified.delete(token);
    const payload = await this.#payload(token);
    const principal = this.#principal(payload);
    if (this.#verified.size >= verifiedMax) {
      this.#verified.delete(this.#verified.keys().next().value ?? "");
    }
    this.#verified.set(token, { principal, expiresSeconds: payload.exp ?? 0 });
    return principal;
  }

  async #payload(token: string): Promise<JWTPayload> {
    const keys = this.#keys;
    if (!keys) {
      throw new Error("no keys");
    }
    const { issuer, audience, leewaySeconds } = this.#options;
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ["ES256"],
        clockTolerance: leewaySeconds,
        requiredClaims: ["exp", "sub"],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
        // jose checks the signature before the claims: this payload is the issuer's own.
        const text = error instanceof errors.JWTExpired ? "The token has expired" : `The token's claim ${error.claim} is not accepted`;
        throw new RefusedToken(text, claimsSchema.safeParse(error.payload).success ? this.#principal(error.payload) : undefined);
      }
      if (error instanceof errors.JOSEError) {
        throw new RefusedToken("The token is not valid");
      }
      throw error;
    }
  }

  #principal(payload: JWTPayload): Principal {
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) {
      throw new RefusedToken(`The token's claim ${claims.error.issues[0]?.path.join(".")} is missing or malformed`);
    }
    if (claims.data.cnf !== undefined) {
      // Without the proof (RFC 9449), whoever has stolen it could use it.
      throw new RefusedToken("The token is bound to a key (DPoP), and proofs are not taken here yet: ask for a token without one");
    }
    const { sub, client_id, role, scope, name, patient, fhirUser, profession, organization } = claims.data;
    return {
      subject: sub,
      clientId: client_id,
      role,
      scopes: parseScopes(scope),
      issuer: this.#options.issuer,
      ...(name === undefined ? {} : { name }),
      ...(patient === undefined ? {} : { patientId: patient }),
      ...(fhirUser === undefined ? {} : { person: fhirUser.split("/").slice(-2).join("/") }),
      ...(profession === undefined ? {} : { profession }),
      ...(organization === undefined ? {} : { organizationId: organization }),
    };
  }
}
