import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "./api/object.ts";
import { type JsonObject, stringAt } from "./json.ts";
import { InitializationFailure, ProviderClient, plain, type ResourceKey, urnOf } from "./testing/provider-client.ts";
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

/** Pods of this scheduler are never bound: the tests write their status themselves, as scheduler and kubelet would. */
const podSpec = { schedulerName: "nobody", containers: [{ name: "main", image: "example.invalid/nothing:1" }] };

function workload(kind: string, name: string, more: JsonObject = {}): JsonObject {
  const spec = { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: podSpec }, ...more };
  return { apiVersion: "apps/v1", kind, metadata: { name }, spec };
}

const keyOf = (kind: string, name: string, group = "apps/v1"): ResourceKey => ({ token: `kubernetes:${group}:${kind}`, name });

async function podOf(app: string): Promise<string> {
  const find = async () => stringAt((await cluster.list("v1", "Pod", `app=${app}`))[0], "metadata", "name");
  await expect.poll(find, { timeout: 20_000 }).toBeTruthy();
  return (await find()) ?? "";
}

/** Creates what cannot become ready in time and returns how it failed. */
async function stuck(key: ResourceKey, news: JsonObject, timeoutSeconds = 6): Promise<InitializationFailure> {
  const result = await provider.create(key, news, { timeoutSeconds }).catch((error: unknown) => error);
  if (result instanceof InitializationFailure) return result;
  throw result instanceof Error ? result : new Error("it became ready");
}

const now = () => new Date().toISOString();
const ready = { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: now() }] };

describe("a Deployment", () => {
  it("is awaited until its pods are available, with progress", async () => {
    const creating = provider.create(keyOf("Deployment", "good"), workload("Deployment", "good"), { timeoutSeconds: 60 });
    await cluster.setPodStatus(await podOf("good"), ready);
    const created = await creating;
    expect(plain(created.outputs).status).toMatchObject({ availableReplicas: 1 });
    const progress = provider.logs.filter((log) => log.urn === urnOf(created) && log.isStatus).map((log) => log.message);
    expect(progress.join("\n")).toMatch(/waiting for the rollout|0 of 1 replicas (updated|available)/);
  });

  it.each<[string, JsonObject, RegExp]>([
    [
      "an image that cannot be pulled",
      {
        phase: "Pending",
        containerStatuses: [
          {
            name: "main",
            image: "example.invalid/nothing:1",
            imageID: "",
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: "ImagePullBackOff", message: "no such host" } },
          },
        ],
      },
      /pod pull-.*: container main: cannot pull image example\.invalid\/nothing:1 \(ImagePullBackOff\): no such host/,
    ],
    [
      "a crash loop",
      {
        phase: "Running",
        containerStatuses: [
          {
            name: "main",
            image: "x",
            imageID: "",
            ready: false,
            restartCount: 7,
            state: { waiting: { reason: "CrashLoopBackOff" } },
            lastState: { terminated: { exitCode: 3, reason: "Error", message: "no configuration" } },
          },
        ],
      },
      /crashes again and again \(CrashLoopBackOff, 7 restarts\): Error, exit code 3: no configuration/,
    ],
    [
      "a pod that fits nowhere",
      {
        phase: "Pending",
        conditions: [
          { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/7 nodes are available", lastTransitionTime: now() },
        ],
      },
      /unschedulable: 0\/7 nodes are available/,
    ],
  ])("stuck for %s says so, in the progress and in the end", async (title, status, reason) => {
    const name = title.includes("image") ? "pull" : title.includes("crash") ? "crash" : "nowhere";
    const creating = stuck(keyOf("Deployment", name), workload("Deployment", name), 7);
    await cluster.setPodStatus(await podOf(name), status);
    const failure = await creating;
    expect(failure.reasons[0]).toMatch(/0 of 1 replicas available/);
    expect(failure.reasons.join("\n")).toMatch(reason);
    expect(failure.resource.id).toBe(`${cluster.namespace}/${name}`);
    expect(plain(failure.resource.outputs).spec).toBeDefined();
    expect(provider.logs.some((log) => log.isStatus && reason.test(log.message))).toBe(true);
  });

  it("whose pods are refused tells by whom and why", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "none", namespace: cluster.namespace },
      spec: { hard: { "requests.memory": "1Mi" } },
    } as KubernetesObject);
    const failure = await stuck(keyOf("Deployment", "refused"), workload("Deployment", "refused"), 8);
    await cluster.remove("v1", "ResourceQuota", "none");
    expect(failure.reasons.join("\n")).toMatch(/FailedCreate.*quota/);
  });

  it("that did not become ready is awaited again by the next update", async () => {
    const { resource } = await stuck(keyOf("Deployment", "later"), workload("Deployment", "later"), 3);
    await cluster.setPodStatus(await podOf("later"), ready);
    const updated = await provider.update(resource, workload("Deployment", "later"), { timeoutSeconds: 30 });
    expect(plain(updated.outputs).status).toMatchObject({ availableReplicas: 1 });
  });

  it("is not awaited when its annotation says so", async () => {
    const news = { ...workload("Deployment", "skipped"), metadata: { name: "skipped", annotations: { "pulumi.com/skipAwait": "true" } } };
    await provider.create(keyOf("Deployment", "skipped"), news);
  });
});

