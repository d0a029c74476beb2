import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProviderClient, plain } from "./testing/provider-client.ts";
import { TestCluster } from "./testing/test-cluster.ts";

const cluster = new TestCluster();
const provider = new ProviderClient();

beforeAll(async () => {
  await cluster.start();
  await provider.start({ kubeconfig: cluster.kubeconfig, namespace: cluster.namespace });
});

afterAll(async () => {
  provider.stop();
  await cluster.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", `widgets.${cluster.namespace}.example`, "");
  await cluster.stop();
});

const configMap = (name: string) => ({ token: "kubernetes:core/v1:ConfigMap", name });

function settings(name: string, data: Record<string, string>, annotations: Record<string, string> = {}) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, annotations }, data };
}

describe("a conflict", () => {
  it("is reported by preview and update, with the field and its owner, and can be forced", async () => {
    const resource = await provider.create(configMap("contended"), settings("contended", { a: "1" }));
    await cluster.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "contended", namespace: cluster.namespace },
      data: { a: "theirs" },
    });
    const conflict = /other field managers own \.data\.a \(somebody-else\).*patchForce/;
    await expect(provider.update(resource, settings("contended", { a: "2" }), { preview: true })).rejects.toThrow(conflict);
    await expect(provider.update(resource, settings("contended", { a: "2" }))).rejects.toThrow(conflict);
    const forced = await provider.update(resource, settings("contended", { a: "2" }, { "pulumi.com/patchForce": "true" }));
    expect(plain(forced.outputs).data).toEqual({ a: "2" });
  });

  it("with an object somebody else made refuses to create it, unless told to adopt", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "taken", namespace: cluster.namespace },
      data: { a: "1" },
    });
    await expect(provider.create(configMap("taken"), settings("taken", { b: "2" }))).rejects.toThrow(/exists already.*import/);
    await expect(provider.create(configMap("taken"), settings("taken", { b: "2" }), { preview: true })).rejects.toThrow(/exists already/);
    const adopting = new ProviderClient();
    await adopting.start({ kubeconfig: cluster.kubeconfig, namespace: cluster.namespace, upsertExistingObjects: "true" });
    const adopted = await adopting.create(configMap("taken"), settings("taken", { b: "2" }));
    adopting.stop();
    expect(plain(adopted.outputs).data).toEqual({ a: "1", b: "2" });
  });
});

describe("malformed input", () => {
  it("is refused by check, all at once, naming the properties", async () => {
    const news = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "", labels: { version: 1 }, annotations: "x" } };
    const { failures } = await provider.check(configMap("wrong"), news);
    expect(Object.keys(failures).sort()).toEqual(["metadata.annotations", 'metadata.labels["version"]', "metadata.name"]);
    expect(failures['metadata.labels["version"]']).toMatch(/must be a string, not the number 1/);
  });

  it("refuses lists, Helm releases and assets, with advice", async () => {
    const list = await provider.check(
      { token: "kubernetes:core/v1:ConfigMapList", name: "list" },
      { apiVersion: "v1", kind: "ConfigMapList", items: [] },
    );
    expect(Object.values(list.failures)[0]).toMatch(/lists are not supported.*each of its items/);
    const release = await provider.check({ token: "kubernetes:helm.sh/v3:Release", name: "release" }, { chart: "x" });
    expect(Object.values(release.failures)[0]).toMatch(/use a Chart/);
    const asset = { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: "x" };
    await expect(provider.check(configMap("asset"), { apiVersion: "v1", kind: "ConfigMap", data: { a: asset } })).rejects.toThrow(
      /data\.a.*asset/,
    );
  });

  it("that only the server can judge fails the preview and the creation with its words", async () => {
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "Not_A_Name" }, spec: { ports: [{ port: 99999 }] } };
    const key = { token: "kubernetes:core/v1:Service", name: "service" };
    await expect(provider.create(key, service, { preview: true })).rejects.toThrow(/Not_A_Name.*invalid/i);
    const badType = { apiVersion: "v1", kind: "Service", metadata: { name: "bad-type" }, spec: { ports: "eighty" } };
    await expect(provider.create(key, badType)).rejects.toThrow(/ports/);
    const unknownField = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "bad-field" },
      spec: { ports: [{ port: 80 }], colour: "red" },
    };
    await expect(provider.create(key, unknownField)).rejects.toThrow(/colour/);
  });

  it("in an annotation of ours is refused before anything is made", async () => {
    const wrong = settings("wrong-annotation", { a: "1" }, { "pulumi.com/waitFor": "whenever" });
    await expect(provider.create(configMap("wrong-annotation"), wrong)).rejects.toThrow(/whenever.*neither condition=/);
    expect(await cluster.get("v1", "ConfigMap", "wrong-annotation")).toBeUndefined();
  });
});

describe("a missing kind", () => {
  const group = `${cluster.namespace}.example`;
  const widget = { apiVersion: `${group}/v1`, kind: "Widget", metadata: { name: "first" }, spec: { size: 3 } };
  const widgetKey = { token: `kubernetes:${group}/v1:Widget`, name: "first" };
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer" } } } } },
          },
        },
      ],
    },
  };
  const definitionKey = { token: "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", name: "widgets" };

  it("is shown by a preview, and fails a creation after its time, saying what is missing", async () => {
    const preview = await provider.create(widgetKey, widget, { preview: true });
    expect(plain(preview.outputs).spec).toEqual({ size: 3 });
    await expect(provider.create(widgetKey, widget, { timeoutSeconds: 2 })).rejects.toThrow(/no kind Widget in .*CustomResourceDefinition/);
    expect(provider.logs.some((log) => log.isStatus && /waiting for the kind/.test(log.message))).toBe(true);
  });

  it("is waited for when the program is just bringing it", async () => {
    const creating = provider.create(widgetKey, widget, { timeoutSeconds: 60 });
    const defined = await provider.create(definitionKey, definition);
    const created = await creating;
    expect(created.id).toBe(`${cluster.namespace}/first`);
    expect(plain(created.outputs)).toMatchObject({ spec: { size: 3 } });
    await provider.delete(created);
    await provider.delete(defined);
    expect(await provider.read(created)).toBeUndefined();
    await provider.delete(created);
  });
});
