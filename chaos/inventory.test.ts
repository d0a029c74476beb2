import { describe, expect, it } from "vitest";
import { carriedWith, counts, makeInventory, parsePods, uncovered, unreadyPods } from "./inventory.ts";

interface PodChanges {
  owner?: { kind: string; name: string };
  labels?: Record<string, string>;
  node?: string;
  claims?: string[];
  image?: string;
  phase?: string;
  ready?: boolean;
  deleted?: boolean;
}

function pod(namespace: string, name: string, changes: PodChanges = {}) {
  const { owner, labels = {}, node = "node-1", claims = [], image = "dsp/x:1", phase = "Running", ready = true, deleted = false } = changes;
  return {
    metadata: {
      name,
      namespace,
      labels,
      ...(owner ? { ownerReferences: [owner] } : {}),
      ...(deleted ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: {
      nodeName: node,
      containers: [{ image }],
      volumes: claims.map((claimName) => ({ name: "v", persistentVolumeClaim: { claimName } })),
    },
    status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

const record = (name: string, node = "node-1") =>
  pod("dsp", name, {
    node,
    owner: { kind: "ReplicaSet", name: "record-5d9f7c" },
    labels: { "pod-template-hash": "5d9f7c", "app.kubernetes.io/name": "record" },
  });

const pods = [
  record("record-5d9f7c-x2x4z"),
  record("record-5d9f7c-b7b7b", "node-2"),
  pod("dsp", "pg-1", { owner: { kind: "Cluster", name: "pg" }, labels: { "cnpg.io/cluster": "pg" }, claims: ["pg-1"] }),
  pod("dsp", "redis-0", { owner: { kind: "StatefulSet", name: "redis" }, claims: ["data-redis-0"], node: "node-2" }),
  pod("kube-system", "etcd-node-1", { owner: { kind: "Node", name: "node-1" }, image: "registry.k8s.io/etcd:3" }),
  pod("kube-system", "kube-apiserver-node-1", { owner: { kind: "Node", name: "node-1" } }),
  pod("dsp", "record-seed-abcde", { owner: { kind: "Job", name: "record-seed" }, phase: "Succeeded", ready: false }),
  pod("dsp-edge", "edge-site-a-77c6d-aaaaa", {
    owner: { kind: "ReplicaSet", name: "edge-site-a-77c6d" },
    labels: { "pod-template-hash": "77c6d", "app.kubernetes.io/name": "edge" },
  }),
  pod("cnpg-system", "cnpg-controller-manager-99-bbbbb", {
    owner: { kind: "ReplicaSet", name: "cnpg-controller-manager-99" },
    labels: { "pod-template-hash": "99" },
  }),
];
const list = (items: unknown[]) => JSON.stringify({ items });
const named = (name: string, namespace?: string) => ({ metadata: { name, ...(namespace ? { namespace } : {}) } });

const inventory = makeInventory({
  nodes: list([named("node-1"), named("node-2")]),
  pods: list(pods),
  claims: list([
    ...[named("pg-1", "dsp"), named("data-redis-0", "dsp"), named("backup-site-b", "dsp")],
    { metadata: { ...named("backup-site-a", "dsp").metadata, annotations: { "volume.kubernetes.io/selected-node": "node-2" } } },
  ]),
  services: list([
    { ...named("pg-rw", "dsp"), spec: { selector: { "cnpg.io/cluster": "pg" } } },
    { ...named("kubernetes", "default"), spec: {} },
  ]),
  certificates: "dsp-edge/edge-tls\n",
  deployments: list([named("record", "dsp"), named("cnpg-controller-manager", "cnpg-system")]),
  virtualIp: "192.0.2.1",
});

describe("the inventory", () => {
  it("names every element, pods by what makes them anew", () => {
    expect(inventory.map(({ name }) => name)).toEqual([
      "address/192.0.2.1",
      "address/default/kubernetes",
      "address/dsp/pg-rw",
      "certificate/dsp-edge/edge-tls",
      "node/node-1",
      "node/node-2",
      "operator/cnpg-system/cnpg-controller-manager",
      "outside/docker.io",
      "outside/registry.k8s.io",
      "pod/cnpg-system/cnpg-controller-manager",
      "pod/dsp-edge/edge-site-a",
      "pod/dsp/pg",
      "pod/dsp/record",
      "pod/dsp/redis",
      "pod/kube-system/etcd",
      "pod/kube-system/kube-apiserver",
      "volume/backup-site-a",
      "volume/data-redis-0",
      "volume/pg-1",
    ]);
  });

  it("names what no drill hits", () => {
    const most = inventory.map(({ name }) => name).filter((name) => name !== "volume/pg-1" && name !== "node/node-2");
    expect(uncovered(inventory, most)).toEqual(["node/node-2", "volume/pg-1"]);
    expect(uncovered(inventory, [])).toEqual(inventory.map(({ name }) => name));
  });

  it("counts an address and an operator as hit with the pods that they stand on", () => {
    const missed = uncovered(inventory, [
      "pod/dsp/pg-1",
      "pod/kube-system/kube-apiserver",
      "pod/dsp-edge/edge-site-a",
      "pod/cnpg-system/cnpg-controller-manager",
    ]);
    for (const name of [
      "address/dsp/pg-rw",
      "address/default/kubernetes",
      "address/192.0.2.1",
      "operator/cnpg-system/cnpg-controller-manager",
    ])
      expect(missed).not.toContain(name);
    expect(missed).toContain("volume/pg-1");
  });

  it("counts a volume that no pod uses, such as a backup's, as hit with its node, and leaves out one that was never used", () => {
    expect(uncovered(inventory, [])).toContain("volume/backup-site-a");
    expect(uncovered(inventory, ["node/node-2"])).not.toContain("volume/backup-site-a");
    expect(uncovered(inventory, ["node/node-1"])).toContain("volume/backup-site-a");
    expect(inventory.map(({ name }) => name)).not.toContain("volume/backup-site-b");
  });
});

describe("a hit", () => {
  it.each([
    ["pod/dsp/record-5d9f7c-x2x4z", "pod/dsp/record", true],
    ["pod/dsp/pg-1", "pod/dsp/pg", true],
    ["pod/dsp/redis-0", "pod/dsp/redis", true],
    ["pod/kube-system/coredns-abcde", "pod/kube-system/coredns", true],
    ["outside/*", "outside/docker.io", true],
    ["node/node-1", "node/node-1", true],
    ["node/node-10", "node/node-1", false],
    ["pod/dsp/record-site-a-5d9f7c-x2x4z", "pod/dsp/record", false],
    ["pod/dsp/redis-sentinel-0", "pod/dsp/redis", false],
    ["pod/other/record", "pod/dsp/record", false],
    ["outside/*", "node/node-1", false],
  ])("%s counts for %s: %s", (hit, element, expected) => {
    expect(counts(hit, element)).toBe(expected);
  });
});

describe("pods", () => {
  it("of a lost node go with it, and their volumes, but not what had ended", () => {
    expect(carriedWith(["node/node-1", "address/x"], parsePods(list(pods)))).toEqual([
      "pod/dsp/record",
      "pod/dsp/pg",
      "volume/pg-1",
      "pod/kube-system/etcd",
      "pod/kube-system/kube-apiserver",
      "pod/dsp-edge/edge-site-a",
      "pod/cnpg-system/cnpg-controller-manager",
    ]);
  });

  it("are not ready while they leave or are not, unless they have ended", () => {
    const some = [
      pod("a", "one"),
      pod("a", "two", { ready: false }),
      pod("a", "three", { deleted: true }),
      pod("a", "job", { phase: "Succeeded", ready: false }),
    ];
    expect(unreadyPods(parsePods(list(some)))).toEqual(["a/two is not ready", "a/three is being taken away"]);
  });
});
