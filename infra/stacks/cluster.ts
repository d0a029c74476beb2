import type { StackKind } from "./kind.ts";

/**
 * Any Kubernetes of three zones, found by kubeconfig context: the cluster's own load balancer stands before the two edges, storage
 * and sizes are a real installation's. Everything here can be set; nothing else in the program differs from the lab.
 */
export const cluster: StackKind = {
  kind: "cluster",
  edgeMode: "load-balancer",
  seed: false,
  networkPolicyEnforced: true,
  // Nobody breaks a real installation by mistake: it says that it may be, and that nobody depends on it.
  drills: false,
  production: true,
  // The cluster's default storage class.
  storageClass: undefined,
  storageSize: "20Gi",
  rebuildAfterS: 600,
  postgres: { sharedBuffers: "1GB", memory: "4Gi", memoryRequest: "4Gi", cpuRequest: "500m", maxConnections: 300 },
  backup: { schedule: "30 2 * * *", keep: 7, size: "160Gi" },
  // Zones have no sensible default: they must be set.
  sites: undefined,
};
