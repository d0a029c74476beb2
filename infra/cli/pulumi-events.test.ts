import { describe, expect, it } from "vitest";
import { followDeployment } from "./pulumi-events.ts";

const urn = (type: string, name: string) => `urn:pulumi:lab::dsp::${type}::${name}`;
const step = (event: string, type: string, name: string, op = "create") =>
  JSON.stringify({ [event]: { metadata: { op, urn: urn(type, name), type } } });
const cluster = "kubernetes:postgresql.cnpg.io/v1:Cluster";

describe("followDeployment", () => {
  it("names what is under way and what it says of itself", () => {
    const progress = followDeployment();
    progress.take(step("resourcePreEvent", "kubernetes:core/v1:Namespace", "dsp"));
    progress.take(step("resOutputsEvent", "kubernetes:core/v1:Namespace", "dsp"));
    progress.take(step("resourcePreEvent", cluster, "pg"));
    progress.take(
      JSON.stringify({
        diagnosticEvent: { urn: urn(cluster, "pg"), message: "<{%reset%}>2 of 3\ninstances<{%reset%}>", severity: "info" },
      }),
    );
    expect(progress.text()).toBe("1 resources done, 1 under way: pg (Cluster): 2 of 3 instances");
  });

  it("keeps errors and counts changes, not what stayed the same", () => {
    const progress = followDeployment();
    progress.take(JSON.stringify({ diagnosticEvent: { urn: urn(cluster, "pg"), message: "refused", severity: "error" } }));
    progress.take(JSON.stringify({ summaryEvent: { resourceChanges: { same: 40, create: 2, delete: 0 } } }));
    expect(progress.errors()).toEqual(["pg: refused"]);
    expect(progress.changes()).toEqual({ create: 2 });
  });

  it("passes over lines it does not know, and half written ones", () => {
    const progress = followDeployment();
    progress.take('{"preludeEvent":{}}');
    progress.take('{"resourcePreEvent":{"meta');
    progress.take("");
    expect(progress.text()).toBe("0 resources done");
  });
});
