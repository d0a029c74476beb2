import { copyFile, utimes } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RefusedToken, TokenVerifier } from "./authenticate.ts";
import { TestIssuer } from "./testing/tokens.ts";

let issuer: TestIssuer;
let other: TestIssuer;
let verifier: TokenVerifier;

beforeAll(async () => {
  [issuer, other] = [await TestIssuer.create(), await TestIssuer.create()];
  verifier = new TokenVerifier({ issuer: issuer.issuer, audience: issuer.audience, jwksFile: issuer.jwksFile, reloadMs: 0 });
  await verifier.load();
});

afterAll(async () => {
  await issuer.remove();
  await other.remove();
});

const seconds = (offset: number): number => Math.floor(Date.now() / 1000) + offset;

async function refused(header: string | undefined): Promise<RefusedToken> {
  const error = await verifier.verify(header).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RefusedToken);
  return error as RefusedToken;
}

describe("TokenVerifier", () => {
  it("gives the principal of a good token", async () => {
    const principal = await verifier.verify(
      `Bearer ${await issuer.token({ sub: "a", patient: "p-1", scope: "patient/*.rs", role: "patient" })}`,
    );
    expect(principal).toMatchObject({ subject: "a", clientId: "test-client", role: "patient", patientId: "p-1" });
  });

  it("takes no token that is bound to a key for one that anybody may bear", async () => {
    expect((await refused(`Bearer ${await issuer.token({ cnf: { jkt: "a-thumbprint" } })}`)).message).toContain("bound to a key");
  });

  it("allows clocks to differ a little", async () => {
    await expect(verifier.verify(`Bearer ${await issuer.token({ exp: seconds(-2) })}`)).resolves.toBeDefined();
  });

  it("refuses a token it knows once that has expired", async () => {
    const token = `Bearer ${await issuer.token({ exp: seconds(-4) })}`;
    await expect(verifier.verify(token)).resolves.toBeDefined();
    await sleep(1100);
    await refused(token);
  });

  it("names whose token it was only when the issuer signed it", async () => {
    expect((await refused(`Bearer ${await issuer.token({ exp: seconds(-60) })}`)).principal?.subject).toBe("tester");
    expect((await refused(`Bearer ${await issuer.token({ aud: "elsewhere" })}`)).principal?.subject).toBe("tester");
    expect((await refused(`Bearer ${await other.token()}`)).principal).toBeUndefined();
  });

  it("refuses what is no token, or lacks claims", async () => {
    const missing = await refused(undefined);
    expect([missing.response.status, missing.response.headers["WWW-Authenticate"]]).toEqual([401, 'Bearer realm="dsp"']);
    for (const header of [
      "Bearer",
      "Bearer x",
      "Basic YTpi",
      `Bearer ${await issuer.token({ role: "king" })}`,
      `Bearer ${await issuer.token({ exp: undefined })}`,
    ]) {
      expect((await refused(header)).response.status).toBe(401);
    }
    const unsigned = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${btoa('{"sub":"a"}').replaceAll("=", "")}.`;
    expect((await refused(`Bearer ${unsigned}`)).principal).toBeUndefined();
  });

  it("reads the keys again when the file changes", async () => {
    const token = await other.token();
    await refused(`Bearer ${token}`);
    await copyFile(other.jwksFile, issuer.jwksFile);
    await utimes(issuer.jwksFile, 1, 1);
    await expect(verifier.verify(`Bearer ${token}`)).resolves.toBeDefined();
  });
});
