import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import { planSecrets } from "../infra/secrets/generate.ts";
import type { Secrets } from "../infra/secrets/shape.ts";
import { helm } from "./helm.ts";

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

interface Platform {
  made: Made[];
  outputs: Record<string, unknown>;
}

/** How Pulumi marks a value as secret on its way to the engine, which then encrypts it. */
const secretMark = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"] as const;

const folder = mkdtempSync(join(tmpdir(), "dsp-program-"));
const manifest = join(folder, "operator.yaml");
let secrets: Secrets;

/** The smallest manifest of the operator's shape. */
const operatorManifest = `
apiVersion: v1
kind: Namespace
metadata: {name: cnpg-system}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusters.postgresql.cnpg.io}
spec: {group: postgresql.cnpg.io}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cnpg-controller-manager, namespace: cnpg-system}
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: manager
          image: somewhere.example/cloudnative-pg:1.30.0
          args: [controller, --leader-elect]
          env: [{name: OPERATOR_IMAGE_NAME, value: "somewhere.example/cloudnative-pg:1.30.0"}]
`;

const images = {
  postgres: "dsp/postgres:17",
  redis: "dsp/redis:8",
  edge: "dsp/edge:3",
  operator: "dsp/cloudnative-pg:1.30.0",
  services: "dsp/services:abc",
};

function settings(kind: "lab" | "cluster"): Record<string, unknown> {
  const common = { kind, context: "somewhere", images, operatorManifest: manifest, publicUrl: "https://dsp.example.org/fhir", secrets };
  if (kind === "lab")
    return {
      ...common,
      edge: { virtualIp: "172.28.255.1", peers: ["172.28.0.5", "172.28.0.7"], voters: { witness: ["172.28.0.8:10250"] } },
    };
  return {
    ...common,
    sites: { a: "eu-1a", b: "eu-1b", witness: "eu-1c" },
    storageClass: "fast",
    edge: { loadBalancerClass: "metallb" },
    instancesPerSite: 2,
  };
}

/** Runs infra/index.ts against Pulumi's mocks: charts are really rendered, nothing else leaves the process. */
async function runProgram(raw: Record<string, unknown>): Promise<Platform> {
  const made: Made[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        made.push({ type, name, inputs });
        return { id: `${name}-id`, state: inputs };
      },
      call: ({ token, inputs }) => {
        if (token !== "kubernetes:helm:template") throw new Error(`the program asked for ${token}`);
        const { path, namespace, release_name, values } = JSON.parse(inputs.jsonOpts);
        const rendered = helm(["template", release_name, path, "--namespace", namespace, "--values", "-"], JSON.stringify(values));
        if (rendered.code !== 0) throw new Error(rendered.problem);
        return { result: parseAllDocuments(rendered.output).map((document) => document.toJS()) };
      },
    },
    "dsp",
    "test",
  );
  const texts = Object.entries(raw).map(([key, value]) => [`dsp:${key}`, typeof value === "string" ? value : JSON.stringify(value)]);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts));
  vi.resetModules();
  const program = await import("../infra/index.ts");
  const outputs = await resolved(program);
  await pulumi.runtime.disconnect();
  return { made, outputs };
}

async function resolved(values: object): Promise<Record<string, unknown>> {
  return await new Promise((resolve) => {
    pulumi.output({ ...values }).apply(resolve);
  });
}

function find(platform: Platform, type: string, name: string): Made {
  const found = platform.made.find((resource) => resource.type === type && resource.name === name);
  if (!found)
    throw new Error(`no ${type} ${name} among ${platform.made.map((resource) => `${resource.type} ${resource.name}`).join(", ")}`);
  return found;
}

/** Every text that must be seen nowhere but in a Secret. */
function secretTexts(): string[] {
  return [
    secrets.ca.key,
    secrets.edge.key,
    secrets.service.key,
    secrets.tokenKeys.signing.d,
    secrets.redisPassword,
    ...Object.values(secrets.postgresPasswords),
  ];
}

