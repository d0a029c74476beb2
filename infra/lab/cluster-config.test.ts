import { expect, test } from "vitest";
import { parse } from "yaml";
import { kindConfig, labNodes } from "./cluster-config.ts";
import { upstreamImages, upstreamTools } from "./upstream.ts";

const settings = { artifacts: "packages", subnet: "172.28.0.0/16", edgePort: 8443, apiPort: 16443 } as const;

test("a control plane in each of three zones, two workers in each of the two sites", () => {
  const zones = (role: string) => labNodes.filter((node) => node.role === role).map((node) => node.site);
  expect(zones("control-plane").sort()).toEqual(["site-a", "site-b", "witness"]);
  expect(zones("worker").sort()).toEqual(["site-a", "site-a", "site-b", "site-b"]);
  expect(
    labNodes
      .filter((node) => node.edge)
      .map((node) => node.site)
      .sort(),
  ).toEqual(["site-a", "site-b"]);
});

test("kind is given every node's zone, and the API only on localhost", () => {
  const config = parse(kindConfig("dsp/node:1", settings)) as {
    networking: Record<string, unknown>;
    nodes: { image: string; labels: Record<string, string> }[];
  };
  expect(config.networking).toMatchObject({ apiServerAddress: "127.0.0.1", apiServerPort: 16443, disableDefaultCNI: true });
  expect(config.nodes.map((node) => node.labels["topology.kubernetes.io/zone"])).toEqual(labNodes.map((node) => node.site));
});

test("from upstream, kind brings its own pod network and Kubernetes' own image names", () => {
  const text = kindConfig("dsp/node:upstream", { ...settings, artifacts: "upstream" });
  expect(parse(text)).toMatchObject({ networking: { disableDefaultCNI: false } });
  expect(text).not.toContain("imageRepository");
});

test("everything from upstream is pinned by SHA-256", () => {
  for (const reference of Object.values(upstreamImages)) expect(reference).toMatch(/@sha256:[0-9a-f]{64}$/);
  for (const { sha256 } of Object.values(upstreamTools)) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
});
