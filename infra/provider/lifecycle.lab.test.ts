import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { objectAt, stringAt } from "./json.ts";
import { unknownValue } from "./protocol/property-values.ts";
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
  await cluster.stop();
});

const configMap = (name: string) => ({ token: "kubernetes:core/v1:ConfigMap", name });

function settings(name: string, data: Record<string, string>) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

function deployment(name: string, image: string, app = name) {
  const container = { name: "main", image, resources: { requests: { cpu: "1000m" } } };
  const spec = {
    replicas: 1,
    selector: { matchLabels: { app } },
    template: { metadata: { labels: { app } }, spec: { containers: [container] } },
  };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, annotations: { "pulumi.com/skipAwait": "true" } }, spec };
}

describe("create", () => {
  it("makes the object, in the provider's namespace, and returns it whole", async () => {
    const resource = await provider.create(configMap("made"), settings("made", { a: "1" }));
    expect(resource.id).toBe(`${cluster.namespace}/made`);
    expect(plain(resource.outputs)).toMatchObject({
      apiVersion: "v1",
      kind: "ConfigMap",
      data: { a: "1" },
      metadata: { name: "made", namespace: cluster.namespace },
    });
    expect(stringAt(plain(resource.outputs), "metadata", "uid")).toBe(
      stringAt(await cluster.get("v1", "ConfigMap", "made"), "metadata", "uid"),
    );
  });

  it("makes a name when there is none, the same at every check", async () => {
    const news = { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } };
    const resource = await provider.create(configMap("unnamed"), news);
    expect(resource.id).toMatch(new RegExp(`^${cluster.namespace}/unnamed-[0-9a-f]{7}$`));
    const again = await provider.check(resource, news, resource.inputs);
    expect(plain(again.inputs)).toEqual(plain(resource.inputs));
  });

  it("finishes what an interrupted run began", async () => {
    await provider.create(configMap("interrupted"), settings("interrupted", { a: "1" }));
    const resource = await provider.create(configMap("interrupted"), settings("interrupted", { a: "2" }));
    expect(plain(resource.outputs).data).toEqual({ a: "2" });
  });

  it("makes a name of its own from generateName", async () => {
    const news = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "generated-" }, data: { a: "1" } };
    const resource = await provider.create(configMap("generated"), news);
    expect(resource.id).toMatch(/\/generated-[0-9a-f]{5}$/);
    expect(await provider.diff(resource, news)).toMatchObject({ hasChanges: false });
    const updated = await provider.update(resource, { ...news, data: { a: "2" } });
    expect(plain(updated.outputs).data).toEqual({ a: "2" });
    await provider.delete(updated);
  });

  it("previews without making anything; what only the creation tells is unknown", async () => {
    const preview = await provider.create(
      { token: "kubernetes:core/v1:Service", name: "seen" },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "seen" },
        spec: { ports: [{ port: 80 }], selector: { app: "seen" } },
      },
      { preview: true },
    );
    const outputs = plain(preview.outputs);
    expect(outputs.spec).toMatchObject({ type: "ClusterIP", clusterIP: unknownValue });
    expect(outputs.metadata).toMatchObject({ uid: unknownValue });
    expect(outputs.status).toBeUndefined();
    expect(await cluster.get("v1", "Service", "seen")).toBeUndefined();
  });
});

