import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { defaultTimings } from "./timings.ts";

const good = {
  SITE: "site-a",
  SITES: "site-a, site-b,witness",
  WITNESS_SITE: "witness",
  PEER_URLS: JSON.stringify({ "site-b": "https://watcher-site-b.dsp.svc:8443", witness: "https://watcher-witness.dsp.svc:8443" }),
  NAMESPACE: "dsp",
  POSTGRES_CLUSTER: "pg",
  SYNCHRONOUS_STANDBYS: "1",
  PEER_TOKEN_FILE: "/t",
  TLS_CERT_FILE: "/c",
  TLS_KEY_FILE: "/k",
  PLATFORM_CA_FILE: "/ca",
  KUBERNETES_SERVICE_HOST: "10.96.0.1",
};

describe("readConfig", () => {
  it("fills in defaults, the timings too, and takes empty values for none", () => {
    const config = readConfig({ ...good, POSTGRES_CA_FILE: "", SILENT_AFTER_MS: "900" });
    expect(config).toMatchObject({ SITES: ["site-a", "site-b", "witness"], POSTGRES_USER: "watcher", PORT: 8443 });
    expect(config.POSTGRES_CA_FILE).toBeUndefined();
    expect(config.timings).toEqual({ ...defaultTimings, silentAfterMs: 900 });
  });

  it("tells all problems at once", () => {
    const attempt = (): unknown =>
      readConfig({ ...good, SITES: "a,b", PEER_URLS: "{", SYNCHRONOUS_STANDBYS: "0", LEASE_MS: "soon", NAMESPACE: "" });
    for (const name of ["SITES", "PEER_URLS", "SYNCHRONOUS_STANDBYS", "LEASE_MS", "NAMESPACE"]) expect(attempt).toThrow(name);
  });

  it("wants the sites to fit together", () => {
    expect(() => readConfig({ ...good, SITE: "site-c" })).toThrow("SITE: is not one of SITES");
    expect(() => readConfig({ ...good, PEER_URLS: JSON.stringify({ "site-b": "https://b.test" }) })).toThrow("has no URL for witness");
    expect(() => readConfig({ ...good, PEER_URLS: JSON.stringify({ "site-b": "http://b.test" }) })).toThrow("PEER_URLS");
  });
});
