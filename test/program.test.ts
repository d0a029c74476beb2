import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import { planSecrets } from "../infra/secrets/generate.ts";
import type { Secrets } from "../infra/secrets/shape.ts";
import { platformServices } from "../infra/services.ts";
import { lab } from "../infra/stacks/lab.ts";
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

/** What the tests look into, of a watcher's Deployment, the Cluster and a NetworkPolicy. */
type WatcherInputs = {
  spec: {
    template: {
      metadata?: { annotations?: Record<string, string> };
      spec: {
        priorityClassName: string;
        containers: [{ env: { name: string; value?: string }[] }];
        volumes: { projected?: { sources: { secret: { name: string; items: [{ key: string }] } }[] } }[];
      };
    };
  };
};

type ClusterInputs = {
  spec: {
    failoverDelay: number;
    bootstrap: { initdb: { postInitSQL: string[] } };
    managed: { roles: { name: string; connectionLimit: number }[] };
    postgresql: { enableAlterSystem: boolean; pg_hba: string[]; parameters: Record<string, string> };
  };
};

type Workload = { resources: { requests: { cpu: string } } };

type WorkloadInputs = { spec: { template: { spec: { containers: Workload[] } } } };

/** What a pod asks for, in thousandths of a processor. */
function processorsOf({ containers }: { containers: Workload[] }): number {
  return containers.reduce((sum, { resources }) => sum + Number(/^(\d+)m$/.exec(resources.requests.cpu)?.[1]), 0);
}

type PolicyInputs = {
  spec: { podSelector: unknown; ingress: unknown[]; egress: unknown[] };
};

/** How Pulumi marks a value as secret on its way to the engine, which then encrypts it. */
const secretMark = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"] as const;

const needs = {
  edgeNames: ["dsp.example.org"],
  namespace: "dsp",
  services: platformServices.map(({ name }) => name),
  callers: ["identity", "registry", "exchange", "portal"],
};

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
      postgres: lab.postgres,
      edge: { virtualIp: "172.28.255.1", peers: ["172.28.0.5", "172.28.0.7"], voters: { witness: ["172.28.0.8:10250"] } },
      webhooks: { allowedNetworks: ["172.28.0.1/32"] },
    };
  return {
    ...common,
    sites: { a: "eu-1a", b: "eu-1b", witness: "eu-1c" },
    storageClass: "fast",
    edge: { loadBalancerClass: "metallb" },
    instancesPerSite: 2,
  };
}

/** These take their time, so that whatever does not wait for them is there before them. */
const delaysMs: Record<string, number> = {
  "dsp/pg": 1_000,
  "dsp/watcher-site-a": 250,
  "dsp/watcher-site-b": 250,
  "dsp/record": 250,
  "dsp/registry": 250,
};

/** Runs infra/index.ts against Pulumi's mocks: charts are really rendered, nothing else leaves the process. */
async function runProgram(raw: Record<string, unknown>): Promise<Platform> {
  const made: Made[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs }) => {
        await delay(delaysMs[name] ?? 0);
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

function labelsOf(platform: Platform, namespace: string): Record<string, string> {
  const { metadata } = find(platform, "kubernetes:core/v1:Namespace", namespace).inputs as { metadata: { labels: Record<string, string> } };
  return metadata.labels;
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
    ...Object.values(secrets.postgresPasswordsNext),
    ...Object.values(secrets.clientKeys).map(({ d }) => d),
    ...secrets.cookieKeys,
    secrets.factorKey,
    ...secrets.webhookKeys,
    secrets.demoPassword,
    secrets.watcherToken,
  ];
}

