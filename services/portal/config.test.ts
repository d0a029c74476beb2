import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const environment = {
  ...{ PUBLIC_URL: "https://dsp.test/portal", POSTGRES_HOSTS: "pg", TOKEN_ISSUER: "https://dsp.test/identity", TOKEN_AUDIENCE: "dsp" },
  ...{ TOKEN_JWKS_FILE: "/jwks.json", CLIENT_KEY_FILE: "/key.json" },
};

describe("readConfig", () => {
  it("takes the sites whose watchers operators see, and knows none by itself", () => {
    expect(readConfig(environment)).toMatchObject({ OPERATIONS_PORT: 9090 });
    expect(readConfig(environment).SITES).toBeUndefined();
    expect(readConfig({ ...environment, SITES: "site-a, site-b,witness" }).SITES).toEqual(["site-a", "site-b", "witness"]);
  });

  it("refuses sites that are none: a name is made of each", () => {
    for (const SITES of ["site-a,,witness", "site-a/..", "Site"]) expect(() => readConfig({ ...environment, SITES })).toThrow("SITES");
  });
});
