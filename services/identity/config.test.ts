import { expect, it } from "vitest";
import { readConfig } from "./config.ts";

const good = {
  PUBLIC_URL: "https://dsp.test/identity",
  POSTGRES_HOSTS: "localhost",
  TOKEN_ISSUER: "https://dsp.test/identity",
  TOKEN_AUDIENCE: "dsp",
  TOKEN_JWKS_FILE: "/keys/jwks.json",
  SIGNING_KEYS_FILE: "/keys/signing.json",
  COOKIE_KEYS_FILE: "/keys/cookies.json",
  SECRET_KEYS_FILE: "/keys/secrets",
  SERVICE_CLIENTS_FILE: "/keys/clients.json",
};

it("has defaults for what need not be said", () => {
  expect(readConfig(good)).toMatchObject({ ACCESS_TOKEN_S: 900, SIGNING_KEY_ACTIVE_AFTER_S: 300, POSTGRES_USER: "identity" });
});

it("lists every problem at once", () => {
  const { SIGNING_KEYS_FILE: _missing, ...rest } = good;
  const read = () => readConfig({ ...rest, ACCESS_TOKEN_S: "1", COOKIE_KEYS_FILE: "" });
  expect(read).toThrow("SIGNING_KEYS_FILE");
  expect(read).toThrow("ACCESS_TOKEN_S");
  expect(read).toThrow("COOKIE_KEYS_FILE");
});

it("refuses an issuer that is not this service, and half an outside provider", () => {
  expect(() => readConfig({ ...good, TOKEN_ISSUER: "https://other.test" })).toThrow("PUBLIC_URL");
  expect(() => readConfig({ ...good, UPSTREAM_ISSUER: "https://eid.test" })).toThrow("belong together");
});
