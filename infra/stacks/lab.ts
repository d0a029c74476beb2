import type { StackKind } from "./kind.ts";

/**
 * The embedded default: a kind cluster on one machine. The launcher writes its settings; the two edges hold one virtual IP on the
 * nodes' own network, and demo data is sown.
 */
export const lab: StackKind = {
  kind: "lab",
  edgeMode: "virtual-ip",
  seed: true,
  // The lab's pod network takes NetworkPolicies and does not enforce them.
  networkPolicyEnforced: false,
  drills: true,
  production: false,
  storageClass: "standard",
  // Replication slots may keep 1 GB for a standby that is away: it must fit, or a lost standby would fill the primary's disk.
  storageSize: "2Gi",
  rebuildAfterS: 90,
  postgres: { sharedBuffers: "64MB", memory: "512Mi", memoryRequest: "192Mi", cpuRequest: "500m", maxConnections: 240 },
  // When somebody asks: it would come into the middle of a drill.
  backup: { schedule: "", keep: 2, size: "2Gi" },
  sites: { a: "site-a", b: "site-b", witness: "witness" },
};
