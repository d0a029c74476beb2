import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planSecrets } from "../infra/secrets/generate.ts";
import { chartsFolder, helm, type Rendered, refusal, render } from "./helm.ts";

const charts = ["edge", "postgres", "redis", "service"];
const virtualIp = { virtualIp: { peers: ["172.28.0.5", "172.28.0.7"] }, voters: ["172.28.0.4:10250"] };

/** The object of that kind and name; a ConfigMap is named by its content as well. */
function one(objects: Rendered[], kind: string, name: string): Rendered {
  const found = objects.find(
    (object) =>
      object.kind === kind && (object.metadata.name === name || (kind === "ConfigMap" && object.metadata.name.startsWith(`${name}-`))),
  );
  if (!found) throw new Error(`no ${kind} ${name} was rendered`);
  return found;
}

function expectRestricted(pod: Rendered["spec"]): void {
  expect(pod.securityContext.runAsNonRoot).toBe(true);
  expect(pod.securityContext.seccompProfile.type).toBe("RuntimeDefault");
  expect(pod.automountServiceAccountToken).toBe(false);
  expect(pod.hostNetwork).toBeUndefined();
  for (const container of pod.containers) {
    expect(container.securityContext, container.name).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container.securityContext.capabilities.add, container.name).toBeUndefined();
    expect(container.resources.requests, container.name).toBeDefined();
    expect(container.resources.limits.memory, container.name).toBeDefined();
  }
}

describe("every chart", () => {
  it("is one of the four", () => {
    expect(readdirSync(chartsFolder).toSorted()).toEqual(charts);
  });

  it.each(charts)("%s passes helm lint and renders with its defaults, each object in its namespace", (chart) => {
    const lint = helm(["lint", "--strict", join(chartsFolder, chart)]);
    expect(lint.code, lint.output + lint.problem).toBe(0);
    for (const object of render(chart, {}, "elsewhere")) {
      expect(object.metadata.namespace, object.metadata.name).toBe("elsewhere");
      expect(object.metadata.labels?.["app.kubernetes.io/part-of"], object.metadata.name).toBe("dsp");
    }
  });

  it.each(charts)("%s refuses a value it does not know", (chart) => {
    expect(refusal(chart, { replicasPerSight: 2 })).toContain("replicasPerSight");
  });

  it.each(charts)("%s refuses an image without tag or digest", (chart) => {
    expect(refusal(chart, { image: "dsp/latest-and-greatest" })).toContain("image");
  });
});

describe("service", () => {
  const objects = render("service", { replicasPerZone: 3, seed: { enabled: true }, priorityClassName: "dsp-service" });
  const deployment = one(objects, "Deployment", "record");
  const pod = deployment.spec.template.spec;

  it("runs under Pod Security restricted, its seed too", () => {
    expectRestricted(pod);
    expectRestricted(one(objects, "Job", "record-seed").spec.template.spec);
  });

  it("stands evenly in the two zones and never in the witness", () => {
    expect(deployment.spec.replicas).toBe(6);
    const [zone, host] = pod.topologySpreadConstraints;
    expect(zone).toMatchObject({ topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule", maxSkew: 1 });
    expect(host).toMatchObject({ topologyKey: "kubernetes.io/hostname" });
    const [term] = pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
    expect(term.matchExpressions).toEqual([{ key: "topology.kubernetes.io/zone", operator: "In", values: ["site-a", "site-b"] }]);
    expect(pod.tolerations.every((toleration: { tolerationSeconds: number }) => toleration.tolerationSeconds <= 5)).toBe(true);
  });

  it("never has fewer pods while it is rolled or drained", () => {
    expect(deployment.spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(one(objects, "PodDisruptionBudget", "record").spec.maxUnavailable).toBe(1);
    expect(pod.terminationGracePeriodSeconds).toBe(30);
  });

  it("is found by the edge pod by pod, ready or not", () => {
    expect(one(objects, "Service", "record").spec).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: true });
  });

  it("knows its site and gets secrets as files only", () => {
    const [container] = pod.containers;
    const env = new Map(container.env.map((variable: { name: string }) => [variable.name, variable]));
    expect(env.get("SITE")).toMatchObject({ valueFrom: { fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } } });
    expect(JSON.stringify(container.env)).not.toContain("secretKeyRef");
    const projected = pod.volumes.find((volume: { name: string }) => volume.name === "files").projected.sources;
    // The authority's Secret holds its key as well: only the certificate is given.
    expect(projected).toContainEqual({ secret: { name: "pg-ca", items: [{ key: "ca.crt", path: "postgres-ca.crt" }] } });
  });

  it("runs no seed unless asked", () => {
    expect(render("service").some((object) => object.kind === "Job")).toBe(false);
  });

  it("refuses bad values", () => {
    expect(refusal("service", { zones: ["site-a"] })).toContain("zones");
    expect(refusal("service", { zones: ["site-a", "site-a"] })).toContain("zones");
    expect(refusal("service", { replicasPerZone: 0 })).toContain("replicasPerZone");
    expect(refusal("service", { publicUrl: "http://plain" })).toContain("publicUrl");
    expect(refusal("service", { deadlineMs: 60_000 })).toContain("deadlineMs");
  });
});

