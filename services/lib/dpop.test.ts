import { createHash } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RefusedToken, type TokenRequest, TokenVerifier } from "./authenticate.ts";
import { RedisConnection } from "./redis.ts";
import { SeenProofs } from "./seen-proofs.ts";
import { freePort } from "./testing/free-port.ts";
import { TestIssuer } from "./testing/tokens.ts";

interface Key {
  privateKey: CryptoKey;
  jwk: JWK;
  privateJwk: JWK;
}

let issuer: TestIssuer;
let verifier: TokenVerifier;
let [own, strange]: [Key, Key] = [undefined as never, undefined as never];
let token: string;

async function newKey(alg = "ES256"): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: await exportJWK(publicKey), privateJwk: await exportJWK(privateKey) };
}

beforeAll(async () => {
  issuer = await TestIssuer.create();
  [own, strange] = [await newKey(), await newKey()];
  verifier = new TokenVerifier({ ...issuer, proofs: { origin: "https://dsp.test", seen: new SeenProofs(undefined) } });
  token = await issuer.token({ cnf: { jkt: await calculateJwkThumbprint(own.jwk) } });
});

afterAll(() => issuer?.remove());

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64url");
const now = (): number => Math.floor(Date.now() / 1000);

/** A good proof for `GET https://dsp.test/fhir/Patient`, unless told otherwise; undefined leaves a member out. */
async function proof(claims: object = {}, header: object = {}, key = own): Promise<string> {
  const good = { jti: crypto.randomUUID(), htm: "GET", htu: "https://dsp.test/fhir/Patient", iat: now(), ath: hashOf(token) };
  return await new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: key.jwk, ...header })
    .sign(key.privateKey);
}

const request = (more: Partial<TokenRequest>): TokenRequest => ({
  ...{ proof: undefined, method: "GET", path: "/fhir/Patient", requestId: crypto.randomUUID() },
  ...more,
});

async function refusal(header: string, more: Partial<TokenRequest>): Promise<{ status: number; challenge: string; error: RefusedToken }> {
  const error = await verifier.verify(header, request(more)).catch((thrown: unknown) => thrown);
  if (!(error instanceof RefusedToken)) throw new Error(`not refused: ${String(error)}`);
  return { status: error.response.status, challenge: error.response.headers["WWW-Authenticate"] ?? "", error };
}