beforeAll(async () => {
  writeFileSync(manifest, operatorManifest);
  secrets = (await planSecrets({}, needs)).secrets;
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
      ["kubernetes:apps/v1:Deployment", "dsp/watcher-site-a"],
      ["kubernetes:apps/v1:Deployment", "dsp/watcher-site-b"],
      ["kubernetes:apps/v1:Deployment", "dsp/watcher-witness"],
      ["kubernetes:apps/v1:Deployment", "dsp/record"],
      ["kubernetes:apps/v1:Deployment", "dsp/identity"],
      ["kubernetes:apps/v1:Deployment", "dsp/registry"],
      ["kubernetes:apps/v1:Deployment", "dsp/exchange"],
      ["kubernetes:apps/v1:Deployment", "dsp/portal"],
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

  it("lets the notifications of the exchange, and nobody else's, into the inside networks that its settings name", () => {
    const told = platform.made
      .filter(({ type }) => type.endsWith(":Deployment"))
      .flatMap(({ name, inputs }) => {
        const [container] = (inputs as WatcherInputs).spec.template.spec.containers;
        return (container.env ?? []).filter((each) => each.name.startsWith("WEBHOOK_")).map((each) => [name, each.name, each.value]);
      });
    expect(told).toEqual([
      ["dsp/exchange", "WEBHOOK_ALLOWED_NETWORKS", "172.28.0.1/32"],
      ["dsp/exchange", "WEBHOOK_CA_FILE", "/etc/dsp/files/ca.crt"],
    ]);
  });

  it("gives identity and the exchange each the keys it encrypts with, and no other service any", () => {
    const mounted = platform.made
      .filter(({ type }) => type.endsWith(":Deployment"))
      .flatMap(({ name, inputs }) => {
        const { volumes = [] } = (inputs as WatcherInputs).spec.template.spec;
        const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
        return sources.filter(({ secret }) => secret?.items[0].key === "secret-keys").map(({ secret }) => [name, secret.name]);
      });
    expect(mounted.toSorted()).toEqual([
      ["dsp/exchange", "exchange-keys"],
      ["dsp/identity", "identity-keys"],
    ]);
    const { data } = find(platform, "kubernetes:core/v1:Secret", "dsp/exchange-keys").inputs as { data: { value: Record<string, string> } };
    expect(Buffer.from(data.value["secret-keys"] ?? "", "base64").toString()).toBe(secrets.webhookKeys.join("\n"));
  });

  it("is labelled for drills", () => {
    expect(labelsOf(platform, "dsp")).toMatchObject({ "dsp.platform/drills": "allowed" });
  });

  it("gives every pod a priority class and every workload of ours a disruption budget", () => {
    const workloads = platform.made.filter(({ type }) => /:(Deployment|StatefulSet)$/.test(type));
    expect(workloads).toHaveLength(12);
    for (const { name, inputs } of workloads) {
      const { spec } = inputs as { spec: { template: { spec: { priorityClassName?: string } } } };
      expect(spec.template.spec.priorityClassName, name).toMatch(/^dsp-/);
    }
    const budgets = platform.made.filter(({ type }) => type.endsWith(":PodDisruptionBudget")).map(({ name }) => name);
    // One pod on its own node needs none: the other site's edge takes over.
    expect(budgets.toSorted()).toEqual([
      "dsp/exchange",
      "dsp/identity",
      "dsp/portal",
      "dsp/record",
      "dsp/redis",
      "dsp/registry",
      "dsp/watcher",
      "operator-budget",
    ]);
  });

  it("gives the watchers Secrets that exist, with the keys they mount", () => {
    const { spec } = find(platform, "kubernetes:apps/v1:Deployment", "dsp/watcher-witness").inputs as WatcherInputs;
    const [files] = spec.template.spec.volumes.flatMap(({ projected }) => (projected ? [projected.sources] : []));
    const wanted = files?.map(({ secret }) => [secret.name, secret.items[0].key]) ?? [];
    expect(wanted).toHaveLength(5);
    // PostgreSQL's authority is made by its operator.
    for (const [name, key] of wanted.filter(([made]) => made !== "pg-ca")) {
      const { data } = find(platform, "kubernetes:core/v1:Secret", `dsp/${name}`).inputs as { data: { value: Record<string, string> } };
      expect(data.value, `${name} has ${key}`).toHaveProperty([key as string]);
    }
    const { data } = find(platform, "kubernetes:core/v1:Secret", "dsp/role-watcher").inputs as { data: { value: Record<string, string> } };
    expect(Buffer.from(data.value.username ?? "", "base64").toString()).toBe("watcher");
    expect(spec.template.metadata?.annotations?.["dsp/secret"]).toMatch(/^[0-9a-f]{16}$/);
    expect(spec.template.spec.priorityClassName).toBe("dsp-data");
  });

  it("starts no service and no watcher anew for a password or a certificate that is changed, and the edges for a certificate", async () => {
    const rotated = (await planSecrets(secrets, needs, ["postgres", "redis", "edge", "service", "redis-tls"])).secrets;
    const after = await runProgram({ ...settings("lab"), secrets: rotated });
    const digests = ({ made }: Platform) =>
      Object.fromEntries(
        made
          .filter(({ type }) => type.endsWith(":Deployment"))
          .map(({ name, inputs }) => [name, (inputs as WatcherInputs).spec.template.metadata?.annotations?.["dsp/secret"]]),
      );
    const [before, now] = [digests(platform), digests(after)];
    const changed = Object.keys(before).filter((name) => before[name] !== now[name]);
    expect(changed.toSorted()).toEqual(["dsp-edge/edge-site-a", "dsp-edge/edge-site-b"]);
  });

  it("gives the watchers' role the grants of services/watcher, and keeps connections for it", () => {
    const { spec } = find(platform, "kubernetes:postgresql.cnpg.io/v1:Cluster", "dsp/pg").inputs as ClusterInputs;
    const { postInitSQL } = spec.bootstrap.initdb;
    expect(postInitSQL[0]).toMatch(/^CREATE ROLE watcher NOLOGIN/);
    expect(postInitSQL.join("\n")).toMatch(/^GRANT ALTER SYSTEM ON PARAMETER primary_conninfo TO watcher$/m);
    expect(spec.postgresql.enableAlterSystem).toBe(true);
    expect(spec.failoverDelay).toBe(30);
    const limits = spec.managed.roles.reduce((sum, { connectionLimit }) => sum + connectionLimit, 0);
    expect(limits + 20).toBeLessThanOrEqual(Number(spec.postgresql.parameters.max_connections));
    const watcher = spec.managed.roles.find(({ name }) => name === "watcher");
    expect(watcher).toMatchObject({ passwordSecret: { name: "role-watcher" }, inRoles: ["pg_monitor", "pg_checkpoint"] });
  });

  it("lets backups copy PostgreSQL by TLS and a password, reach nothing else, and be taken in the lab when somebody asks", () => {
    const { spec } = find(platform, "kubernetes:postgresql.cnpg.io/v1:Cluster", "dsp/pg").inputs as ClusterInputs;
    expect(spec.managed.roles.find(({ name }) => name === "backup")).toMatchObject({
      replication: true,
      passwordSecret: { name: "role-backup" },
    });
    expect(spec.postgresql.pg_hba).toContain("hostssl replication backup all scram-sha-256");
    const { spec: policy } = find(platform, "kubernetes:networking.k8s.io/v1:NetworkPolicy", "dsp/backup").inputs as PolicyInputs;
    expect(policy.egress).toEqual([
      { to: [{ podSelector: { matchLabels: { "cnpg.io/cluster": "pg" } } }], ports: [{ protocol: "TCP", port: 5432 }] },
    ]);
    for (const site of ["site-a", "site-b"]) {
      const job = find(platform, "kubernetes:batch/v1:CronJob", `dsp/backup-${site}`).inputs as { spec: { suspend: boolean } };
      expect(job.spec.suspend).toBe(true);
    }
  });

  it("lets the watchers reach the instances, each other and the API, and nobody in but each other and the edge nodes", () => {
    const policy = (name: string) => find(platform, "kubernetes:networking.k8s.io/v1:NetworkPolicy", `dsp/${name}`).inputs as PolicyInputs;
    const watchers = { podSelector: { matchLabels: { "app.kubernetes.io/component": "watcher" } } };
    const port = (number: number) => ({ protocol: "TCP", port: number });
    const { spec } = policy("watcher");
    expect(spec.podSelector).toEqual(watchers.podSelector);
    const edges = (policy("service").spec.ingress[0] as { from: object[] }).from;
    expect(edges.every((from) => "ipBlock" in from)).toBe(true);
    expect(spec.ingress).toEqual([{ from: [watchers, ...edges], ports: [port(8443)] }]);
    expect(spec.egress).toEqual([
      { to: [{ podSelector: { matchLabels: { "cnpg.io/cluster": "pg" } } }], ports: [port(5432)] },
      { to: [watchers], ports: [port(8443)] },
      { ports: [port(443), port(6443)] },
    ]);
    expect(policy("postgres").spec.ingress[0]).toMatchObject({ from: expect.arrayContaining([watchers]), ports: [port(5432)] });
    const { metadata } = find(platform, "kubernetes:apps/v1:Deployment", "dsp/watcher-site-a").inputs as {
      metadata: { labels: Record<string, string> };
    };
    expect(metadata.labels).toMatchObject(watchers.podSelector.matchLabels);
  });

  const edges = ["dsp-edge/edge-site-a", "dsp-edge/edge-site-b"];
  const watchers = ["dsp/watcher-site-a", "dsp/watcher-site-b", "dsp/watcher-witness"];
  const services = platformServices.map(({ name }) => `dsp/${name}`);
  it.each([
    ["edges and then watchers", [...edges, ...watchers]],
    ["watchers, once PostgreSQL is there,", ["dsp/pg", ...watchers]],
    ["services, once PostgreSQL is there,", ["dsp/pg", ...services]],
  ])("changes %s one after the other", (_, inOrder) => {
    const made = platform.made.filter(({ type }) => /:(Cluster|Deployment)$/.test(type)).map(({ name }) => name);
    const places = inOrder.map((name) => made.indexOf(name));
    expect(places).toEqual(places.toSorted((left, right) => left - right));
    expect(places).not.toContain(-1);
  });

  it("finds a place on one of a site's two nodes for all that the site cannot be without", () => {
    const asked = (name: string) => {
      const { template } = (find(platform, "kubernetes:apps/v1:Deployment", name).inputs as WorkloadInputs).spec;
      return processorsOf(template.spec);
    };
    // Of each service the other node's pod waits.
    const services = platformServices.map(({ name }) => asked(`dsp/${name}`));
    const redis = find(platform, "kubernetes:apps/v1:StatefulSet", "dsp/redis").inputs as WorkloadInputs;
    const cluster = find(platform, "kubernetes:postgresql.cnpg.io/v1:Cluster", "dsp/pg").inputs as { spec: Workload };
    const site = [
      ...services,
      asked("dsp-edge/edge-site-a"),
      asked("dsp/watcher-site-a"),
      asked("cnpg-system/cnpg-controller-manager"),
      processorsOf(redis.spec.template.spec),
      processorsOf({ containers: [cluster.spec] }),
    ];
    // The node's own DNS is not the program's.
    expect(site.reduce((sum, each) => sum + each, 20)).toBeLessThanOrEqual(2000);
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

  it("is not labelled for drills unless its settings say so", async () => {
    expect(labelsOf(platform, "dsp")).not.toHaveProperty(["dsp.platform/drills"]);
    const drilled = await runProgram({ ...settings("cluster"), drills: "true" });
    expect(labelsOf(drilled, "dsp")).toMatchObject({ "dsp.platform/drills": "allowed" });
  });

  it("uses its zones, storage class and five instances, and sows nothing", () => {
    const { spec } = find(platform, "kubernetes:postgresql.cnpg.io/v1:Cluster", "dsp/pg").inputs as { spec: Record<string, unknown> };
    expect(spec).toMatchObject({
      instances: 5,
      storage: { storageClass: "fast", size: "20Gi" },
      postgresql: { synchronous: { number: 2 } },
    });
    find(platform, "kubernetes:apps/v1:Deployment", "dsp-edge/edge-eu-1b");
    const watcher = find(platform, "kubernetes:apps/v1:Deployment", "dsp/watcher-eu-1c").inputs as WatcherInputs;
    const variables = Object.fromEntries(watcher.spec.template.spec.containers[0].env.map(({ name, value }) => [name, value]));
    // Of four standbys, as many must be fenced as leave no two to acknowledge.
    expect(variables).toMatchObject({ SITE: "eu-1c", SITES: "eu-1a,eu-1b,eu-1c", WITNESS_SITE: "eu-1c", SYNCHRONOUS_STANDBYS: "2" });
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
