import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { planSecrets, type SecretNeeds } from "./generate.ts";
import { publicKeySet, secretsSchema, serviceClients, signingKeys } from "./shape.ts";

const needs: SecretNeeds = {
  edgeNames: ["172.28.255.1", "127.0.0.1", "localhost"],
  namespace: "dsp",
  services: ["record"],
  callers: ["portal"],
};
const everything = [
  "ca",
  "edge",
  "service",
  "redis-tls",
  "token",
  "client.portal",
  "cookie",
  "factor",
  "webhook",
  "demo",
  "redis",
  "postgres.record",
  "postgres.watcher",
  "postgres.backup",
  "watcher",
];

describe("planSecrets", () => {
  it("makes everything once, and then nothing", async () => {
    const first = await planSecrets({}, needs);
    expect(first.changed).toEqual(everything);
    expect(secretsSchema.parse(first.secrets)).toEqual(first.secrets);
    const second = await planSecrets(first.secrets, needs);
    expect(second).toEqual({ secrets: first.secrets, changed: [] });
  });

  it("makes certificates that verify, for exactly the names asked", async () => {
    const { secrets } = await planSecrets({}, needs);
    const ca = new X509Certificate(secrets.ca.certificate);
    const edge = new X509Certificate(secrets.edge.certificate);
    const service = new X509Certificate(secrets.service.certificate);
    const redis = new X509Certificate(secrets.redisTls.certificate);
    expect(ca.ca).toBe(true);
    for (const leaf of [edge, service, redis]) {
      expect(leaf.verify(ca.publicKey)).toBe(true);
      expect(leaf.checkIssued(ca)).toBe(true);
      expect(leaf.ca).toBe(false);
    }
    expect(edge.checkIP("172.28.255.1")).toBe("172.28.255.1");
    expect(edge.checkHost("localhost")).toBe("localhost");
    expect(service.checkHost("record.dsp.svc")).toBeDefined();
    expect(edge.checkHost("record.dsp.svc")).toBeUndefined();
    expect(redis.checkHost("redis")).toBe("redis");
    expect(service.checkHost("redis")).toBeUndefined();
  });

  it("makes the edge's certificate anew when a name is added, and nothing else", async () => {
    const { secrets } = await planSecrets({}, needs);
    const plan = await planSecrets(secrets, { ...needs, edgeNames: [...needs.edgeNames, "dsp.example.org"] });
    expect(plan.changed).toEqual(["edge"]);
    expect(new X509Certificate(plan.secrets.edge.certificate).checkHost("dsp.example.org")).toBe("dsp.example.org");
  });

  it("renews certificates near their end under the same authority", async () => {
    const { secrets } = await planSecrets({}, needs);
    const later = new Date(Date.now() + 380 * 24 * 60 * 60 * 1000);
    const plan = await planSecrets(secrets, needs, [], later);
    expect(plan.changed).toEqual(["edge", "service", "redis-tls"]);
    expect(plan.secrets.ca).toEqual(secrets.ca);
  });

  it("makes every certificate anew with the authority", async () => {
    const { secrets } = await planSecrets({}, needs);
    const plan = await planSecrets(secrets, needs, ["ca"]);
    expect(plan.changed).toEqual(["ca", "edge", "service", "redis-tls"]);
    expect(new X509Certificate(plan.secrets.edge.certificate).verify(new X509Certificate(plan.secrets.ca.certificate).publicKey)).toBe(
      true,
    );
  });

  it("keeps the last public token keys on rotation, and never a private part in the key set", async () => {
    const first = (await planSecrets({}, needs)).secrets;
    const second = (await planSecrets(first, needs, ["token"])).secrets;
    const third = (await planSecrets(second, needs, ["token"])).secrets;
    const set = publicKeySet(third.tokenKeys);
    expect(set.keys.map((key) => key.kid)).toEqual([third, second, first].map((secrets) => secrets.tokenKeys.signing.kid));
    expect(JSON.stringify(set)).not.toContain('"d"');
  });

  it("lets the key before the newest go on signing until the newest is known, and no older one", async () => {
    const first = (await planSecrets({}, needs)).secrets;
    const second = (await planSecrets(first, needs, ["token"], new Date("2030-01-01T00:00:00Z"))).secrets;
    const third = (await planSecrets(second, needs, ["token"])).secrets;
    expect(signingKeys(second.tokenKeys).keys).toMatchObject([{ issuedAt: 1893456000 }, { d: first.tokenKeys.signing.d }]);
    expect(signingKeys(third.tokenKeys).keys).toHaveLength(2);
    expect(JSON.stringify(third.tokenKeys)).not.toContain(first.tokenKeys.signing.d);
  });

  it("tells identity the public part of a caller's key only", async () => {
    const { secrets } = await planSecrets({}, needs);
    const told = serviceClients(secrets.clientKeys);
    expect(told.portal?.keys[0]?.kid).toBe(secrets.clientKeys.portal?.kid);
    expect(JSON.stringify(told)).not.toContain('"d"');
    const rotated = await planSecrets(secrets, needs, ["client", "cookie", "demo"]);
    expect(rotated.changed).toEqual(["client.portal", "cookie", "demo"]);
    expect(rotated.secrets.cookieKeys.slice(1)).toEqual(secrets.cookieKeys);
  });

  it("keeps the exchange's keys before the newest, so that what they encrypted can be read", async () => {
    const { secrets } = await planSecrets({}, needs);
    const rotated = await planSecrets(secrets, needs, ["webhook"]);
    expect(rotated.changed).toEqual(["webhook"]);
    expect(rotated.secrets.webhookKeys.slice(1)).toEqual(secrets.webhookKeys);
    expect(Buffer.from(rotated.secrets.webhookKeys[0] ?? "", "base64")).toHaveLength(32);
  });

  it("keeps Redis' password before, so that its pods can be rolled", async () => {
    const { secrets } = await planSecrets({}, needs);
    expect(secrets.redisPasswordBefore).toBeUndefined();
    const second = (await planSecrets(secrets, needs, ["redis"])).secrets;
    expect(second).toMatchObject({ redisPasswordBefore: secrets.redisPassword });
    expect(second.redisPassword).not.toBe(secrets.redisPassword);
    expect((await planSecrets(second, needs)).secrets.redisPasswordBefore).toBe(secrets.redisPassword);
  });

  it("makes passwords for a service that is added", async () => {
    const { secrets } = await planSecrets({}, needs);
    const plan = await planSecrets(secrets, { ...needs, services: ["record", "registry"] });
    expect(plan.changed).toEqual(["service", "postgres.registry"]);
    expect(plan.secrets.postgresPasswords.record).toBe(secrets.postgresPasswords.record);
  });

  it("makes the watchers' token and every role's password anew each on its own", async () => {
    const { secrets } = await planSecrets({}, needs);
    const token = await planSecrets(secrets, needs, ["watcher"]);
    expect(token.changed).toEqual(["watcher"]);
    expect(token.secrets).toEqual({ ...secrets, watcherToken: token.secrets.watcherToken });
    expect(token.secrets.watcherToken).not.toBe(secrets.watcherToken);
    const passwords = await planSecrets(secrets, needs, ["postgres"]);
    expect(passwords.changed).toEqual(["postgres.record", "postgres.watcher", "postgres.backup"]);
    expect(passwords.secrets.watcherToken).toBe(secrets.watcherToken);
    expect(new Set([...Object.values(secrets.postgresPasswords), ...Object.values(passwords.secrets.postgresPasswords)]).size).toBe(6);
  });

  it("announces each role's next password before it is used, and keeps the one before", async () => {
    const { secrets } = await planSecrets({}, needs);
    const { secrets: rotated } = await planSecrets(secrets, needs, ["postgres"]);
    expect(rotated.postgresPasswords).toEqual(secrets.postgresPasswordsNext);
    expect(rotated.postgresPasswordsBefore).toEqual(secrets.postgresPasswords);
    expect(rotated.postgresPasswordsNext.record).not.toBe(secrets.postgresPasswordsNext.record);
    expect((await planSecrets(rotated, needs)).secrets).toEqual(rotated);
    // A stack from before: its passwords stay.
    const { postgresPasswordsNext: _, ...older } = secrets;
    const grown = await planSecrets(older, needs);
    expect(grown.secrets.postgresPasswords).toEqual(secrets.postgresPasswords);
    expect(Object.keys(grown.secrets.postgresPasswordsNext)).toEqual(Object.keys(secrets.postgresPasswords));
  });

  it("covers the watchers' names with the services' certificate", async () => {
    const { secrets } = await planSecrets({}, needs);
    expect(new X509Certificate(secrets.service.certificate).checkHost("watcher-site-a.dsp.svc")).toBeDefined();
  });
});
