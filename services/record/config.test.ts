import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const good = {
  PUBLIC_URL: "https://dsp.test/fhir/",
  POSTGRES_HOSTS: "pg-instances",
  TOKEN_ISSUER: "i",
  TOKEN_AUDIENCE: "a",
  TOKEN_JWKS_FILE: "/keys",
};

describe("readConfig", () => {
  it("fills in defaults and takes empty values for none", () => {
    expect(readConfig({ ...good, REDIS_SENTINELS: "" })).toMatchObject({
      PORT: 8443,
      PUBLIC_URL: "https://dsp.test/fhir",
      POSTGRES_HOSTS: [{ name: "pg-instances", port: 5432 }],
      DEADLINE_MS: 20_000,
      HOLD_REQUESTS_MAX: 2000,
    });
  });

  it("tells all problems at once", () => {
    const attempt = (): unknown =>
      readConfig({ PORT: "x", PUBLIC_URL: "nowhere", POSTGRES_HOSTS: "a b", TLS_KEY_FILE: "k", LOG_LEVEL: "loud" });
    for (const name of ["PORT", "PUBLIC_URL", "POSTGRES_HOSTS", "LOG_LEVEL", "TOKEN_ISSUER", "TOKEN_AUDIENCE", "TOKEN_JWKS_FILE"]) {
      expect(attempt).toThrow(name);
    }
    expect(() => readConfig({ ...good, TLS_KEY_FILE: "k" })).toThrow("belong together");
  });
});
