import { describe, expect, it } from "vitest";
import { parseFacts } from "./ask-pods.ts";
import { parseSentinel } from "./ask-sentinels.ts";
import { parseView } from "./ask-watchers.ts";
import { judgePlatform, worst } from "./judge-platform.ts";
import { samplesOf } from "./metric-lines.ts";
import { postgresSights } from "./postgres-sights.ts";
import type { Platform } from "./sights.ts";

const instance = (address: string) => ({ address, port: 5432 });

describe("samplesOf", () => {
  it("finds one metric's samples, and no other whose name begins alike", () => {
    const text = '# HELP up x\nup{a="1",b="x\\"y\\\\z"} 1\nup_total{a="2"} 5\nup 0.5\n';
    expect(samplesOf(text, "up")).toEqual([
      { labels: { a: "1", b: 'x"y\\z' }, value: 1 },
      { labels: {}, value: 0.5 },
    ]);
  });
});

describe("what a pod and a watcher tell", () => {
  it("is read from their metrics; what they do not know stays out", () => {
    const pod =
      'dsp_pod_info{pod="record-1",node="unknown",service="record",site="site-a"} 1\ndsp_postgres_primary{instance="10.0.0.1:5432",site="site-a"} 1\n';
    expect(parseFacts(pod)).toEqual({ site: "site-a", pod: "record-1", primary: "10.0.0.1:5432" });
    expect(parseFacts("")).toEqual({});
    const watcher =
      'dsp_watcher_primary_timeline{instance="pg-2"} 4\ndsp_watcher_instance_up{instance="pg-1"} 0\ndsp_watcher_instance_up{instance="pg-2"} 1\n';
    expect(parseView(watcher)).toEqual({ primary: { instance: "pg-2", timeline: 4 }, instances: { "pg-1": false, "pg-2": true } });
  });
});

describe("parseSentinel", () => {
  it("reads Sentinel's lists", () => {
    const primaries = [["name", "dsp", "ip", "10.0.0.1", "port", "6379", "flags", "master"]];
    const replicas = [
      ["ip", "10.0.0.2", "port", "6379", "flags", "slave", "master-link-status", "ok"],
      ["ip", "10.0.0.3", "port", "6379", "flags", "s_down,slave", "master-link-status", "err"],
    ];
    expect(parseSentinel(primaries, replicas, "dsp")).toEqual({
      primary: "10.0.0.1:6379",
      primaryDown: false,
      replicas: [
        { address: "10.0.0.2:6379", isDown: false, isLinked: true },
        { address: "10.0.0.3:6379", isDown: true, isLinked: false },
      ],
    });
    expect(parseSentinel(primaries, replicas, "other")).toEqual({});
  });
});

describe("postgresSights", () => {
  it("tells the roles, and how far a standby is behind", () => {
    const primary = instance("10.0.0.2");
    const sights = postgresSights(
      [
        { instance: instance("10.0.0.1"), status: "answering", inRecovery: true, replayed: 900n },
        { instance: primary, status: "answering", inRecovery: false, timeline: 4, written: 1000n },
        { instance: instance("10.0.0.3"), status: "answering", inRecovery: false, timeline: 3, written: 800n },
        { instance: instance("10.0.0.4"), status: "lost", inRecovery: true },
        { instance: instance("10.0.0.5"), status: "answering", inRecovery: true, replayed: 1001n },
      ],
      primary,
    );
    expect(sights).toEqual([
      { instance: "10.0.0.2:5432", role: "primary", state: "answering", timeline: 4 },
      { instance: "10.0.0.1:5432", role: "standby", state: "answering", behindBytes: 100 },
      { instance: "10.0.0.3:5432", role: "old primary", state: "answering", timeline: 3 },
      { instance: "10.0.0.4:5432", role: undefined, state: "silent" },
      { instance: "10.0.0.5:5432", role: "standby", state: "answering", behindBytes: 0 },
    ]);
  });
});

