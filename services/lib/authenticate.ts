import { readFile, stat } from "node:fs/promises";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import { checkProof, proofAlgorithms, WrongProof } from "./dpop.ts";
import { type FhirError, fhirError } from "./operation-outcome.ts";
import type { Principal } from "./principal.ts";
import { parseScopes } from "./scope.ts";
import type { SeenProofs } from "./seen-proofs.ts";

export interface TokenVerifierOptions {
  issuer: string;
  audience: string;
  /** A JSON Web Key Set with the issuer's public keys; read again when the file changes, so that keys can be rotated. */
  jwksFile: string;
  /** How far clocks may differ. */
  leewaySeconds?: number;
  /** How often the file is looked at. */
  reloadMs?: number;
  /** What tokens that are bound to a key (DPoP, RFC 9449) are checked with; without it they are refused. */
  proofs?: {
    /** As clients know the platform: https://dsp.example */
    origin: string;
    seen: SeenProofs;
  };
}

/** The request that a token came with, as far as a proof is about it. */
export interface TokenRequest {
  /** The `DPoP` header. */
  proof: string | undefined;
  method: string;
  path: string;
  /** By which the edge's repetition of a request is known. */
  requestId: string;
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
  cnf: z.object({ jkt: z.string().max(100).optional() }).optional(),
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

  constructor(text: string, principal?: Principal, scheme: keyof typeof challenges = "bearer") {
    super(text);
    this.name = "RefusedToken";
    this.principal = principal;
    this.response = fhirError(401, "login", text, { headers: { "WWW-Authenticate": challenges[scheme](text) } });
  }
}

const algs = proofAlgorithms.join(" ");

/** RFC 6750, section 3: no error code when there was no token at all. RFC 9449, section 7.1, for the rest. */
const challenges = {
  missing: () => 'Bearer realm="dsp"',
  bearer: (text: string) => `Bearer realm="dsp", error="invalid_token", error_description="${text}"`,
  dpop: (text: string) => `DPoP error="invalid_token", error_description="${text}", algs="${algs}"`,
  proof: (text: string) => `DPoP error="invalid_dpop_proof", error_description="${text}", algs="${algs}"`,
};

const verifiedMax = 1000;

/** A token that was found good, and the key it is bound to, if any. */
interface VerifiedToken {
  principal: Principal;
  expiresSeconds: number;
  binding: { thumbprint: string | undefined } | undefined;
}

/** Verifies access tokens: JWT, ES256, signed by the platform's issuer for this audience, not expired; those bound to a key with its proof. */
export class TokenVerifier {
  readonly #options: Required<Omit<TokenVerifierOptions, "proofs">> & Pick<TokenVerifierOptions, "proofs">;
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  /** Tokens whose signature was found good under the present keys: clients use one for many requests. */
  readonly #verified = new Map<string, VerifiedToken>();
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
   * The principal of an `Authorization` header. A token that is bound to a key counts with a proof by that key only, and so with the request
   * that it came with.
   * @throws RefusedToken
   */
  async verify(header: string | undefined, request?: TokenRequest): Promise<Principal> {
    const [, scheme = "", token] = /^(Bearer|DPoP) ([A-Za-z0-9\-._~+/]+=*)$/i.exec(header ?? "") ?? [];
    if (!token) {
      throw new RefusedToken("A bearer token is required", undefined, "missing");
    }
    const isProven = scheme.toLowerCase() === "dpop";
    const verified = await this.#verify(token).catch((error: unknown) => {
      // The challenge is of the scheme that the client speaks.
      throw isProven && error instanceof RefusedToken ? new RefusedToken(error.message, error.principal, "dpop") : error;
    });
    const { principal, binding } = verified;
    if (binding && !isProven) {
      // Without the proof, whoever has stolen it could use it.
      throw new RefusedToken("The token is bound to a key: send it as Authorization: DPoP, with a proof in the header DPoP");
    }
    if (!binding && isProven) throw new RefusedToken("The token is bound to no key: send it as Authorization: Bearer", principal, "dpop");
    if (binding) await this.#checkProof(token, verified, request);
    return principal;
  }

  async #checkProof(accessToken: string, { principal, binding }: VerifiedToken, request: TokenRequest | undefined): Promise<void> {
    const { proofs } = this.#options;
    const thumbprint = binding?.thumbprint;
    if (!proofs || !request || thumbprint === undefined)
      throw new RefusedToken("The token is bound in a way that is not taken here", principal, "dpop");
    const { proof, method, path, requestId } = request;
    try {
      const jti = await checkProof({ proof, method, url: `${proofs.origin}${path}`, accessToken, thumbprint });
      if (!(await proofs.seen.use(thumbprint, jti, requestId)))
        throw new WrongProof("The proof was used before (jti): make one for each request");
    } catch (error) {
      if (error instanceof WrongProof) throw new RefusedToken(error.message, principal, "proof");
      throw error;
    }
  }

  async #verify(token: string): Promise<VerifiedToken> {
    if (!this.#keys || performance.now() - this.#checkedMs > this.#options.reloadMs) {
      // A file that cannot be read just now (it is being replaced) leaves the keys known so far in use.
      await this.load().catch((error: unknown) => {
        if (!this.#keys) throw error;
      });
    }
    const known = this.#verified.get(token);
    if (known && Date.now() / 1000 < known.expiresSeconds + this.#options.leewaySeconds) {
      return known;
    }
    this.#verified.delete(token);
    const payload = await this.#payload(token);
    const principal = this.#principal(payload);
    // Its shape was checked with the other claims.
    const { cnf } = payload as { cnf?: { jkt?: string } };
    const binding = cnf === undefined ? undefined : { thumbprint: cnf.jkt };
    const verified = { principal, expiresSeconds: payload.exp ?? 0, binding };
    if (this.#verified.size >= verifiedMax) {
      this.#verified.delete(this.#verified.keys().next().value ?? "");
    }
    this.#verified.set(token, verified);
    return verified;
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
