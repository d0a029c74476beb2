import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { Env } from "../../lib/http.ts";
import { loadCatalogue } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { resourceTypes } from "../resource-types.ts";
import { metadataRoutes } from "./routes.ts";

const catalogue = loadCatalogue(resourceTypes);

async function ask(issuer: string): Promise<Response> {
  const app = new Hono<Env>();
  metadataRoutes(app, { catalogue, issuer, settings: { publicUrl: "https://dsp.test/fhir" } } as unknown as Deps);
  return await app.request("/.well-known/smart-configuration");
}

describe("/fhir/.well-known/smart-configuration", () => {
  it("tells apps of any origin the way to a token, with what SMART App Launch 2.2 demands", async () => {
    const answer = await ask("https://dsp.test/identity");
    expect([answer.status, answer.headers.get("Content-Type"), answer.headers.get("Access-Control-Allow-Origin")]).toEqual([
      200,
      "application/json",
      "*",
    ]);
    const told = (await answer.json()) as Record<string, unknown>;
    expect(told).toMatchObject({
      issuer: "https://dsp.test/identity",
      jwks_uri: "https://dsp.test/identity/jwks",
      authorization_endpoint: "https://dsp.test/identity/auth",
      token_endpoint: "https://dsp.test/identity/token",
      code_challenge_methods_supported: ["S256"],
      grant_types_supported: expect.arrayContaining(["authorization_code", "client_credentials"]),
      capabilities: expect.arrayContaining(["launch-standalone", "launch-ehr", "client-confidential-asymmetric", "permission-v2"]),
    });
  });

  it("is not there where the issuer of tokens is no address", async () => {
    expect((await ask("dsp")).status).toBe(404);
  });
});
