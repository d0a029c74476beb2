import { afterAll, beforeAll, expect, it } from "vitest";
import { objectAt, valueAt } from "./json.ts";
import { ProviderClient, plain, secret } from "./testing/provider-client.ts";
import { TestCluster } from "./testing/test-cluster.ts";

const password = "correct-horse-battery";
const cluster = new TestCluster();
const provider = new ProviderClient();

beforeAll(async () => {
  await cluster.start();
  await provider.start({ kubeconfig: cluster.kubeconfig, namespace: cluster.namespace });
});

afterAll(async () => {
  provider.stop();
  await cluster.stop();
});

const secretKey = { token: "kubernetes:core/v1:Secret", name: "credentials" };

/** What a state file would show in the clear: everything that is inside no secret mark. */
function inTheClear(value: unknown): string {
  return JSON.stringify(value, (_, member) => {
    const isMark =
      typeof member === "object" && member !== null && member["4dabf18193072939515e22adb298388d"] === "1b47061264138c4ac30d75fd1eb44270";
    return isMark ? "[secret]" : member;
  });
}

const encoded = Buffer.from(password).toString("base64");

it("keeps marks on inputs, and marks all contents of a Secret", async () => {
  const news = { apiVersion: "v1", kind: "Secret", metadata: { name: "marked" }, stringData: { password: secret(password), user: "dsp" } };
  const created = await provider.create({ ...secretKey, name: "marked" }, news);
  for (const state of [created.inputs, created.outputs]) {
    expect(inTheClear(plain(state))).not.toContain(password);
    expect(inTheClear(plain(state))).not.toContain(encoded);
  }
  expect(valueAt(plain(created.outputs), ["data", "value", "password"])).toBe(encoded);
  const refreshed = await provider.read(created);
  expect(inTheClear(plain(refreshed?.outputs))).not.toContain(encoded);
  expect(inTheClear(plain(refreshed?.inputs))).not.toContain(password);
  if (!refreshed) throw new Error("the object is gone");
  expect(await provider.diff(refreshed, news)).toMatchObject({ hasChanges: false });
});

it("marks a Secret's contents although the program did not", async () => {
  const news = { apiVersion: "v1", kind: "Secret", metadata: { name: "unmarked" }, data: { password: encoded } };
  const created = await provider.create({ ...secretKey, name: "unmarked" }, news);
  expect(inTheClear(plain(created.outputs))).not.toContain(encoded);
  const imported = await provider.read({ ...secretKey, id: created.id });
  expect(inTheClear(plain(imported?.inputs))).not.toContain(encoded);
});

it("follows a secret into other objects, wherever the server puts it", async () => {
  const container = { name: "main", image: "nginx", env: [{ name: "PASSWORD", value: secret(password) }] };
  const news = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "with-secret", annotations: { "pulumi.com/skipAwait": "true" } },
    spec: { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: { containers: [container] } } },
  };
  const created = await provider.create({ token: "kubernetes:apps/v1:Deployment", name: "with-secret" }, news);
  expect(inTheClear(plain(created.outputs))).not.toContain(password);
  expect(JSON.stringify(plain(created.outputs))).toContain(password);
  const preview = await provider.update(created, news, { preview: true });
  expect(inTheClear(plain(preview.outputs))).not.toContain(password);
});

it("shows a drifted secret as a secret, and sees that stringData drifted", async () => {
  const news = { apiVersion: "v1", kind: "Secret", metadata: { name: "drifting" }, stringData: { password: secret(password) } };
  const created = await provider.create({ ...secretKey, name: "drifting" }, news);
  const changed = Buffer.from("another-password").toString("base64");
  await cluster.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "drifting", namespace: cluster.namespace },
    data: { password: changed },
  });
  const refreshed = await provider.read(created);
  expect(inTheClear(plain(refreshed?.inputs))).not.toContain("another-password");
  expect(JSON.stringify(plain(refreshed?.inputs))).toContain("another-password");
});

it("leaves no secret in an error or a log", async () => {
  const news = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: secret(`Not valid ${password}`) } };
  const error = await provider
    .create({ token: "kubernetes:core/v1:ConfigMap", name: "leak" }, news)
    .catch((reason: Error) => reason.message);
  expect(error).toMatch(/\[secret\]/);
  expect(error).not.toContain(password);
  const wrong = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "leak" },
    spec: { ports: [{ port: 80, targetPort: 80 }], externalName: secret(`${password}!`) },
  };
  const second = await provider
    .create({ token: "kubernetes:core/v1:Service", name: "leak" }, { ...wrong, spec: { ...objectAt(wrong, "spec"), type: "ExternalName" } })
    .catch((reason: Error) => reason.message);
  expect(second).toMatch(/externalName/i);
  expect(JSON.stringify([second, provider.logs])).not.toContain(password);
});
