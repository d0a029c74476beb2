import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planSecrets } from "../infra/secrets/generate.ts";
import { chartsFolder, helm, type Rendered, refusal, render } from "./helm.ts";

const charts = ["backup", "edge", "postgres", "redis", "service", "watcher"];
/** Objects of these kinds stand in no namespace; their names carry it. */
const clusterWide = new Set(["ClusterRole", "ClusterRoleBinding"]);
const virtualIp = { virtualIp: { peers: ["172.28.0.5", "172.28.0.7"] }, voters: ["172.28.0.4:10256"] };

/** The object of that kind and name; a ConfigMap is named by its content as well. */
function one(objects: Rendered[], kind: string, name: string): Rendered {
  const found = objects.find(
    (object) =>
      object.kind === kind && (object.metadata.name === name || (kind === "ConfigMap" && object.metadata.name.startsWith(`${name}-`))),
  );
  if (!found) throw new Error(`no ${kind} ${name} was rendered`);
  return found;
}

/** @param usesApi whether the pod asks the Kubernetes API, and so may hold a token for it */
function expectRestricted(pod: Rendered["spec"], usesApi = false): void {
  expect(pod.securityContext.runAsNonRoot).toBe(true);
  expect(pod.securityContext.seccompProfile.type).toBe("RuntimeDefault");
  expect(pod.automountServiceAccountToken).toBe(usesApi);
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
  it("is one of the six", () => {
    expect(readdirSync(chartsFolder).toSorted()).toEqual(charts);
  });

  it.each(charts)("%s passes helm lint and renders with its defaults, each object in its namespace", (chart) => {
    const lint = helm(["lint", "--strict", join(chartsFolder, chart)]);
    expect(lint.code, lint.output + lint.problem).toBe(0);
    for (const object of render(chart, {}, "elsewhere")) {
      if (clusterWide.has(object.kind)) expect(object.metadata.name).toMatch(/^elsewhere-/);
      else expect(object.metadata.namespace, object.metadata.name).toBe("elsewhere");
      expect(object.metadata.labels?.["app.kubernetes.io/part-of"], object.metadata.name).toBe("dsp");
    }
  });

  it.each(charts)("%s asks a name again soon while the node's DNS is not back yet", (chart) => {
    const patience = ["timeout", "attempts"];
    const pods = render(chart).flatMap(({ kind, spec }) =>
      kind === "Cluster" ? [spec] : ((spec?.jobTemplate?.spec ?? spec)?.template?.spec ?? []),
    );
    expect(pods.length).toBeGreaterThan(0);
    for (const { dnsConfig, env } of pods) {
      const own = dnsConfig?.options.map(({ name, value }: Record<string, string>) => `${name}:${value}`);
      const byLibrary = env?.find(({ name }: { name: string }) => name === "RES_OPTIONS")?.value.split(" ");
      expect(own ?? byLibrary).toEqual(patience.map((name) => expect.stringMatching(new RegExp(`^${name}:[12]$`))));
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
    const [zone, host, half] = pod.topologySpreadConstraints;
    expect(zone).toMatchObject({ topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule", maxSkew: 1 });
    expect(host).toMatchObject({ topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway", maxSkew: 1 });
    // Of three of a site no node takes more than two, of two none more than one.
    expect(half).toMatchObject({ topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule", maxSkew: 2 });
    const two = one(render("service", { replicasPerZone: 2 }), "Deployment", "record").spec.template.spec;
    expect(two.topologySpreadConstraints[2].maxSkew).toBe(1);
    const [term] = pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
    expect(term.matchExpressions).toEqual([{ key: "topology.kubernetes.io/zone", operator: "In", values: ["site-a", "site-b"] }]);
    expect(pod.tolerations.every((toleration: { tolerationSeconds: number }) => toleration.tolerationSeconds <= 30)).toBe(true);
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

  it("gives a service the files and variables that are its own, its seed too", () => {
    const files = [
      { secret: "client-key-portal", path: "key.json" },
      { configMap: "service-clients", path: "clients.json" },
    ];
    const own = render("service", { name: "portal", files, env: { CLIENT_KEY_FILE: "/etc/dsp/files/key.json" }, seed: { enabled: true } });
    for (const { spec } of [one(own, "Deployment", "portal"), one(own, "Job", "portal-seed")]) {
      const [container] = spec.template.spec.containers;
      expect(container.env).toContainEqual({ name: "CLIENT_KEY_FILE", value: "/etc/dsp/files/key.json" });
      const projected = spec.template.spec.volumes.find((volume: { name: string }) => volume.name === "files").projected.sources;
      expect(projected).toContainEqual({ secret: { name: "client-key-portal", items: [{ key: "key.json", path: "key.json" }] } });
      expect(projected).toContainEqual({ configMap: { name: "service-clients", items: [{ key: "clients.json", path: "clients.json" }] } });
    }
    expect(refusal("service", { files: [{ path: "key.json" }] })).toContain("files");
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
    expect(scripts["lib.sh"]).toMatch(/^port 0\ntls-port \$1$/m);
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

  it("breaks one promise where it is told to, for the test of the drills", () => {
    const specOf = (weakness: string) => one(render("postgres", { weakness }), "Cluster", "pg").spec;
    expect(specOf("asynchronous-replication").postgresql.synchronous).toBeUndefined();
    expect(specOf("preferred-durability").postgresql.synchronous).toMatchObject({ number: 1, dataDurability: "preferred" });
    expect(specOf("no-witness-data")).toMatchObject({ instances: 2, postgresql: { synchronous: { dataDurability: "required" } } });
    expect(refusal("postgres", { weakness: "all" })).toContain("weakness");
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

  it("gives the watchers' role its grants and nothing of the services'", () => {
    const grants = ["GRANT ALTER SYSTEM ON PARAMETER primary_conninfo TO watcher", "GRANT EXECUTE ON FUNCTION f(text, int) TO watcher"];
    const objects = render("postgres", { watcher: { grants }, timings: { failoverDelayS: 15 } });
    const { spec } = one(objects, "Cluster", "pg");
    // The role comes first, with the memberships that the operator will look for, and cannot log in before it has a password.
    expect(spec.bootstrap.initdb.postInitSQL).toEqual([
      "CREATE ROLE watcher NOLOGIN IN ROLE pg_monitor, pg_checkpoint",
      ...grants,
      "ALTER SYSTEM SET restore_command TO 'false'",
      "ALTER SYSTEM SET archive_mode TO 'off'",
    ]);
    expect(spec.managed.roles.at(-1)).toEqual({
      name: "watcher",
      ensure: "present",
      login: true,
      connectionLimit: 20,
      inRoles: ["pg_monitor", "pg_checkpoint"],
      passwordSecret: { name: "role-watcher" },
    });
    expect(spec.postgresql.enableAlterSystem).toBe(true);
    expect(spec.failoverDelay).toBe(15);
    expect(JSON.stringify(one(objects, "Database", "dsp").spec)).not.toContain("watcher");
  });

  it("leaves a lost primary to the watchers for 30 s, and acts at once where there are none", () => {
    expect(one(render("postgres", { watcher: { grants: ["SELECT 1"] } }), "Cluster", "pg").spec.failoverDelay).toBe(30);
    expect(cluster.spec.failoverDelay).toBe(0);
    expect(cluster.spec.postgresql.enableAlterSystem).toBeUndefined();
    expect(cluster.spec.bootstrap.initdb.postInitSQL).toBeUndefined();
    expect(JSON.stringify(cluster.spec.managed)).not.toContain("watcher");
  });

  it("keeps the operator from moving the primary away from a node that is being emptied, where there are watchers, and from nothing else", () => {
    const objects = render("postgres", { watcher: { grants: ["SELECT 1"] } });
    const { spec } = one(objects, "ValidatingAdmissionPolicy", "dsp-pg-moves");
    expect(spec.failurePolicy).toBe("Ignore");
    expect(spec.matchConstraints.namespaceSelector.matchLabels).toEqual({ "kubernetes.io/metadata.name": "dsp" });
    const rule = { apiGroups: ["postgresql.cnpg.io"], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["clusters/status"] };
    expect(spec.matchConstraints.resourceRules).toEqual([{ ...rule, resourceNames: ["pg"] }]);
    expect(one(objects, "ValidatingAdmissionPolicyBinding", "dsp-pg-moves").spec).toEqual({
      policyName: "dsp-pg-moves",
      validationActions: ["Deny"],
    });
    expect(render("postgres").map(({ kind }) => kind)).not.toContain("ValidatingAdmissionPolicy");
  });

  it("refuses grants that would not come through a Job's arguments", () => {
    expect(refusal("postgres", { watcher: { grants: ["DO $$ BEGIN END $$"] } })).toContain("grants");
  });

  it("refuses numbers of instances and standbys that do not belong together", () => {
    expect(refusal("postgres", { instances: 4 })).not.toBe("");
    expect(refusal("postgres", { instances: 3, synchronousStandbys: 2 })).not.toBe("");
  });
});

describe("backup", () => {
  const objects = render("backup", { sites: ["eu-1a", "EU_1.b"], keep: 3 });
  const jobs = objects.filter(({ kind }) => kind === "CronJob");
  const podOf = (job: Rendered): Rendered["spec"] => job.spec.jobTemplate.spec.template.spec;

  it("keeps copies in each site apart, on a volume of its own, by pods that may do nothing else", () => {
    expect(jobs.map((job) => podOf(job).nodeSelector["topology.kubernetes.io/zone"])).toEqual(["eu-1a", "EU_1.b"]);
    for (const job of jobs) {
      const pod = podOf(job);
      expectRestricted(pod);
      expect(pod.volumes).toContainEqual({ name: "backups", persistentVolumeClaim: { claimName: job.metadata.name } });
      expect(one(objects, "PersistentVolumeClaim", job.metadata.name).spec.resources.requests.storage).toBe("2Gi");
      expect(job.spec).toMatchObject({ concurrencyPolicy: "Forbid", suspend: false, timeZone: "Etc/UTC" });
    }
    expect(jobs.map(({ metadata }) => metadata.name)).toEqual(["backup-eu-1a", "backup-eu-1-b"]);
  });

  it("takes them one after the other, and none by itself without a schedule", () => {
    const schedules = (schedule: string) =>
      render("backup", { schedule })
        .filter(({ kind }) => kind === "CronJob")
        .map(({ spec }) => [spec.schedule, spec.suspend]);
    expect(schedules("30 23 * * 0")).toEqual([
      ["30 23 * * 0", false],
      ["30 0 * * 0", false],
    ]);
    expect(schedules("0 */6 * * *").map(([schedule]) => schedule)).toEqual(["0 */6 * * *", "0 */6 * * *"]);
    expect(schedules("").map(([, suspended]) => suspended)).toEqual([true, true]);
  });

  it("runs a script that bash can read", () => {
    const { data } = one(objects, "ConfigMap", "backup-scripts");
    expect(spawnSync("bash", ["-n"], { input: data?.["backup.sh"], encoding: "utf8" }).stderr).toBe("");
  });
});

describe("watcher", () => {
  const sites = ["eu-1a", "EU_1.b", "witness"];
  const objects = render("watcher", { sites, secretChecksum: "abc", priorityClassName: "dsp-data", timings: { SILENT_AFTER_MS: 250 } });
  const deployments = objects.filter(({ kind }) => kind === "Deployment");
  const pods = deployments.map(({ spec }) => spec.template.spec);
  const [pod] = pods;
  const variablesOf = (of: Rendered["spec"]): Map<string, string> =>
    new Map(of.containers[0].env.map(({ name, value }: { name: string; value: string }) => [name, value]));

  it("runs under Pod Security restricted, with a token for the API", () => {
    for (const each of pods) {
      expectRestricted(each, true);
      expect(each.serviceAccountName).toBe("watcher");
      expect(each.containers[0].resources.limits.cpu).toBeUndefined();
    }
  });

  it("has exactly one in each of the three sites, the witness's control plane included, and never two of a site at once", () => {
    expect(pods.map(({ nodeSelector }) => nodeSelector["topology.kubernetes.io/zone"])).toEqual(sites);
    for (const { spec } of deployments) {
      expect(spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
      expect(spec.template.metadata.annotations["dsp/secret"]).toBe("abc");
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    }
    expect(new Set(deployments.map(({ spec }) => JSON.stringify(spec.selector))).size).toBe(3);
    const onControlPlane = { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" };
    expect(pods.map(({ tolerations }) => tolerations.some(({ key }: { key: string }) => key === onControlPlane.key))).toEqual([
      false,
      false,
      true,
    ]);
    expect(pods[2].tolerations).toContainEqual(onControlPlane);
    expect(pod.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions).toEqual([
      { key: "node-role.kubernetes.io/control-plane", operator: "DoesNotExist" },
    ]);
    expect(pod.terminationGracePeriodSeconds).toBeLessThanOrEqual(10);
    const budget = one(objects, "PodDisruptionBudget", "watcher").spec;
    expect(budget.maxUnavailable).toBe(1);
    for (const { spec } of deployments) expect(spec.template.metadata.labels).toMatchObject(budget.selector.matchLabels);
  });

  it("tells each its own site and where its peers are, by names that their Services bear", () => {
    expect(pods.map((each) => variablesOf(each).get("SITE"))).toEqual(sites);
    const urls = JSON.parse(variablesOf(pod).get("PEER_URLS") ?? "");
    expect(Object.keys(urls).toSorted()).toEqual(sites.toSorted());
    for (const [site, url] of Object.entries<string>(urls)) {
      const { hostname, port } = new URL(url);
      const [name, ...rest] = hostname.split(".");
      expect(rest).toEqual(["dsp", "svc"]);
      const service = one(objects, "Service", name ?? "");
      expect(service.spec).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: true });
      expect(service.spec.ports[0].port).toBe(Number(port));
      const [selected, ...others] = deployments.filter(({ spec }) =>
        Object.entries(service.spec.selector).every(([key, value]) => spec.template.metadata.labels[key] === value),
      );
      expect(others).toEqual([]);
      expect(selected?.spec.template.spec.nodeSelector["topology.kubernetes.io/zone"]).toBe(site);
    }
  });

  it("gets all the settings it reads, secrets as files that are mounted", () => {
    const variables = variablesOf(pod);
    expect(Object.fromEntries(variables)).toMatchObject({
      SITES: sites.join(","),
      WITNESS_SITE: "witness",
      NAMESPACE: "dsp",
      POSTGRES_CLUSTER: "pg",
      POSTGRES_DATABASE: "postgres",
      POSTGRES_USER: "watcher",
      POSTGRES_TLS_NAME: "pg-rw",
      SYNCHRONOUS_STANDBYS: "1",
      PORT: "8443",
      LOG_LEVEL: "info",
      SILENT_AFTER_MS: "250",
    });
    const [container] = pod.containers;
    const mountOf = new Map(container.volumeMounts.map(({ name, mountPath }: { name: string; mountPath: string }) => [mountPath, name]));
    const sources = pod.volumes.find(({ name }: { name: string }) => name === "files").projected.sources;
    const paths = new Set(sources.map(({ secret }: { secret: { items: [{ path: string }] } }) => `/etc/dsp/files/${secret.items[0].path}`));
    for (const name of ["POSTGRES_PASSWORD_FILE", "POSTGRES_CA_FILE", "PEER_TOKEN_FILE", "PLATFORM_CA_FILE"]) {
      expect(paths, name).toContain(variables.get(name));
    }
    expect([mountOf.get("/etc/dsp/files"), mountOf.get("/etc/dsp/tls")]).toEqual(["files", "tls"]);
    expect([variables.get("TLS_CERT_FILE"), variables.get("TLS_KEY_FILE")]).toEqual(["/etc/dsp/tls/tls.crt", "/etc/dsp/tls/tls.key"]);
    // The authority's Secret holds its key as well: only the certificate is given.
    expect(sources).toContainEqual({ secret: { name: "pg-ca", items: [{ key: "ca.crt", path: "postgres-ca.crt" }] } });
    expect(JSON.stringify(container.env)).not.toContain("secretKeyRef");
  });

  it("may do in the API what moving the primary takes, and no more", () => {
    const { rules } = one(objects, "Role", "watcher") as Rendered & { rules: unknown };
    expect(rules).toEqual([
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "patch"] },
      { apiGroups: ["postgresql.cnpg.io"], resources: ["clusters"], verbs: ["get", "list"] },
      { apiGroups: ["postgresql.cnpg.io"], resources: ["clusters/status"], resourceNames: ["pg"], verbs: ["get", "patch"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames: ["pg"], verbs: ["get", "update", "patch"] },
    ]);
    const nodes = one(objects, "ClusterRole", "dsp-watcher") as Rendered & { rules: unknown };
    expect(nodes.rules).toEqual([{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] }]);
    for (const [kind, name] of [
      ["RoleBinding", "watcher"],
      ["ClusterRoleBinding", "dsp-watcher"],
    ] as const) {
      const binding = one(objects, kind, name) as Rendered & { roleRef: { name: string }; subjects: unknown };
      expect(binding.roleRef.name).toBe(name);
      expect(binding.subjects).toEqual([{ kind: "ServiceAccount", name: "watcher", namespace: "dsp" }]);
    }
  });

  it("is asked whether it lives over HTTPS, and is given time", () => {
    const [{ startupProbe, readinessProbe, livenessProbe }] = pod.containers;
    expect(readinessProbe).toMatchObject({ httpGet: { path: "/readyz", scheme: "HTTPS" }, periodSeconds: 5 });
    expect(livenessProbe).toMatchObject({ httpGet: { path: "/healthz", scheme: "HTTPS" }, periodSeconds: 5 });
    expect(livenessProbe.periodSeconds * livenessProbe.failureThreshold).toBeGreaterThanOrEqual(30);
    expect(startupProbe.httpGet).toEqual(livenessProbe.httpGet);
  });

  it("can be rolled out site by site: together the three releases are the whole, nothing twice", () => {
    const ids = (list: Rendered[]) => list.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted();
    const releases = sites.map((site) => render("watcher", { sites, site }));
    expect(ids(releases.flat())).toEqual(ids(objects));
    expect(ids(releases[2] as Rendered[])).toEqual(["Deployment watcher-witness", "Service watcher-witness"]);
  });

  it("refuses sites that are not three, and a site or a witness that is none of them", () => {
    expect(refusal("watcher", { sites: ["a", "b"] })).toContain("sites");
    expect(refusal("watcher", { sites: ["a", "b", "b"], witness: "b" })).toContain("sites");
    expect(refusal("watcher", { witness: "elsewhere" })).toContain("elsewhere");
    expect(refusal("watcher", { site: "elsewhere" })).toContain("elsewhere");
    expect(refusal("watcher", { postgres: { synchronousStandbys: 0 } })).toContain("synchronousStandbys");
    expect(refusal("watcher", { timings: { silent: 5 } })).toContain("silent");
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
      beats: { drop: ["ALL"] },
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

  it("is begun anew when any of its files changes", () => {
    const folder = mkdtempSync(join(tmpdir(), "dsp-edge-chart-"));
    const chart = join(folder, "edge");
    const configName = (): string => {
      const { output } = helm(["template", "edge", chart, "--values", "-"], JSON.stringify(virtualIp));
      return /^ +- \{ name: config, configMap: \{ name: ([a-z0-9-]+),/m.exec(output)?.[1] ?? "";
    };
    try {
      cpSync(join(chartsFolder, "edge"), chart, { recursive: true });
      const names = [configName()];
      const files = readdirSync(join(chart, "files"));
      for (const file of files) {
        appendFileSync(join(chart, "files", file), "# changed\n");
        names.push(configName());
      }
      expect(names).not.toContain("");
      expect(new Set(names).size).toBe(1 + files.length);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("hears every service's beats at the port of its checks", () => {
    const services = ["record", "portal"].map((name) => ({
      name,
      namespace: "dsp",
      port: 8443,
      checkPort: 9090,
      path: `/${name}`,
      slots: 12,
      connectionsMax: 200,
    }));
    const { containers } = one(render("edge", { ...virtualIp, services }, "dsp-edge"), "Deployment", "edge-site-a").spec.template.spec;
    const { env } = containers.find(({ name }: { name: string }) => name === "beats");
    expect(env).toContainEqual({ name: "BEATS", value: "record:9090 portal:9090" });
    expect(env).toContainEqual({ name: "ELSEWHERE", value: "elsewhere" });
  });

  it("has connections to its services cut, and to nothing else, by the one container that may", () => {
    const { containers } = one(objects, "Deployment", "edge-site-a").spec.template.spec;
    const of = (container: string) => containers.find(({ name }: { name: string }) => name === container);
    const cuts = { name: "CUTS", value: "/run/edge-haproxy/cuts" };
    expect(of("beats").env).toContainEqual(cuts);
    expect(of("keepalived").env).toContainEqual(cuts);
    expect(of("keepalived").env).toContainEqual({ name: "PORTS", value: "8443" });
    expect(of("beats").securityContext.capabilities).toEqual({ drop: ["ALL"] });
    const balancer = { mode: "load-balancer", replicas: 2, loadBalancer: { class: "metallb" } };
    const behindBalancer = one(render("edge", balancer, "dsp-edge"), "Deployment", "edge-site-a").spec.template.spec.containers;
    expect(JSON.stringify(behindBalancer)).not.toContain("CUTS");
  });

  it("sends again only what is safe: every write carries a key", () => {
    const config = one(objects, "ConfigMap", "edge-site-a").data?.["haproxy.cfg"] as string;
    expect(config).toContain("retry-on conn-failure empty-response response-timeout\n");
    const weak = one(render("edge", { ...virtualIp, weakness: "no-idempotency" }, "dsp-edge"), "ConfigMap", "edge-site-a");
    expect(weak.data?.["haproxy.cfg"]).not.toContain("req.hdr(Idempotency-Key) -m found");
    expect(config).toMatch(
      /set-header Idempotency-Key %\[uuid\] if \{ method POST PUT PATCH DELETE \} !\{ req\.hdr\(Idempotency-Key\) -m found \}/,
    );
    // What HAProxy ends itself it does not send again.
    expect(config).not.toMatch(/on-marked-down/);
    expect(config).not.toMatch(/verify none(?!.*inter 2s)/);
  });

  it("tries a service all the same when none of its servers passes a check", () => {
    const config = one(objects, "ConfigMap", "edge-site-a").data?.["haproxy.cfg"] as string;
    expect(config).toMatch(
      /use_backend record-unchecked if wants-record \{ nbsrv\(record\) lt 1 \}\n +use_backend record if wants-record\n/,
    );
    const [, unchecked] = /\nbackend record-unchecked\n([\s\S]*?)\nbackend /.exec(config) ?? [];
    expect(unchecked).toMatch(/server-template record- .* verify required /);
    expect(unchecked).not.toMatch(/\bcheck\b|observe/);
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
    const files = one(render("edge", values, "dsp-edge"), "ConfigMap", "edge-site-a").data as Record<string, string>;
    const folder = mkdtempSync(join(tmpdir(), "dsp-edge-"));
    try {
      const { secrets } = await planSecrets({}, { edgeNames: ["localhost"], namespace: "dsp", services: ["record"], callers: ["portal"] });
      for (const part of ["tls", "ca"]) mkdirSync(join(folder, part));
      writeFileSync(join(folder, "tls/tls.crt"), secrets.edge.certificate);
      writeFileSync(join(folder, "tls/tls.key"), secrets.edge.key);
      writeFileSync(join(folder, "ca/ca.crt"), secrets.ca.certificate);
      for (const [name, text] of Object.entries(files))
        writeFileSync(join(folder, name), text.replaceAll(/\/(etc\/edge|opt\/edge|run\/edge-haproxy)\//g, `${folder}/`));
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