describe("other workloads", () => {
  it("a StatefulSet is awaited pod after pod", async () => {
    const news = workload("StatefulSet", "set", { serviceName: "set", replicas: 2 });
    const creating = provider.create(keyOf("StatefulSet", "set"), news, { timeoutSeconds: 60 });
    for (const pod of ["set-0", "set-1"]) {
      await expect.poll(() => cluster.get("v1", "Pod", pod), { timeout: 20_000 }).toBeDefined();
      await cluster.setPodStatus(pod, ready);
    }
    expect(plain((await creating).outputs).status).toMatchObject({ readyReplicas: 2 });
  });

  it("a DaemonSet that no node wants is ready at once", async () => {
    const spec = { template: { metadata: { labels: { app: "daemon" } }, spec: { ...podSpec, nodeSelector: { "no-such-label": "x" } } } };
    await provider.create(keyOf("DaemonSet", "daemon"), workload("DaemonSet", "daemon", spec), { timeoutSeconds: 30 });
  });

  it("a Job is awaited until it is complete, and fails when it failed, before its time is over", async () => {
    const job = (name: string) => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name },
      spec: { backoffLimit: 0, template: { metadata: { labels: { app: name } }, spec: { ...podSpec, restartPolicy: "Never" } } },
    });
    const completing = provider.create(keyOf("Job", "complete", "batch/v1"), job("complete"), { timeoutSeconds: 60 });
    await cluster.setPodStatus(await podOf("complete"), { phase: "Succeeded" });
    expect(plain((await completing).outputs).status).toMatchObject({ succeeded: 1 });
    const failing = stuck(keyOf("Job", "failing", "batch/v1"), job("failing"), 100);
    await cluster.setPodStatus(await podOf("failing"), { phase: "Failed", message: "out of memory" });
    expect((await failing).reasons.join("\n")).toMatch(/the job failed: BackoffLimitExceeded/);
  });
});

describe("a Service", () => {
  const service = (name: string, spec: JsonObject = {}) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  });
  const key = (name: string) => keyOf("Service", name, "core/v1");

  it("is awaited until a ready pod stands behind it", async () => {
    const failure = await stuck(key("lonely"), service("lonely"), 3);
    expect(failure.reasons[0]).toMatch(/^not ready after \d+ s: no pod matches its selector \(app=lonely\)$/);
    const awaiting = provider.update(failure.resource, service("lonely"), { timeoutSeconds: 30 });
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      addressType: "IPv4",
      metadata: { name: "lonely-1", namespace: cluster.namespace, labels: { "kubernetes.io/service-name": "lonely" } },
    };
    await cluster.apply({ ...slice, endpoints: [{ addresses: ["10.1.2.3"], conditions: { ready: true } }] } as KubernetesObject);
    await awaiting;
  });

  it("without selector or cluster address is ready at once", async () => {
    await provider.create(key("headless"), service("headless", { clusterIP: "None" }));
    await provider.create(key("bare"), { apiVersion: "v1", kind: "Service", metadata: { name: "bare" }, spec: { ports: [{ port: 80 }] } });
  });

  it("of type LoadBalancer waits for an address", async () => {
    const failure = await stuck(key("balanced"), service("balanced", { type: "LoadBalancer", loadBalancerClass: "example.com/none" }), 2);
    expect(failure.reasons[0]).toMatch(/load balancer's address/);
  });
});