describe("a token that is bound to a key", () => {
  it("counts with a proof by that key for this request", async () => {
    const principal = await verifier.verify(`DPoP ${token}`, request({ proof: await proof() }));
    expect(principal).toMatchObject({ subject: "tester", role: "system" });
    for (const good of [
      { htu: "https://DSP.test:443/fhir/Patient" },
      { htu: "https://dsp.test/fhir/Patient?name=x#y" },
      { iat: now() - 50 },
      { iat: now() + 50 },
    ]) {
      await expect(verifier.verify(`dpop ${token}`, request({ proof: await proof(good) }))).resolves.toBeDefined();
    }
  });

  it("is refused as a bearer token, and one that is bound to no key with a proof", async () => {
    expect((await refusal(`Bearer ${token}`, { proof: await proof() })).challenge).toMatch(/^Bearer .*error="invalid_token"/);
    const plain = await issuer.token();
    const { challenge } = await refusal(`DPoP ${plain}`, { proof: await proof({ ath: hashOf(plain) }) });
    expect(challenge).toMatch(/^DPoP error="invalid_token"/);
    const expired = await issuer.token({ exp: now() - 60, cnf: { jkt: await calculateJwkThumbprint(own.jwk) } });
    const late = await refusal(`DPoP ${expired}`, { proof: await proof({ ath: hashOf(expired) }) });
    expect(late.challenge).toMatch(/^DPoP error="invalid_token", error_description="The token has expired"/);
    expect(late.error.principal?.subject).toBe("tester");
  });

  it("is refused where it is bound in another way, and where proofs are not checked", async () => {
    const certificate = await issuer.token({ cnf: { "x5t#S256": "a-certificate" } });
    expect((await refusal(`DPoP ${certificate}`, { proof: await proof({ ath: hashOf(certificate) }) })).challenge).toContain(
      "invalid_token",
    );
    const without = new TokenVerifier({ ...issuer });
    await expect(without.verify(`DPoP ${token}`, request({ proof: await proof() }))).rejects.toBeInstanceOf(RefusedToken);
  });

  const defects: [string, string, () => Promise<Partial<TokenRequest>>][] = [
    ["no proof", "needs a proof", async () => ({})],
    ["two proofs", "exactly one", async () => ({ proof: `${await proof()}, ${await proof()}` })],
    ["what is no JWT", "exactly one", async () => ({ proof: "x" })],
    ["an endless proof", "exactly one", async () => ({ proof: await proof({ more: "x".repeat(9000) }) })],
    ["another typ", "(typ|dpop\\+jwt)", async () => ({ proof: await proof({}, { typ: "JWT" }) })],
    ["no typ", "(typ|dpop\\+jwt)", async () => ({ proof: await proof({}, { typ: undefined }) })],
    ["no signature", "alg", async () => ({ proof: unsigned((await proof()).split(".")[1] ?? "") })],
    [
      "a symmetric signature",
      "alg",
      async () => {
        const secret = { kty: "oct", k: Buffer.alloc(32, 1).toString("base64url") };
        const signing = new SignJWT({ jti: "1" }).setProtectedHeader({ alg: "HS256", typ: "dpop+jwt", jwk: secret });
        return { proof: await signing.sign(Buffer.alloc(32, 1)) };
      },
    ],
    [
      "an algorithm that identity does not take either",
      "alg",
      async () => {
        const key = await newKey("RS256");
        return { proof: await proof({}, { alg: "RS256" }, key) };
      },
    ],
    ["no key", "jwk", async () => ({ proof: await proof({}, { jwk: undefined }) })],
    ["a private key", "jwk", async () => ({ proof: await proof({}, { jwk: own.privateJwk }) })],
    ["a key that is none", "jwk", async () => ({ proof: await proof({}, { jwk: { kty: "EC", crv: "P-256", x: "AA", y: "AA" } }) })],
    ["a key that has not signed it", "jwk", async () => ({ proof: await proof({}, { jwk: strange.jwk }) })],
    ["another's key", "cnf.jkt", async () => ({ proof: await proof({}, {}, strange) })],
    ["another method", "htm", async () => ({ proof: await proof({ htm: "POST" }) })],
    ["a method in other letters", "htm", async () => ({ proof: await proof({ htm: "get" }) })],
    ["another host", "htu", async () => ({ proof: await proof({ htu: "https://other.test/fhir/Patient" }) })],
    ["another scheme", "htu", async () => ({ proof: await proof({ htu: "http://dsp.test/fhir/Patient" }) })],
    ["another port", "htu", async () => ({ proof: await proof({ htu: "https://dsp.test:8443/fhir/Patient" }) })],
    ["another path", "htu", async () => ({ proof: await proof({ htu: "https://dsp.test/fhir/Patient/1" }) })],
    ["an address that is none", "htu", async () => ({ proof: await proof({ htu: "/fhir/Patient" }) })],
    ["an old proof", "iat", async () => ({ proof: await proof({ iat: now() - 70 }) })],
    ["a proof of tomorrow", "iat", async () => ({ proof: await proof({ iat: now() + 70 }) })],
    ["no time", "iat", async () => ({ proof: await proof({ iat: undefined }) })],
    ["no token's hash", "ath", async () => ({ proof: await proof({ ath: undefined }) })],
    ["another token's hash", "ath", async () => ({ proof: await proof({ ath: hashOf("another") }) })],
    ["no name", "jti", async () => ({ proof: await proof({ jti: undefined }) })],
    ["an empty name", "jti", async () => ({ proof: await proof({ jti: "" }) })],
    ["an endless name", "jti", async () => ({ proof: await proof({ jti: "j".repeat(300) }) })],
  ];

  it.each(defects)("is refused with %s", async (_name, why, make) => {
    const { status, challenge, error } = await refusal(`DPoP ${token}`, await make());
    expect(status).toBe(401);
    expect(challenge).toMatch(/^DPoP error="invalid_dpop_proof", error_description="[^"]+", algs="ES256"$/);
    expect(error.message).toMatch(new RegExp(why));
    // The token is good: the refusal is worth an audit record about its owner.
    expect(error.principal?.subject).toBe("tester");
  });

  it("is taken within the window while Redis is away", async () => {
    const redis = new RedisConnection({ server: { host: "127.0.0.1", port: await freePort() }, log: pino({ level: "silent" }) });
    const alone = new TokenVerifier({ ...issuer, proofs: { origin: "https://dsp.test", seen: new SeenProofs(redis) } });
    const once = await proof();
    await expect(alone.verify(`DPoP ${token}`, request({ proof: once }))).resolves.toBeDefined();
    await expect(alone.verify(`DPoP ${token}`, request({ proof: once }))).resolves.toBeDefined();
    await expect(alone.verify(`DPoP ${token}`, request({ proof: await proof({ iat: now() - 70 }) }))).rejects.toThrow("iat");
    redis.stop();
  });
});

function unsigned(payload: string): string {
  const header = Buffer.from(JSON.stringify({ alg: "none", typ: "dpop+jwt", jwk: own.jwk })).toString("base64url");
  return `${header}.${payload}.AA`;
}
