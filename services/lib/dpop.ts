import { createHash } from "node:crypto";
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from "jose";
import { z } from "zod";

/** The kinds of signatures that proofs may have, as a challenge names them. */
export const proofAlgorithms = ["ES256"] as const;

/** How far a proof's time may lie from now: clocks of phones differ, and a request may be held while the primary moves. */
export const proofWindowSeconds = 60;

/** A request that came with a proof. */
export interface ProvenRequest {
  /** The `DPoP` header; undefined when there was none. */
  proof: string | undefined;
  method: string;
  /** As the client addressed it: the public origin, and the path. */
  url: string;
  /** The token that came along, and the thumbprint of the key it is bound to (its `cnf.jkt`). */
  accessToken: string;
  thumbprint: string;
}

/** What is wrong with a proof, in words. */
export class WrongProof extends Error {
  constructor(text: string) {
    super(text);
    this.name = "WrongProof";
  }
}

const claimsSchema = z.object({
  jti: z.string().min(1).max(255),
  htm: z.string(),
  htu: z.string().max(4000),
  iat: z.number(),
  ath: z.string(),
});

const proofPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const proofLengthMax = 8000;

/**
 * Checks a proof of possession (RFC 9449, 4.3), but for whether it was used before. Returns its name, unique among those of its key.
 * @throws WrongProof
 */
export async function checkProof(request: ProvenRequest, nowSeconds = Date.now() / 1000): Promise<string> {
  const { proof, method, url, accessToken, thumbprint } = request;
  if (proof === undefined) throw new WrongProof("A token that is bound to a key needs a proof in the header DPoP");
  if (proof.length > proofLengthMax || !proofPattern.test(proof)) throw new WrongProof("The header DPoP holds exactly one signed proof");
  const { payload, key } = await signed(proof);
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) throw new WrongProof(`The proof's claim ${claims.error.issues[0]?.path.join(".")} is missing or malformed`);
  const { jti, htm, htu, iat, ath } = claims.data;
  if (htm !== method) throw new WrongProof("The proof is for another method (htm)");
  if (!sameAddress(htu, url)) throw new WrongProof("The proof is for another address (htu)");
  if (Math.abs(nowSeconds - iat) > proofWindowSeconds) {
    throw new WrongProof(
      `The proof's time (iat) is more than ${proofWindowSeconds} s from now: make one for each request, with a clock that is right`,
    );
  }
  if (ath !== createHash("sha256").update(accessToken).digest("base64url")) throw new WrongProof("The proof is for another token (ath)");
  if (key !== thumbprint) throw new WrongProof("The proof is by another key than the token's (cnf.jkt)");
  return jti;
}

/** The proof's claims, which the key in its header has signed, and that key's thumbprint. @throws WrongProof */
async function signed(proof: string): Promise<{ payload: object; key: string }> {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt", algorithms: [...proofAlgorithms] });
    return { payload, key: await calculateJwkThumbprint(protectedHeader.jwk ?? {}) };
  } catch (error) {
    if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
      throw new WrongProof(`Proofs are signed by ${proofAlgorithms.join(", ")} (alg)`);
    }
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === "typ") throw new WrongProof("The proof's typ is not dpop+jwt");
    // A key that makes no sense throws what the platform's cryptography throws.
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException) {
      throw new WrongProof("The proof is not signed by the public key in its header (jwk)");
    }
    throw error;
  }
}

/** RFC 9449, 4.3: without query and fragment, both in their normal form. */
function sameAddress(htu: string, url: string): boolean {
  const [claimed, called] = [URL.parse(htu), URL.parse(url)];
  return (
    claimed !== null &&
    called !== null &&
    claimed.username === "" &&
    claimed.origin === called.origin &&
    claimed.pathname === called.pathname
  );
}
