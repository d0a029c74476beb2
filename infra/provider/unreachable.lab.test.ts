import net from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProviderClient, plain, type StoredResource } from "./testing/provider-client.ts";
import { TestCluster } from "./testing/test-cluster.ts";

const key = { token: "kubernetes:core/v1:ConfigMap", name: "settings" };
const news = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "default" }, data: { a: "1" } };

/** A kubeconfig of a port that nobody serves. */
async function deadKubeconfig(): Promise<{ text: string; server: string }> {
  const listener = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  const server = `https://127.0.0.1:${(listener.address() as net.AddressInfo).port}`;
  await new Promise((resolve) => listener.close(resolve));
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "dead", cluster: { server } }],
    users: [{ name: "nobody", user: {} }],
    contexts: [{ name: "dead", context: { cluster: "dead", user: "nobody" } }],
    "current-context": "dead",
  };
  return { text: JSON.stringify(config), server };
}

async function started(settings: Record<string, string>): Promise<ProviderClient> {
  const provider = new ProviderClient();
  await provider.start(settings);
  return provider;
}

describe("a cluster that does not answer", () => {
  let server: string;
  let text: string;
  let provider: ProviderClient;
  let stored: StoredResource;

  beforeAll(async () => {
    ({ server, text } = await deadKubeconfig());
    provider = await started({ kubeconfig: text });
    const { inputs } = await provider.check(key, news);
    stored = { ...key, id: "default/settings", inputs, outputs: inputs };
  });

  afterAll(() => provider.stop());

  it("is told once, as a warning that names the server and what to check", async () => {
    await expect.poll(() => provider.logs).not.toEqual([]);
    const warnings = provider.logs.filter((log) => log.severity === 2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(/connection refused; check that the cluster is running/);
    expect(warnings[0]?.message).toContain(server);
  });

  it("leaves the preview of a creation, a change and a replacement possible", async () => {
    const preview = await provider.create(key, news, { preview: true });
    expect(plain(preview.outputs).data).toEqual({ a: "1" });
    expect(await provider.diff(stored, { ...news, data: { a: "2" } })).toMatchObject({ hasChanges: true, replaces: [] });
    const updated = await provider.update(stored, { ...news, data: { a: "2" } }, { preview: true });
    expect(plain(updated.outputs).data).toEqual({ a: "2" });
    const jobKey = { token: "kubernetes:batch/v1:Job", name: "job" };
    const job = (image: string) => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "job" },
      spec: { template: { spec: { containers: [{ name: "main", image }], restartPolicy: "Never" } } },
    });
    const { inputs } = await provider.check(jobKey, job("one"));
    const diff = await provider.diff({ ...jobKey, id: "default/job", inputs, outputs: inputs }, job("two"));
    expect(diff).toMatchObject({ replaces: ["spec"], deleteBeforeReplace: true });
  });

  it("fails create, update, read and delete with the same clear words, soon", async () => {
    const refusal = new RegExp(`cannot reach the Kubernetes API server at ${server}: connection refused`);
    await expect(provider.create(key, news)).rejects.toThrow(refusal);
    await expect(provider.update(stored, { ...news, data: { a: "2" } })).rejects.toThrow(refusal);
    await expect(provider.read(stored)).rejects.toThrow(refusal);
    await expect(provider.delete(stored)).rejects.toThrow(refusal);
  });

  it("is forgotten where deleteUnreachable asks for it", async () => {
    const forgetting = await started({ kubeconfig: text, deleteUnreachable: "true" });
    await forgetting.delete(stored);
    expect(await forgetting.read(stored)).toBeUndefined();
    await expect.poll(() => forgetting.logs.some((log) => /forgotten, not deleted/.test(log.message))).toBe(true);
    forgetting.stop();
  });

  it("leaves updates out where skipUpdateUnreachable asks for it", async () => {
    const skipping = await started({ kubeconfig: text, skipUpdateUnreachable: "true" });
    const updated = await skipping.update(stored, { ...news, data: { a: "2" } });
    expect(plain(updated.outputs).data).toEqual({ a: "1" });
    skipping.stop();
  });
});

describe("a kubeconfig that cannot be used", () => {
  it.each([
    [{ kubeconfig: "/nowhere/kubeconfig" }, /cannot read the kubeconfig \/nowhere\/kubeconfig: there is no such file/],
    [{ kubeconfig: "{not yaml: [" }, /cannot read the kubeconfig given as text/],
    [{ kubeconfig: new TestCluster().kubeconfig, context: "no-such-context" }, /has no context "no-such-context"; it has /],
  ])("%s says why", async (settings, message) => {
    const provider = await started(settings);
    await expect.poll(() => provider.logs.map((log) => log.message).join("\n")).toMatch(message);
    expect(plain((await provider.create(key, news, { preview: true })).outputs).data).toEqual({ a: "1" });
    await expect(provider.create(key, news)).rejects.toThrow(message);
    provider.stop();
  });

  it("does not show wrong settings as an outage", async () => {
    await expect(started({ deleteUnreachable: "perhaps" })).rejects.toThrow(/deleteUnreachable must be true or false/);
  });
});