describe("diff and update", () => {
  it("shows exactly the changed places and changes them in place", async () => {
    const resource = await provider.create({ token: "kubernetes:apps/v1:Deployment", name: "web" }, deployment("web", "nginx:1"));
    const news = deployment("web", "nginx:2");
    const diff = await provider.diff(resource, news);
    expect(diff).toMatchObject({ hasChanges: true, replaces: [] });
    expect(Object.keys(diff.paths)).toEqual(["spec.template.spec.containers[0].image"]);
    const preview = await provider.update(resource, news, { preview: true });
    expect(JSON.stringify(plain(preview.outputs).spec)).toContain("nginx:2");
    expect(JSON.stringify((await cluster.get("apps/v1", "Deployment", "web"))?.spec)).toContain("nginx:1");
    await provider.update(resource, news);
    expect(JSON.stringify((await cluster.get("apps/v1", "Deployment", "web"))?.spec)).toContain("nginx:2");
  });

  it("sees no change in another spelling of the same", async () => {
    const resource = await provider.create({ token: "kubernetes:apps/v1:Deployment", name: "spelling" }, deployment("spelling", "nginx:1"));
    const news = JSON.parse(JSON.stringify(deployment("spelling", "nginx:1")).replace("1000m", "1"));
    expect(await provider.diff(resource, news)).toMatchObject({ hasChanges: false });
  });

  it("removes a field that the program no longer names", async () => {
    const resource = await provider.create(configMap("shrinking"), settings("shrinking", { a: "1", b: "2" }));
    const updated = await provider.update(resource, settings("shrinking", { a: "1" }));
    expect(plain(updated.outputs).data).toEqual({ a: "1" });
  });

  it("makes the object anew when somebody deleted it", async () => {
    const resource = await provider.create(configMap("deleted"), settings("deleted", { a: "1" }));
    await cluster.remove("v1", "ConfigMap", "deleted");
    await provider.update(resource, settings("deleted", { a: "2" }));
    expect((await cluster.get("v1", "ConfigMap", "deleted"))?.data).toEqual({ a: "2" });
  });
});

describe("replace", () => {
  it("learns from the server that a field is immutable; a fixed name is freed first", async () => {
    const resource = await provider.create({ token: "kubernetes:apps/v1:Deployment", name: "fixed" }, deployment("fixed", "nginx:1"));
    const diff = await provider.diff(resource, deployment("fixed", "nginx:1", "other"));
    expect(diff).toMatchObject({ hasChanges: true, replaces: ["spec"], deleteBeforeReplace: true });
  });

  it("asks for another object when the name changes, and needs not delete first", async () => {
    const resource = await provider.create(configMap("renamed"), settings("renamed", { a: "1" }));
    expect(await provider.diff(resource, settings("renamed-2", { a: "1" }))).toMatchObject({
      replaces: ["metadata"],
      deleteBeforeReplace: false,
    });
  });

  it("replaces what Kubernetes forbids to change", async () => {
    const claim = (storage: string, className: string) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "claim", annotations: { "pulumi.com/skipAwait": "true" } },
      spec: { accessModes: ["ReadWriteOnce"], storageClassName: className, resources: { requests: { storage } } },
    });
    const resource = await provider.create({ token: "kubernetes:core/v1:PersistentVolumeClaim", name: "claim" }, claim("1Gi", "one"));
    expect(await provider.diff(resource, claim("1Gi", "two"))).toMatchObject({ replaces: ["spec"] });
    const binding = (role: string) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "binding" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role },
    });
    const bound = await provider.create({ token: "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", name: "binding" }, binding("one"));
    expect(await provider.diff(bound, binding("two"))).toMatchObject({ replaces: ["roleRef"], deleteBeforeReplace: true });
    const statefulSet = (serviceName: string) => {
      const { spec, ...rest } = deployment("set", "nginx:1");
      return { ...rest, kind: "StatefulSet", spec: { ...spec, serviceName } };
    };
    const set = await provider.create({ token: "kubernetes:apps/v1:StatefulSet", name: "set" }, statefulSet("one"));
    expect(await provider.diff(set, statefulSet("two"))).toMatchObject({ replaces: ["spec"] });
  });

  it("rolls a ConfigMap with a made name over, and changes one with a fixed name in place", async () => {
    const unnamed = await provider.create(configMap("rolling"), { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } });
    const news = { apiVersion: "v1", kind: "ConfigMap", data: { a: "2" } };
    expect(await provider.diff(unnamed, news)).toMatchObject({ replaces: ["data"], deleteBeforeReplace: false });
    const named = await provider.create(configMap("staying"), settings("staying", { a: "1" }));
    expect(await provider.diff(named, settings("staying", { a: "2" }))).toMatchObject({ hasChanges: true, replaces: [] });
  });
});

