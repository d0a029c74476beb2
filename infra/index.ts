import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Backup } from "./components/backup.ts";
import { Credentials } from "./components/credentials.ts";
import { Edge } from "./components/edge.ts";
import { names } from "./components/names.ts";
import { Namespaces } from "./components/namespaces.ts";
import { NetworkPolicies } from "./components/network-policy.ts";
import { Operator } from "./components/operator.ts";
import { loadManifest } from "./components/operator-manifest.ts";
import { Postgres } from "./components/postgres.ts";
import { Redis } from "./components/redis.ts";
import { Service } from "./components/service.ts";
import { Watcher } from "./components/watcher.ts";
import { loadGrants } from "./components/watcher-grants.ts";
import { readSettings } from "./config.ts";
import { connectionsOf, platformServices } from "./services.ts";
import { deriveTopology } from "./topology.ts";
import { weakened } from "./weakness.ts";

// Config → topology → components → outputs. Everything that can be wrong is said before the first resource exists.
const settings = readSettings();
const topology = deriveTopology(settings);
const manifest = await loadManifest(settings.operatorManifest);
const watcherGrants = await loadGrants(join(import.meta.dirname, "../services/watcher/grants.sql"));
const podsMax = topology.serviceReplicas + 1;
const origin = new URL(settings.publicUrl).origin;
/** What runs; keys, roles and schemas are there for all of them. */
const chosen = platformServices.filter(({ name }) => settings.services.includes(name));
const services = platformServices.map(({ name }) => name);
const callers = platformServices.filter(({ calls }) => calls).map(({ name }) => name);
const { images, edge, weakness } = settings;

const provider = new k8s.Provider("kubernetes", {
  ...(settings.kubeconfig ? { kubeconfig: settings.kubeconfig } : {}),
  context: settings.context,
  // Another path to the same cluster is no other cluster.
  clusterIdentifier: settings.context,
});
const opts = { provider };
const storage = { className: settings.storageClass, size: settings.storageSize };

const namespaces = new Namespaces("namespaces", { edgePrivileged: edge.mode === "virtual-ip", drills: settings.drills }, opts);
const ground = [namespaces.platform, namespaces.edge, ...namespaces.priorities];
const policies = new NetworkPolicies(
  "network-policies",
  {
    edge: edge.mode === "virtual-ip" ? { nodeAddresses: edge.peers } : "pods",
    watching: platformServices.filter((spec) => spec.watches).map(({ name }) => name),
    reachOutside: platformServices.filter((spec) => spec.reachesOutside).map(({ name }) => name),
    after: ground,
  },
  opts,
);
const credentials = new Credentials("credentials", { secrets: settings.secrets, services, callers, after: ground }, opts);
const prepared = [...ground, ...policies.resources, ...credentials.resources];

const operator = new Operator(
  "operator",
  {
    manifest,
    image: images.operator,
    imagePullPolicy: "IfNotPresent",
    replicas: topology.operatorReplicas,
    zones: topology.sites,
    priorityClassName: names.priority.data,
    after: namespaces.priorities,
  },
  opts,
);
const postgres = new Postgres(
  "postgres",
  {
    ...settings.postgres,
    topology: topology.postgres,
    image: images.postgres,
    storage,
    // A dead pod's connections count until they are given up.
    services: platformServices.map((spec) => ({ name: spec.name, connectionsMax: connectionsOf(spec, podsMax + 1) })),
    watcherGrants,
    weakened: weakened("postgres", weakness),
    after: [...prepared, operator.ready],
  },
  opts,
);
const redis = new Redis(
  "redis",
  { topology: topology.redis, image: images.redis, storage, passwordChecksum: credentials.checksums.redis, after: prepared },
  opts,
);
const running: Service[] = [];
for (const spec of chosen) {
  const args = {
    spec,
    image: images.services,
    zones: topology.sites,
    allZones: topology.zones,
    replicasPerSite: settings.replicasPerSite,
    origin,
    token: settings.token,
    secretsChecksum: credentials.checksums.service,
    webhookNetworks: settings.webhooks.allowedNetworks,
    seed: settings.seed,
    weakened: weakened("service", weakness),
    after: [...prepared, postgres.ready, redis.ready, ...running.slice(-1).map(({ ready }) => ready)],
  };
  running.push(new Service(spec.name, args, opts));
}
const edges = new Edge(
  "edge",
  {
    sites: topology.sites,
    image: images.edge,
    reach: edge,
    routes: chosen.map(({ name, path }) => ({ service: name, path, podsMax })),
    home: settings.services.includes("portal") ? "/portal/" : "",
    secretsChecksum: credentials.checksums.edge,
    weakened: weakened("edge", weakness),
    after: prepared,
  },
  opts,
);
const watcher = new Watcher(
  "watcher",
  {
    ...{ topology, image: images.services, secretsChecksum: credentials.checksums.watcher, rebuildAfterS: settings.rebuildAfterS },
    // An upgrade starts few pods at once, so that those that serve keep the processors: the edges, then the watchers, beside one service after the other.
    after: [...prepared, postgres.ready, edges.ready],
  },
  opts,
);
const backups = new Backup(
  "backup",
  {
    ...{ topology, image: images.postgres, storageClass: settings.storageClass, backup: settings.backup },
    after: [...prepared, postgres.ready],
  },
  opts,
);
if (weakness === "one-dns-pod") {
  const metadata = (name: string) => ({ name, namespace: "kube-system", annotations: { "pulumi.com/patchForce": "true" } });
  const nodeSelector = { "topology.kubernetes.io/zone": topology.witness };
  new k8s.apps.v1.DaemonSetPatch(weakness, { metadata: metadata("coredns"), spec: { template: { spec: { nodeSelector } } } }, opts);
  new k8s.core.v1.ServicePatch(weakness, { metadata: metadata("kube-dns"), spec: { internalTrafficPolicy: "Cluster" } }, opts);
}

/** Where the platform is reached, and the certificate to trust. */
export const endpoints = {
  ...Object.fromEntries(chosen.map(({ name, path }) => [name, `${origin}${path}`])),
  fhir: settings.publicUrl,
  ca: credentials.caCertificate,
};
/** The address the two edges share; null behind a load balancer. */
export const virtualIp = edge.mode === "virtual-ip" ? edge.virtualIp : null;
/** Where things stand in the cluster. */
export const cluster = {
  context: settings.context,
  namespace: names.namespace,
  edgeNamespace: names.edgeNamespace,
  operatorNamespace: names.operatorNamespace,
  postgresCluster: names.postgresCluster,
  redisPrimary: names.redisPrimary,
  sites: topology.sites,
  witness: topology.witness,
  services: chosen.map(({ name }) => name),
};
/** Whether the pod network enforces the NetworkPolicies that are written; the lab's does not. */
export const networkPolicyEnforced = settings.networkPolicyEnforced;
/** Known once every pod of every service is ready, and a watcher in each site, and backups can be taken. */
export const ready = pulumi
  .all([...running.map((service) => service.ready), watcher.ready, backups.ready])
  .apply((parts) => parts.every((resources) => resources.length > 0));