beforeAll(async () => {
  writeFileSync(manifest, operatorManifest);
  secrets = (await planSecrets({}, { edgeNames: ["dsp.example.org"], namespace: "dsp", services: ["record"] })).secrets;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the lab's platform", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await runProgram(settings("lab"));
  });

  it("has every element", () => {
    for (const [type, name] of [
      ["kubernetes:core/v1:Namespace", "dsp"],
      ["kubernetes:apps/v1:Deployment", "cnpg-system/cnpg-controller-manager"],
      ["kubernetes:postgresql.cnpg.io/v1:Cluster", "dsp/pg"],
      ["kubernetes:postgresql.cnpg.io/v1:Database", "dsp/dsp"],
      ["kubernetes:core/v1:Service", "dsp/pg-instances"],
      ["kubernetes:apps/v1:StatefulSet", "dsp/redis"],
      ["kubernetes:apps/v1:Deployment", "dsp/record"],
      ["kubernetes:batch/v1:Job", "dsp/record-seed"],
      ["kubernetes:apps/v1:Deployment", "dsp-edge/edge-site-a"],
      ["kubernetes:apps/v1:Deployment", "dsp-edge/edge-site-b"],
      ["kubernetes:networking.k8s.io/v1:NetworkPolicy", "dsp/default-deny"],
      ["kubernetes:scheduling.k8s.io/v1:PriorityClass", "dsp-data"],
    ] as const) {
      find(platform, type, name);
    }
  });

  it("keeps secrets in Secrets and nowhere else", () => {
    const elsewhere = JSON.stringify(platform.made.filter(({ type }) => type !== "kubernetes:core/v1:Secret"));
    for (const text of secretTexts()) {
      expect(elsewhere).not.toContain(JSON.stringify(text).slice(1, -1));
      expect(elsewhere).not.toContain(Buffer.from(text).toString("base64"));
    }
    for (const { name, inputs } of platform.made.filter(({ type }) => type === "kubernetes:core/v1:Secret")) {
      expect(inputs.data, `${name} is marked as secret`).toHaveProperty(secretMark[0], secretMark[1]);
    }
    const { data } = find(platform, "kubernetes:core/v1:Secret", "dsp/redis-password").inputs as { data: { value: { password: string } } };
    expect(Buffer.from(data.value.password, "base64").toString()).toBe(secrets.redisPassword);
  });

  it("restricts every namespace but the edge's, which holds an address", () => {
    const level = (name: string) => {
      const { metadata } = find(platform, "kubernetes:core/v1:Namespace", name).inputs as { metadata: { labels: Record<string, string> } };
      return metadata.labels["pod-security.kubernetes.io/enforce"];
    };
    expect([level("dsp"), level("cnpg-system"), level("dsp-edge")]).toEqual(["restricted", "restricted", "privileged"]);
  });

  it("gives every pod a priority class and every workload of ours a disruption budget", () => {
    const workloads = platform.made.filter(({ type }) => /:(Deployment|StatefulSet)$/.test(type));
    expect(workloads).toHaveLength(5);
    for (const { name, inputs } of workloads) {
      const { spec } = inputs as { spec: { template: { spec: { priorityClassName?: string } } } };
      expect(spec.template.spec.priorityClassName, name).toMatch(/^dsp-/);
    }
    const budgets = platform.made.filter(({ type }) => type.endsWith(":PodDisruptionBudget")).map(({ name }) => name);
    // One pod on its own node needs none: the other site's edge takes over.
    expect(budgets.toSorted()).toEqual(["dsp/record", "dsp/redis", "operator-budget"]);
  });

  it("says where it is and what the pod network does not enforce", () => {
    expect(platform.outputs).toMatchObject({
      endpoints: { fhir: "https://dsp.example.org/fhir", ca: secrets.ca.certificate },
      virtualIp: "172.28.255.1",
      networkPolicyEnforced: false,
      cluster: { namespace: "dsp", postgresCluster: "pg", sites: ["site-a", "site-b"], witness: "witness" },
    });
  });
});

describe("a real cluster's platform", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await runProgram(settings("cluster"));
  });

  it("stands behind the cluster's load balancer without any right on a node", () => {
    const { spec } = find(platform, "kubernetes:core/v1:Service", "dsp-edge/edge").inputs as { spec: Record<string, unknown> };
    expect(spec).toMatchObject({ type: "LoadBalancer", loadBalancerClass: "metallb" });
    const { metadata } = find(platform, "kubernetes:core/v1:Namespace", "dsp-edge").inputs as {
      metadata: { labels: Record<string, string> };
    };
    expect(metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
    expect(JSON.stringify(platform.made)).not.toContain("hostNetwork");
    expect(platform.outputs.virtualIp).toBeNull();
  });

  it("uses its zones, storage class and five instances, and sows nothing", () => {
    const { spec } = find(platform, "kubernetes:postgresql.cnpg.io/v1:Cluster", "dsp/pg").inputs as { spec: Record<string, unknown> };
    expect(spec).toMatchObject({
      instances: 5,
      storage: { storageClass: "fast", size: "20Gi" },
      postgresql: { synchronous: { number: 2 } },
    });
    find(platform, "kubernetes:apps/v1:Deployment", "dsp-edge/edge-eu-1b");
    expect(platform.made.some(({ type }) => type.endsWith(":Job"))).toBe(false);
    expect(platform.outputs.networkPolicyEnforced).toBe(true);
  });
});

describe("a platform that cannot be", () => {
  it("says every wrong setting before any resource exists", async () => {
    await expect(runProgram({ kind: "lab", edge: {} })).rejects.toThrow(/dsp:context[\s\S]*dsp:images[\s\S]*dsp:edge\.virtualIp/);
  });

  it("refuses a manifest that is none", async () => {
    writeFileSync(join(folder, "other.yaml"), "kind: ConfigMap");
    await expect(runProgram({ ...settings("lab"), operatorManifest: join(folder, "other.yaml") })).rejects.toThrow(/has no Deployment/);
  });
});
