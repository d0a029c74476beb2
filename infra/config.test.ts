import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError, parseSettings } from "./config.ts";
import { planSecrets } from "./secrets/generate.ts";

let secrets = "";
beforeAll(async () => {
  secrets = JSON.stringify(
    (await planSecrets({}, { edgeNames: ["localhost"], namespace: "dsp", services: ["record"], callers: ["portal"] })).secrets,
  );
});

const images = {
  postgres: "dsp/postgres:17",
  redis: "dsp/redis:8",
  edge: "dsp/edge:3",
  operator: "registry.example:5000/dsp/cloudnative-pg:1.30.0",
  services: `dsp/services@sha256:${"a".repeat(64)}`,
};

function lab(changes: Record<string, string> = {}): Record<string, string> {
  return {
    kind: "lab",
    kubeconfig: "/tmp/kubeconfig",
    context: "kind-dsp",
    images: JSON.stringify(images),
    operatorManifest: "/tmp/cnpg.yaml",
    edge: JSON.stringify({ virtualIp: "172.28.255.1", peers: ["172.28.0.5", "172.28.0.7"] }),
    publicUrl: "https://172.28.255.1/fhir",
    secrets,
    ...changes,
  };
}

function problemsOf(raw: Record<string, string>): readonly string[] {
  try {
    parseSettings(raw);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("parseSettings", () => {
  it("completes the lab's settings with the defaults of its kind", () => {
    const settings = parseSettings(lab());
    expect(settings.sites).toEqual({ a: "site-a", b: "site-b", witness: "witness" });
    expect(settings).toMatchObject({
      replicasPerSite: 2,
      instancesPerSite: 1,
      seed: true,
      networkPolicyEnforced: false,
      storageClass: "standard",
    });
    expect(settings.edge).toMatchObject({ mode: "virtual-ip", prefixLength: 16, interface: "" });
  });

  it("reads numbers and truth values from Pulumi's texts", () => {
    expect(parseSettings(lab({ replicasPerSite: "3", instancesPerSite: "2", seed: "false" }))).toMatchObject({
      replicasPerSite: 3,
      instancesPerSite: 2,
      seed: false,
    });
  });

  it("takes a cluster with a load balancer", () => {
    const sites = JSON.stringify({ a: "eu-1a", b: "eu-1b", witness: "eu-1c" });
    const settings = parseSettings(lab({ kind: "cluster", sites, edge: JSON.stringify({ loadBalancerClass: "metallb" }) }));
    expect(settings.edge).toEqual({ mode: "load-balancer", loadBalancerClass: "metallb", loadBalancerAnnotations: {} });
    expect(settings).toMatchObject({ seed: false, networkPolicyEnforced: true, storageClass: undefined, storageSize: "20Gi" });
  });

  it("lets notifications into inside networks only where nobody depends on the platform", () => {
    const sites = JSON.stringify({ a: "eu-1a", b: "eu-1b", witness: "eu-1c" });
    const cluster = { kind: "cluster", sites, edge: "{}" };
    const webhooks = JSON.stringify({ allowedNetworks: ["172.28.0.1/32"] });
    expect(parseSettings(lab()).webhooks).toEqual({ allowedNetworks: [] });
    expect(parseSettings(lab({ webhooks })).webhooks).toEqual({ allowedNetworks: ["172.28.0.1/32"] });
    expect(parseSettings(lab({ ...cluster, webhooks, production: "false" })).webhooks.allowedNetworks).toHaveLength(1);
    expect(problemsOf(lab({ ...cluster, webhooks }))).toEqual([expect.stringContaining("dsp:webhooks.allowedNetworks is for labs")]);
    expect(problemsOf(lab({ webhooks, production: "true" }))).toEqual([
      expect.stringContaining("dsp:webhooks.allowedNetworks is for labs"),
    ]);
    expect(problemsOf(lab({ webhooks: JSON.stringify({ allowedNetworks: ["everywhere"] }) }))).toEqual([
      expect.stringContaining("dsp:webhooks.allowedNetworks.0 must be IPv4 networks"),
    ]);
  });

  it("lets drills break a lab, and a cluster only when it is told so", () => {
    const sites = JSON.stringify({ a: "eu-1a", b: "eu-1b", witness: "eu-1c" });
    const cluster = { kind: "cluster", sites, edge: "{}" };
    expect(parseSettings(lab())).toMatchObject({ drills: true, production: false });
    expect(parseSettings(lab(cluster))).toMatchObject({ drills: false, production: true });
    expect(parseSettings(lab({ ...cluster, drills: "true", production: "false" }))).toMatchObject({ drills: true, production: false });
    expect(problemsOf(lab({ drills: "perhaps" })).join()).toContain("dsp:drills");
  });

  it("takes a weakness for the lab alone, and only one that it knows", () => {
    const sites = JSON.stringify({ a: "eu-1a", b: "eu-1b", witness: "eu-1c" });
    expect(parseSettings(lab({ weakness: "no-hold" })).weakness).toBe("no-hold");
    expect(problemsOf(lab({ weakness: "no-luck" })).join()).toContain("dsp:weakness");
    expect(problemsOf(lab({ kind: "cluster", sites, edge: "{}", weakness: "no-hold" })).join()).toContain("is for the lab alone");
  });

  it("says every problem at once, in plain words", () => {
    const problems = problemsOf({
      kind: "lab",
      images: JSON.stringify({ ...images, redis: "no tag" }),
      operatorManifest: "/tmp/cnpg.yaml",
      sites: JSON.stringify({ a: "x", b: "x", witness: "y" }),
      edge: JSON.stringify({ virtualIp: "172.28.0.5", peers: ["172.28.0.5"] }),
      publicUrl: "http://insecure",
      replicasPerSite: "none",
      repliasPerSite: "2",
    });
    const text = problems.join("\n");
    for (const part of [
      "dsp:context",
      "dsp:images.redis must be an image",
      "dsp:publicUrl must be an https URL",
      "dsp:replicasPerSite",
      "dsp:repliasPerSite is no setting",
      "dsp:secrets is missing",
      "dsp:sites must name three different zones",
      "dsp:edge.peers must be the two edge nodes' addresses",
      "dsp:edge.virtualIp must be no node's own address",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toMatch(/undefined|Invalid/);
  });

  it("asks for the zones of a cluster and for the address of a lab", () => {
    expect(problemsOf(lab({ kind: "cluster", edge: "{}" }))).toEqual(["dsp:sites is missing: the zones of site a, site b and the witness"]);
    expect(problemsOf(lab({ edge: "{}" })).join()).toContain("dsp:edge.virtualIp is missing");
  });

  it("never repeats a secret in a message", () => {
    const broken = JSON.stringify({ ...JSON.parse(secrets), redisPassword: "short-secret" });
    const problems = problemsOf(lab({ secrets: broken }));
    expect(problems.join()).toContain("dsp:secrets.redisPassword");
    expect(problems.join()).not.toContain("short-secret");
  });
});