describe("a PersistentVolumeClaim", () => {
  const claim = (name: string, storageClassName: string) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: { storageClassName, accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });

  it("waits to be bound, but not where binding waits for the first pod", async () => {
    const key = (name: string) => keyOf("PersistentVolumeClaim", name, "core/v1");
    const failure = await stuck(key("unbound"), claim("unbound", "no-such-class"), 3);
    expect(failure.reasons.join("\n")).toMatch(/waiting for a volume of storage class no-such-class/);
    const name = `${cluster.namespace}-late`;
    await cluster.apply({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name },
      provisioner: "example.com/none",
      volumeBindingMode: "WaitForFirstConsumer",
    });
    await provider.create(key("late"), claim("late", name), { timeoutSeconds: 20 });
    await cluster.remove("storage.k8s.io/v1", "StorageClass", name);
  });
});

describe("pulumi.com/waitFor", () => {
  const settings = (name: string, waitFor: string) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, annotations: { "pulumi.com/waitFor": waitFor } },
    data: { step: "begun" },
  });

  it("waits for any value of any object", async () => {
    const key = keyOf("ConfigMap", "watched", "core/v1");
    const creating = provider.create(key, settings("watched", '["jsonpath={.data.done}=yes", "jsonpath={.data.other}"]'), {
      timeoutSeconds: 30,
    });
    await expect.poll(() => cluster.get("v1", "ConfigMap", "watched"), { timeout: 10_000 }).toBeDefined();
    await cluster.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "watched", namespace: cluster.namespace },
      data: { done: "yes", other: "x" },
    });
    expect(plain((await creating).outputs).data).toMatchObject({ done: "yes" });
  });

  it("sees into an object: the pods it owns tell what holds it up", async () => {
    const creating = stuck(keyOf("ConfigMap", "owner", "core/v1"), settings("owner", "jsonpath={.data.done}"), 8);
    await expect.poll(() => cluster.get("v1", "ConfigMap", "owner"), { timeout: 10_000 }).toBeDefined();
    const uid = stringAt(await cluster.get("v1", "ConfigMap", "owner"), "metadata", "uid") ?? "";
    const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid }];
    const metadata = { name: "owned", namespace: cluster.namespace, ownerReferences };
    await cluster.apply({ apiVersion: "v1", kind: "Pod", metadata, spec: podSpec } as KubernetesObject);
    const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no room", lastTransitionTime: now() };
    await cluster.setPodStatus("owned", { conditions: [condition] });
    expect((await creating).reasons).toContain("pod owned: unschedulable: no room");
  });

  it("tells what there is instead, when the time is over", async () => {
    const failure = await stuck(keyOf("ConfigMap", "unmet", "core/v1"), settings("unmet", "jsonpath={.data.step}=ended"), 2);
    expect(failure.reasons[0]).toMatch(/: waiting for \{\.data\.step\} to be ended: it is begun$/);
  });
});

it("ends at Pulumi's Cancel, keeping the state", async () => {
  const own = new ProviderClient();
  await own.start({ kubeconfig: cluster.kubeconfig, namespace: cluster.namespace });
  const creating = own.create(keyOf("Deployment", "cancelled"), workload("Deployment", "cancelled")).catch((error: unknown) => error);
  await podOf("cancelled");
  await own.cancel();
  const failure = await creating;
  own.stop();
  expect(failure).toBeInstanceOf(InitializationFailure);
  expect((failure as InitializationFailure).reasons).toEqual(["cancelled while waiting for it to be ready"]);
});
