/** The small decisions of single faults. */
import { describe, expect, it } from "vitest";
import { throttledPeriods } from "./cpu-starved.ts";
import { parseStates } from "./engine-fault.ts";
import { newFaultId } from "./fault-id.ts";
import { quote, withEach } from "./node-shell.ts";
import { allocateScript, bytesOf } from "./out-of-memory.ts";
import { serviceRangeOf } from "./outside-unreachable.ts";
import { otherValue } from "./parameter-change.ts";
import { patchArguments } from "./postgres-cluster.ts";
import { parseWorkloads, workloadsOf } from "./rolling-restart.ts";
import { isRotated, parseSecrets } from "./secret-rotation.ts";
import { moveRequest } from "./switchover.ts";

describe("newFaultId", () => {
  it("is good for a unit, a container and a file, and never the same", () => {
    expect(newFaultId("dns-down")).toMatch(/^dns-down-[0-9a-f]{6}$/);
    expect(newFaultId("dns-down")).not.toBe(newFaultId("dns-down"));
    expect(() => newFaultId("dns down; rm")).toThrow(/no name of a fault/);
  });
});

describe("shells", () => {
  it("quotes whatever is in a text", () => {
    expect(quote(`{"a":"it's"}`)).toBe(`'{"a":"it'\\''s"}'`);
  });

  it("does the same with each, all of them, and tells every failure", async () => {
    const done: number[] = [];
    const act = async (item: number) => {
      done.push(item);
      if (item > 1) throw new Error(`no ${item}`);
    };
    await expect(withEach([1, 2, 3], act)).rejects.toThrow("no 2; no 3");
    expect(done).toEqual([1, 2, 3]);
  });
});

describe("what kernel and engine say", () => {
  it("counts the periods in which processes were held back", () => {
    expect(throttledPeriods("nr_periods 12\nnr_throttled 7\nthrottled_time 5\n")).toBe(7);
    expect(throttledPeriods("")).toBe(0);
  });

  it("reads a node's state", () => {
    const node = { Name: "/n", State: { Running: true, Paused: true }, HostConfig: { CpuQuota: -1, Other: 1 } };
    expect(parseStates(JSON.stringify([node]))).toEqual([{ name: "n", running: true, paused: true, cpuQuota: -1 }]);
  });

  it("takes more memory than the limit", () => {
    expect([bytesOf("512Mi"), bytesOf("1Gi"), bytesOf("64M"), bytesOf("1024"), bytesOf("lots")]).toEqual([
      512 * 2 ** 20,
      2 ** 30,
      64e6,
      1024,
      undefined,
    ]);
    const each = Number(/1 \.\. (\d+)/.exec(allocateScript("abc", 512 * 2 ** 20))?.[1]);
    expect(4 * each).toBeGreaterThan(512);
    expect(allocateScript("abc", 512 * 2 ** 20)).toContain("$(seq 4)");
  });
});

describe("planned changes", () => {
  it("asks for the end of one reign, as ./dsp switchover does", () => {
    expect(moveRequest({ currentPrimary: "pg-1", currentPrimaryTimestamp: "2026-01-02T03:04:05.678000Z" }, "pg-2")).toEqual({
      "dsp.platform/move-primary-from": "pg-1 2026-01-02T03:04:05.678000Z",
      "dsp.platform/move-primary-to": "pg-2",
    });
  });

  it("changes a parameter to another value than it has, and takes it away by null", () => {
    expect([otherValue(undefined), otherValue("1100"), otherValue("1000")]).toEqual(["1100", "1200", "1100"]);
    expect(patchArguments("dsp", "pg", { spec: { p: null } }).at(-1)).toBe('{"spec":{"p":null}}');
  });

  it("finds every workload of a service, in order, and none that is scaled to nothing", () => {
    const item = (kind: string, name: string, app: string | undefined, replicas = 1) => ({
      kind,
      metadata: { name, namespace: "x", labels: app === undefined ? {} : { "app.kubernetes.io/name": app } },
      spec: { replicas },
    });
    const workloads = parseWorkloads(
      JSON.stringify({
        items: [
          item("Deployment", "edge-site-b", "edge"),
          item("Deployment", "edge-site-a", "edge"),
          item("Deployment", "coredns", undefined),
          item("Deployment", "gone", "edge", 0),
          item("StatefulSet", "redis", "redis"),
        ],
      }),
    );
    expect(workloadsOf("edge", workloads).map(({ name }) => name)).toEqual(["edge-site-a", "edge-site-b"]);
    expect(workloadsOf("coredns", workloads)).toMatchObject([{ kind: "deployment" }]);
    expect(workloadsOf("redis", workloads)).toMatchObject([{ kind: "statefulset" }]);
    expect(workloadsOf("other", workloads)).toEqual([]);
  });

  it("knows which Secrets are the platform's own to rotate", () => {
    const lines = [
      "dsp\tservice-tls\tkubernetes.io/tls\t1",
      "dsp\tredis-tls\tkubernetes.io/tls\t5",
      "dsp\tpg-server\tkubernetes.io/tls\t2",
      "dsp\trole-record\tkubernetes.io/basic-auth\t3",
      "dsp\tredis-password\tOpaque\t4",
      "noise",
    ];
    const secrets = parseSecrets(lines.join("\n"));
    expect(secrets.filter((secret) => isRotated(secret, "certificates")).map(({ name }) => name)).toEqual(["service-tls", "redis-tls"]);
    expect(secrets.filter((secret) => isRotated(secret, "operator-certificates")).map(({ name }) => name)).toEqual(["pg-server"]);
    expect(secrets.filter((secret) => isRotated(secret, "passwords")).map(({ name }) => name)).toEqual(["role-record", "redis-password"]);
  });
});

describe("serviceRangeOf", () => {
  it("reads what the API servers were started with", () => {
    const container = { name: "c", id: undefined, restarts: 0, lastEnd: undefined, env: {}, memoryLimit: undefined };
    const pod = {
      ...{ namespace: "n", name: "p", uid: "u", node: "", site: "", address: undefined, labels: {}, owner: undefined, claims: [] },
      ...{ ready: true, leaving: false, finished: false },
      containers: [{ ...container, command: ["kube-apiserver", "--service-cluster-ip-range=10.96.0.0/16"] }],
    };
    expect(serviceRangeOf({ nodes: [], pods: [pod] })).toBe("10.96.0.0/16");
    expect(serviceRangeOf({ nodes: [], pods: [] })).toBeUndefined();
  });
});
