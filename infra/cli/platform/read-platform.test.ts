import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { describeWatchers } from "./read-platform.ts";

const sites = ["site-a", "site-b", "witness"];
const labelsOf = (site: string) => ({ "app.kubernetes.io/component": "watcher", "app.kubernetes.io/instance": `watcher-${site}` });

function deployment(site: string): V1Deployment {
  const labels = labelsOf(site);
  return { metadata: { name: `watcher-${site}`, labels }, spec: { selector: { matchLabels: labels }, template: {} } };
}

function pod(site: string, ready = true): V1Pod {
  const status = ready ? "True" : "False";
  return {
    metadata: { labels: labelsOf(site) },
    spec: { containers: [], nodeName: site },
    status: { conditions: [{ type: "Ready", status }] },
  };
}

const siteOf = ({ spec }: V1Pod) => spec?.nodeName ?? "";
const describeAll = (deployments: V1Deployment[], pods: V1Pod[]) => describeWatchers(deployments, pods, siteOf, sites);

describe("describeWatchers", () => {
  it("tells for each site whether its watcher is ready", () => {
    const pods = [pod("site-a"), pod("site-b", false), pod("witness")];
    expect(describeAll(sites.map(deployment), pods)).toEqual([
      { site: "site-a", ready: true },
      { site: "site-b", ready: false },
      { site: "witness", ready: true },
    ]);
  });

  it("misses a site's watcher that was never deployed or is on its way out", () => {
    const leaving: V1Pod = { ...pod("site-b"), metadata: { labels: labelsOf("site-b"), deletionTimestamp: new Date(0) } };
    const found = describeAll([deployment("site-a"), deployment("site-b")], [pod("site-a"), leaving, pod("witness")]);
    expect(found.map(({ ready }) => ready)).toEqual([true, false, false]);
  });

  it("takes no other pod for a watcher", () => {
    const other: V1Deployment = {
      metadata: { name: "record", labels: { "app.kubernetes.io/component": "service" } },
      spec: { selector: { matchLabels: labelsOf("site-a") }, template: {} },
    };
    expect(describeAll([other], [pod("site-a")]).every(({ ready }) => !ready)).toBe(true);
  });
});