const good: Platform = {
  at: "2026-11-27T10:00:00Z",
  seenFrom: "site-a",
  postgres: [
    { instance: "a", state: "answering", role: "primary" },
    { instance: "b", state: "answering", role: "standby", behindBytes: 10 },
  ],
  services: [{ service: "record", pods: [{ address: "1", state: "ready", primary: "a" }] }],
  sentinels: [
    { name: "s", state: "answering", primary: "p", primaryDown: false, replicas: [{ address: "r", isDown: false, isLinked: true }] },
  ],
  watchers: [
    { site: "site-a", state: "ready", isOverruled: false, primary: { instance: "pg-1", timeline: 1 }, instances: { "pg-1": true } },
  ],
  backups: undefined,
};

describe("judgePlatform", () => {
  it("finds good what is", () => {
    expect(judgePlatform(good)).toEqual({ postgres: "good", services: "good", redis: "good", watchers: "good" });
  });

  it.each<[string, Partial<Platform>, Partial<ReturnType<typeof judgePlatform>>]>([
    ["no instance known", { postgres: [] }, { postgres: "unknown" }],
    ["no standby", { postgres: good.postgres.slice(0, 1) }, { postgres: "bad" }],
    [
      "a standby far behind",
      {
        postgres: [
          { instance: "a", state: "answering", role: "primary" },
          { instance: "b", state: "answering", role: "standby", behindBytes: 1e9 },
        ],
      },
      { postgres: "bad" },
    ],
    [
      "a primary that hangs",
      {
        postgres: [
          { instance: "a", state: "slow", role: "primary" },
          { instance: "b", state: "answering", role: "standby" },
        ],
      },
      { postgres: "bad" },
    ],
    ["an old primary", { postgres: [...good.postgres, { instance: "c", state: "answering", role: "old primary" }] }, { postgres: "bad" }],
    ["a service nobody found", { services: [{ service: "record", pods: undefined }] }, { services: "unknown" }],
    ["a service without pods", { services: [{ service: "record", pods: [] }] }, { services: "bad" }],
    ["a silent pod", { services: [{ service: "record", pods: [{ address: "1", state: "silent" }] }] }, { services: "bad" }],
    [
      "pods that write to two instances",
      {
        services: [
          {
            service: "record",
            pods: [
              { address: "1", state: "ready", primary: "a" },
              { address: "2", state: "ready", primary: "b" },
            ],
          },
        ],
      },
      { services: "bad" },
    ],
    [
      "a service that is missing in a site",
      {
        services: [
          { service: "record", pods: ["site-a", "site-b"].map((site) => ({ address: site, state: "ready" as const, site })) },
          { service: "identity", pods: [{ address: "3", state: "ready", site: "site-a" }] },
        ],
      },
      { services: "bad" },
    ],
    ["no Sentinel told of", { sentinels: undefined }, { redis: "unknown" }],
    [
      "Sentinels of two minds",
      { sentinels: [...(good.sentinels ?? []), { ...good.sentinels?.[0], name: "t", state: "answering", primary: "q" }] },
      { redis: "bad" },
    ],
    ["a silent Sentinel", { sentinels: [{ name: "s", state: "silent" }] }, { redis: "bad" }],
    ["no watcher told of", { watchers: undefined }, { watchers: "unknown" }],
    [
      "an overruled site",
      { watchers: [{ ...good.watchers?.[0], site: "site-a", state: "ready", isOverruled: true }] },
      { watchers: "bad" },
    ],
    ["a watcher that sees no primary", { watchers: [{ site: "site-a", state: "ready", isOverruled: false }] }, { watchers: "bad" }],
  ])("%s is not good", (_what, change, expected) => {
    expect(judgePlatform({ ...good, ...change })).toMatchObject(expected);
  });

  it("takes the worst, and nothing for unknown", () => {
    expect([worst(["good", "unknown"]), worst(["unknown", "bad"]), worst([]), worst(["good"])]).toEqual([
      "unknown",
      "bad",
      "unknown",
      "good",
    ]);
  });
});
