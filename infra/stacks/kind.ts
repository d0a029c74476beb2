/** What differs between the kinds of stack: the defaults that a stack's settings may override. */
export interface StackKind {
  kind: "lab" | "cluster";
  edgeMode: "virtual-ip" | "load-balancer";
  /** Whether synthetic patients and documents are put into the record. */
  seed: boolean;
  /** Whether the pod network is expected to enforce NetworkPolicies; shown in the outputs. */
  networkPolicyEnforced: boolean;
  /** Whether drills may break the platform. */
  drills: boolean;
  /** Whether people depend on it: drills then want the stack's name typed. */
  production: boolean;
  storageClass: string | undefined;
  storageSize: string;
  /** How long a PostgreSQL standby's server may not start before the standby is made anew. Rewinding a large one takes minutes. */
  rebuildAfterS: number;
  postgres: { sharedBuffers: string; memory: string; memoryRequest: string; cpuRequest: string; maxConnections: number };
  /** When copies of PostgreSQL are taken (cron, UTC; empty: when somebody asks), how many each site keeps, and the room for them. */
  backup: { schedule: string; keep: number; size: string };
  sites: { a: string; b: string; witness: string } | undefined;
}