describe("drift", () => {
  it("shows in a refresh what somebody changed or removed of ours, and only that", async () => {
    const resource = await provider.create(configMap("drifting"), settings("drifting", { mine: "1", gone: "2", kept: "3" }));
    await cluster.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "drifting", namespace: cluster.namespace },
      data: { mine: "changed", theirs: "x" },
    });
    const refreshed = await provider.read(resource);
    expect(plain(refreshed?.inputs).data).toEqual({ mine: "changed", gone: "2", kept: "3" });
    expect(plain(refreshed?.outputs).data).toEqual({ mine: "changed", gone: "2", kept: "3", theirs: "x" });
    if (!refreshed) throw new Error("the object is gone");
    const diff = await provider.diff(refreshed, settings("drifting", { mine: "1", gone: "2", kept: "3" }));
    expect(Object.keys(diff.paths)).toEqual(["data.mine"]);
  });

  it("keeps the program's spelling where the server only writes it differently", async () => {
    const resource = await provider.create({ token: "kubernetes:apps/v1:Deployment", name: "still" }, deployment("still", "nginx:1"));
    const refreshed = await provider.read(resource);
    expect(plain(refreshed?.inputs)).toEqual(plain(resource.inputs));
  });

  it("tells that the object is gone", async () => {
    const resource = await provider.create(configMap("vanishing"), settings("vanishing", { a: "1" }));
    await cluster.remove("v1", "ConfigMap", "vanishing");
    expect(await provider.read(resource)).toBeUndefined();
  });
});

describe("import", () => {
  it("takes the fields that were applied as inputs", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "foreign", namespace: cluster.namespace, labels: { a: "b" } },
      data: { x: "y" },
    });
    const imported = await provider.read({ ...configMap("foreign"), id: `${cluster.namespace}/foreign` });
    expect(plain(imported?.inputs)).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "foreign", namespace: cluster.namespace, labels: { a: "b" } },
      data: { x: "y" },
    });
    if (!imported) throw new Error("the object is gone");
    const diff = await provider.diff(imported, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "foreign", labels: { a: "b" } },
      data: { x: "y" },
    });
    expect(diff.hasChanges).toBe(false);
  });

  it("answers nothing for an object that is not there, and refuses an id that is none", async () => {
    expect(await provider.read({ ...configMap("nobody"), id: `${cluster.namespace}/nobody` })).toBeUndefined();
    await expect(provider.read({ ...configMap("nobody"), id: "a/b/c" })).rejects.toThrow(/is not the id/);
  });
});

describe("delete", () => {
  it("waits until the object is gone, and is content when it was gone before", async () => {
    const resource = await provider.create(configMap("leaving"), settings("leaving", { a: "1" }));
    await provider.delete(resource);
    expect(await cluster.get("v1", "ConfigMap", "leaving")).toBeUndefined();
    await provider.delete(resource);
  });

  it("leaves an object alone that has only the name of the deleted one", async () => {
    const resource = await provider.create(configMap("successor"), settings("successor", { a: "1" }));
    await cluster.remove("v1", "ConfigMap", "successor");
    await cluster.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "successor", namespace: cluster.namespace },
      data: { b: "2" },
    });
    await provider.delete(resource);
    expect((await cluster.get("v1", "ConfigMap", "successor"))?.data).toEqual({ b: "2" });
  });

  it("says what holds an object that does not go", async () => {
    const news = { ...settings("held", { a: "1" }), metadata: { name: "held", finalizers: ["example.com/hold"] } };
    const resource = await provider.create(configMap("held"), news);
    await expect(provider.delete(resource, { timeoutSeconds: 2 })).rejects.toThrow(
      /ConfigMap .*held is still being deleted: .*example.com\/hold/,
    );
    await cluster.apply(
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "held", namespace: cluster.namespace } },
      String(objectAt(plain(resource.outputs)).__fieldManager),
    );
  });
});

describe("a Patch resource", () => {
  it("owns only its fields of somebody else's object and gives them back", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "theirs", namespace: cluster.namespace },
      data: { a: "1", b: "2" },
    });
    const key = { token: "kubernetes:core/v1:ConfigMapPatch", name: "patch" };
    const patch = await provider.create(key, settings("theirs", { b: "mine", c: "new" }));
    expect((await cluster.get("v1", "ConfigMap", "theirs"))?.data).toEqual({ a: "1", b: "mine", c: "new" });
    await provider.delete(patch);
    expect((await cluster.get("v1", "ConfigMap", "theirs"))?.data).toEqual({ a: "1" });
  });

  it("needs a name and an object", async () => {
    const key = { token: "kubernetes:core/v1:ConfigMapPatch", name: "patch" };
    await expect(provider.create(key, { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } })).rejects.toThrow(/must name the object/);
    await expect(provider.create(key, settings("nobody", { a: "1" }))).rejects.toThrow(/does not exist/);
  });
});
