import { describe, expect, it } from "vitest";
import { evictable } from "./node-drain.ts";
import { parseNodes, parsePods, podElement, witnessSite } from "./platform.ts";

const node = (name: string, site: string, controlPlane: boolean) => ({
  metadata: {
    name,
    uid: name,
    labels: { "topology.kubernetes.io/zone": site, ...(controlPlane ? { "node-role.kubernetes.io/control-plane": "" } : {}) },
  },
  spec: { podCIDR: "10.244.0.0/24" },
  status: { addresses: [{ type: "InternalIP", address: "172.28.0.9" }], conditions: [{ type: "Ready", status: "True" }] },
});

const nodes = parseNodes(
  JSON.stringify({
    items: [node("cp", "site-a", true), node("w10", "site-a", false), node("w2", "site-b", false), node("cp3", "third", true)],
  }),
);

const pod = (name: string, owner: { kind: string; name: string } | undefined, labels: Record<string, string> = {}, phase = "Running") => ({
  metadata: { name, namespace: "dsp", uid: `uid-${name}`, labels, ...(owner === undefined ? {} : { ownerReferences: [owner] }) },
  spec: {
    nodeName: "w2",
    containers: [{ name: "main", env: [{ name: "A", value: "1" }], resources: { limits: { memory: "512Mi" } } }],
    volumes: [{ persistentVolumeClaim: { claimName: "data" } }, {}],
  },
  status: {
    podIP: "10.244.0.7",
    phase,
    conditions: [{ type: "Ready", status: "True" }],
    containerStatuses: [
      {
        name: "main",
        containerID: "containerd://abc",
        restartCount: 2,
        lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } },
      },
    ],
  },
});

const pods = parsePods(
  JSON.stringify({
    items: [
      pod("record-5c4b-x1", { kind: "ReplicaSet", name: "record-5c4b" }, { "pod-template-hash": "5c4b" }),
      pod("redis-1", { kind: "StatefulSet", name: "redis" }),
      pod("pg-1", { kind: "Cluster", name: "pg" }),
      pod("etcd-w2", { kind: "Node", name: "w2" }),
      pod("kube-proxy-9sfh2", { kind: "DaemonSet", name: "kube-proxy" }),
      pod("record-seed-1", { kind: "Job", name: "record-seed" }, {}, "Succeeded"),
      pod("alone", undefined),
    ],
  }),
  nodes,
);

describe("the platform as the API tells it", () => {
  it("knows nodes by number, and the site without workers", () => {
    expect(nodes.map(({ name }) => name)).toEqual(["cp", "cp3", "w2", "w10"]);
    expect(nodes[0]).toMatchObject({ site: "site-a", address: "172.28.0.9", controlPlane: true, ready: true, unschedulable: false });
    expect(witnessSite({ nodes, pods })).toBe("third");
  });

  it("knows a pod's site, container, limit and last end", () => {
    expect(pods.find(({ name }) => name === "redis-1")).toMatchObject({
      site: "site-b",
      claims: ["data"],
      containers: [{ id: "abc", restarts: 2, lastEnd: "OOMKilled", memoryLimit: "512Mi", env: { A: "1" } }],
    });
  });

  it("names elements by what outlives a pod; a PostgreSQL instance by itself", () => {
    expect(pods.map(podElement)).toEqual([
      "pod/dsp/alone",
      "pod/dsp/etcd",
      "pod/dsp/kube-proxy",
      "pod/dsp/pg-1",
      "pod/dsp/record",
      "pod/dsp/record-seed",
      "pod/dsp/redis",
    ]);
  });

  it("evicts what somebody makes anew, and not what belongs to its node", () => {
    expect(evictable({ nodes, pods }, "w2").map(({ name }) => name)).toEqual(["pg-1", "record-5c4b-x1", "redis-1"]);
    expect(evictable({ nodes, pods }, "w10")).toEqual([]);
  });
});
