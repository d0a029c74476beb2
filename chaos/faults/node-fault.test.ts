import { describe, expect, it } from "vitest";
import { type Fault, type FaultContext, FaultNotPossible } from "../fault.ts";
import type { Target } from "../target.ts";
import { bareTarget } from "../testing/bare-target.ts";
import { apiProxyDown } from "./api-proxy-down.ts";
import { apiServersDown } from "./api-servers-down.ts";
import { containerFreeze } from "./container-freeze.ts";
import { cpuStarved } from "./cpu-starved.ts";
import { diskFull } from "./disk-full.ts";
import { diskStalled } from "./disk-stalled.ts";
import { dnsDown } from "./dns-down.ts";
import { edgeCutOff } from "./edge-cut-off.ts";
import { edgeKill } from "./edge-kill.ts";
import { etcdLeaderKill } from "./etcd-leader-kill.ts";
import { networkLatency } from "./network-latency.ts";
import { nodeFault } from "./node-fault.ts";
import { nodeFreeze } from "./node-freeze.ts";
import { nodeKill } from "./node-kill.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { outsideUnreachable } from "./outside-unreachable.ts";
import { processKill } from "./postgres-crash.ts";
import { primaryFreeze } from "./primary-freeze.ts";
import { primaryIsolated } from "./primary-isolated.ts";
import { redisPrimaryCutOff } from "./redis-primary-cut-off.ts";
import { redisPrimaryFreeze } from "./redis-primary-freeze.ts";
import { redisPrimaryKill } from "./redis-primary-kill.ts";
import { secretRotation } from "./secret-rotation.ts";
import { sentinelLost } from "./sentinel-lost.ts";
import { siteCutOff } from "./site-cut-off.ts";
import { siteKill } from "./site-kill.ts";
import { virtualIpTwice } from "./virtual-ip-twice.ts";

function contextOf(kind: Target["kind"], run: (node: string, script: string, args: readonly string[]) => string): FaultContext {
  const target = bareTarget({
    kind,
    // docker exec NODE bash -euo pipefail -c SCRIPT fault ARGUMENTS…
    run: async (_command, args) => run(args[1] ?? "", args[6] ?? "", args.slice(8)),
  });
  return { target, limitS: 60, signal: new AbortController().signal, log: () => undefined };
}

function planOf(parts: { node: string; inject: string; heal: string }[]) {
  return { id: "test-1", what: "two nodes", elements: ["node/a", "node/b"], parts, happened: () => Promise.resolve(undefined) };
}

const parts = ["a", "b"].map((node) => ({ node, inject: `inject ${node}`, heal: `heal ${node}` }));

describe("nodeFault", () => {
  it("breaks nothing before every node keeps the limit", async () => {
    const calls: string[] = [];
    const context = contextOf("lab", (node, script, args) => {
      calls.push(script.includes("systemd-run") ? `keep ${node} ${args[0]} ${args[1]} ${args[2]?.includes(`heal ${node}`)}` : script);
      return "active";
    });
    await nodeFault(context, planOf(parts)).inject();
    expect(calls.slice(0, 2).toSorted()).toEqual(["keep a test-1 60 true", "keep b test-1 60 true"]);
    expect(calls.slice(2).toSorted()).toEqual(["inject a", "inject b"]);
  });

  it("breaks nothing at all when one node cannot keep it", async () => {
    const calls: string[] = [];
    const context = contextOf("lab", (node, script) => {
      if (script.includes("systemd-run") && node === "b") throw new Error("no systemd");
      calls.push(script);
      return "";
    });
    await expect(nodeFault(context, planOf(parts)).inject()).rejects.toThrow("no systemd");
    expect(calls.filter((script) => script.startsWith("inject"))).toEqual([]);
  });

  it("says which node still holds the fault, or cannot be looked into", async () => {
    const context = contextOf("lab", (node) => {
      if (node === "b") throw new Error("b is down");
      return "test-1\t1000\ttwo nodes\nother-1\t1000\tsomething\n";
    });
    expect(await nodeFault(context, planOf(parts)).remains()).toEqual(["a still holds test-1", "nobody can look into b: b is down"]);
  });

  it("asks the fault itself when no node holds it any more", async () => {
    const context = contextOf("lab", () => "");
    expect(await nodeFault(context, { ...planOf(parts), remains: async () => ["too slow"] }).remains()).toEqual(["too slow"]);
  });
});

describe("on a real cluster", () => {
  const faults: Fault[] = [
    ...[containerFreeze("service"), processKill("postmaster"), primaryFreeze(), diskFull(), diskStalled(), outOfMemory("service")],
    ...[cpuStarved("worker"), nodeKill("witness"), nodeFreeze("worker"), siteKill("other"), siteCutOff("other", "both"), primaryIsolated()],
    ...[apiServersDown(), etcdLeaderKill(), apiProxyDown(), dnsDown(), edgeKill(), edgeCutOff(), virtualIpTwice(), redisPrimaryKill()],
    ...[redisPrimaryFreeze(), redisPrimaryCutOff(), sentinelLost(), outsideUnreachable(), networkLatency(), secretRotation("passwords")],
  ];

  it.each(faults.map((fault) => [fault.name, fault] as const))("%s is not possible, and asks nothing of it", async (_name, fault) => {
    const calls: string[] = [];
    const context = contextOf("cluster", (node) => {
      calls.push(node);
      return "";
    });
    await expect(fault.aim(context)).rejects.toThrow(FaultNotPossible);
    expect(calls).toEqual([]);
  });

  it("has faults of different names, good for units and files", () => {
    const names = faults.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });
});