describe("redis", () => {
  const objects = render("redis");
  const stateful = one(objects, "StatefulSet", "redis");
  const pod = stateful.spec.template.spec;

  it("runs under Pod Security restricted", () => expectRestricted(pod));

  it("stands once in each zone, the witness's control plane included", () => {
    expect(stateful.spec.replicas).toBe(3);
    expect(stateful.spec.podManagementPolicy).toBe("Parallel");
    expect(pod.topologySpreadConstraints[0]).toMatchObject({
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
    });
    expect(pod.tolerations).toContainEqual({ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" });
    expect(one(objects, "PodDisruptionBudget", "redis").spec.maxUnavailable).toBe(1);
  });

  it("gives each pod an address that outlives it", () => {
    for (const member of ["redis-0", "redis-1", "redis-2"]) {
      const { spec } = one(objects, "Service", member);
      expect(spec).toMatchObject({ type: "ClusterIP", publishNotReadyAddresses: true });
      expect(spec.selector["statefulset.kubernetes.io/pod-name"]).toBe(member);
    }
  });

  it("keeps its data and takes no write that no replica has", () => {
    const scripts = one(objects, "ConfigMap", "redis-scripts").data as Record<string, string>;
    expect(scripts["redis.sh"]).toMatch(/^appendonly yes$/m);
    expect(scripts["redis.sh"]).toMatch(/^min-replicas-to-write \$REPLICAS_TO_WRITE$/m);
    expect(stateful.spec.volumeClaimTemplates).toHaveLength(1);
    for (const [name, script] of Object.entries(scripts)) {
      expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr, name).toBe("");
    }
  });

  it("refuses a quorum or a durability that one loss would break", () => {
    expect(refusal("redis", { sentinelQuorum: 1 })).toContain("sentinelQuorum");
    expect(refusal("redis", { replicasToWrite: 0 })).toContain("replicasToWrite");
  });
});

describe("postgres", () => {
  const cluster = one(render("postgres"), "Cluster", "pg");

  it("acknowledges nothing that one zone could lose", () => {
    expect(cluster.spec.postgresql.synchronous).toEqual({ method: "any", number: 1, dataDurability: "required", failoverQuorum: true });
    expect(cluster.spec.affinity).toMatchObject({ podAntiAffinityType: "required", topologyKey: "topology.kubernetes.io/zone" });
    expect(cluster.spec.postgresql.pg_hba).toEqual(["hostnossl all all all reject"]);
    expect(cluster.spec.enableSuperuserAccess).toBe(false);
  });

  it("keeps each deadline of a failover at seconds", () => {
    const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = cluster.spec.primaryLease;
    expect(leaseDurationSeconds).toBeGreaterThan(renewDeadlineSeconds);
    expect(renewDeadlineSeconds).toBeGreaterThan(retryPeriodSeconds);
    expect(leaseDurationSeconds).toBeLessThanOrEqual(3);
    expect(cluster.spec.postgresql.parameters.wal_retrieve_retry_interval).toBe("200ms");
  });

  it("gives each service a role and a schema of its own", () => {
    const roles = ["record", "registry"].map((name) => ({ name, passwordSecret: `role-${name}`, connectionsMax: 20 }));
    const objects = render("postgres", { roles });
    const managed = one(objects, "Cluster", "pg").spec.managed.roles;
    expect(managed.map((role: { name: string }) => role.name)).toEqual(["record", "registry"]);
    expect(managed.every((role: { superuser?: boolean; createdb?: boolean }) => !role.superuser && !role.createdb)).toBe(true);
    expect(one(objects, "Database", "dsp").spec.schemas).toEqual([
      { name: "record", owner: "record", ensure: "present" },
      { name: "registry", owner: "registry", ensure: "present" },
    ]);
  });

  it("spreads two a site, and lets settings win over its own", () => {
    const { spec } = one(render("postgres", { instances: 5, synchronousStandbys: 2, parameters: { jit: "on" } }), "Cluster", "pg");
    expect(spec.affinity.topologyKey).toBe("kubernetes.io/hostname");
    expect(spec.topologySpreadConstraints[0]).toMatchObject({ maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" });
    expect(spec.postgresql.parameters.jit).toBe("on");
  });

  it("refuses numbers of instances and standbys that do not belong together", () => {
    expect(refusal("postgres", { instances: 4 })).not.toBe("");
    expect(refusal("postgres", { instances: 3, synchronousStandbys: 2 })).not.toBe("");
  });
});

describe("edge", () => {
  const objects = render("edge", virtualIp, "dsp-edge");
  const pod = one(objects, "Deployment", "edge-site-a").spec.template.spec;

  it("holds the address on its site's edge node with no more rights than that takes", () => {
    expect(pod.hostNetwork).toBe(true);
    expect(pod.nodeSelector).toEqual({ "dsp/edge": "true", "topology.kubernetes.io/zone": "site-a" });
    const added = Object.fromEntries(
      pod.containers.map((container: { name: string; securityContext: { capabilities: unknown } }) => [
        container.name,
        container.securityContext.capabilities,
      ]),
    );
    expect(added).toEqual({
      haproxy: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "SETUID", "SETGID", "KILL"] },
      keepalived: { drop: ["ALL"], add: ["NET_ADMIN", "NET_RAW", "NET_BROADCAST"] },
    });
    expect(JSON.stringify(pod)).not.toContain('"privileged":true');
  });

  it("needs no right at all behind a load balancer", () => {
    const balanced = render("edge", { mode: "load-balancer", replicas: 2, loadBalancer: { class: "metallb" } }, "dsp-edge");
    expectRestricted(one(balanced, "Deployment", "edge-site-a").spec.template.spec);
    expect(one(balanced, "Service", "edge").spec).toMatchObject({ type: "LoadBalancer", loadBalancerClass: "metallb" });
    expect(one(balanced, "PodDisruptionBudget", "edge-site-a").spec.maxUnavailable).toBe(1);
    expect(balanced.some((object) => object.kind === "Service" && object.metadata.name !== "edge")).toBe(false);
  });

  it("sends again only what is safe: every write carries a key", () => {
    const config = one(objects, "ConfigMap", "edge-site-a").data?.["haproxy.cfg"] as string;
    expect(config).toContain("retry-on conn-failure empty-response response-timeout\n");
    expect(config).toMatch(
      /set-header Idempotency-Key %\[uuid\] if \{ method POST PUT PATCH DELETE \} !\{ req\.hdr\(Idempotency-Key\) -m found \}/,
    );
    expect(config).toMatch(/on-marked-down shutdown-sessions/);
    expect(config).not.toMatch(/verify none(?!.*inter 2s)/);
  });

  it("logs nothing that could name a patient", () => {
    const config = one(objects, "ConfigMap", "edge-site-a").data?.["haproxy.cfg"] as string;
    const [format] = config.split("\n").filter((line) => line.includes("log-format"));
    expect(format).not.toMatch(/%(HU|HP|HQ|r|hr|hs|ci|cp)\b|capture/);
  });

  it.each([
    ["on the node's network", virtualIp],
    ["behind a load balancer", { mode: "load-balancer" }],
  ])("has a configuration that HAProxy takes, %s", async (_name, values) => {
    if (spawnSync("haproxy", ["-v"]).error) return expect(render("edge", values).length).toBeGreaterThan(0);
    const config = one(render("edge", values, "dsp-edge"), "ConfigMap", "edge-site-a").data?.["haproxy.cfg"] as string;
    const folder = mkdtempSync(join(tmpdir(), "dsp-edge-"));
    try {
      const { secrets } = await planSecrets({}, { edgeNames: ["localhost"], namespace: "dsp", services: ["record"] });
      for (const part of ["tls", "ca"]) mkdirSync(join(folder, part));
      writeFileSync(join(folder, "tls/tls.crt"), secrets.edge.certificate);
      writeFileSync(join(folder, "tls/tls.key"), secrets.edge.key);
      writeFileSync(join(folder, "ca/ca.crt"), secrets.ca.certificate);
      writeFileSync(join(folder, "haproxy.cfg"), config.replaceAll("/etc/edge/", `${folder}/`));
      const check = spawnSync("haproxy", ["-c", "-f", join(folder, "haproxy.cfg")], { encoding: "utf8" });
      expect(check.status, check.stderr).toBe(0);
      expect(check.stderr).not.toContain("WARNING");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("refuses addresses that are none and a timeout shorter than a service's deadline", () => {
    expect(refusal("edge", { virtualIp: { address: "dsp.example.org" } })).toContain("address");
    expect(refusal("edge", { voters: ["172.28.0.4"] })).toContain("voters");
    expect(refusal("edge", { serverTimeoutS: 10 })).toContain("serverTimeoutS");
  });
});
