/** What `./dsp status` knows. The JSON form is a stable interface: fields are added, never renamed. */

export interface NodeStatus {
  /** In the lab the name of its container too. */
  name: string;
  ready: boolean;
  /** `control-plane`, `worker`, `edge` */
  roles: string[];
}

export interface SiteStatus {
  name: string;
  nodes: NodeStatus[];
}

export interface PostgresInstanceStatus {
  name: string;
  site: string;
  role: "primary" | "standby" | "unknown";
  /** Bytes of the primary's log not yet applied here; null where nobody can say. */
  lagBytes: number | null;
  /** The primary's word: `quorum`, `sync`, `async`; null when the instance is not connected to it. */
  sync: string | null;
  ready: boolean;
}

export interface PostgresStatus {
  /** The instance that takes writes; null while there is none. */
  primary: string | null;
  /** How many instances there should be. */
  desired: number;
  instances: PostgresInstanceStatus[];
}

export interface WatcherStatus {
  site: string;
  /** Its Deployment is there and its pod ready: it can give its vote. */
  ready: boolean;
}

export interface RedisInstanceStatus {
  name: string;
  site: string;
  role: "primary" | "replica" | "unknown";
  /** A replica's link to the primary is up; a primary's own is null. */
  linked: boolean | null;
  /** The pod that this pod's Sentinel takes for the primary; null when it does not answer. */
  sentinelPrimary: string | null;
}

export interface RedisStatus {
  primary: string | null;
  desired: number;
  instances: RedisInstanceStatus[];
}

export interface EdgeInstanceStatus {
  name: string;
  site: string;
  node: string;
  ready: boolean;
  /** Carries the virtual IP; null when it could not be asked. */
  holdsAddress: boolean | null;
}

export interface EdgeStatus {
  /** null where a load balancer of the cluster's own carries the address */
  virtualIp: string | null;
  /** The edge that carries the virtual IP. */
  holder: string | null;
  desired: number;
  instances: EdgeInstanceStatus[];
  /** The FHIR address answers through the edge. */
  answers: boolean;
}

export interface ServiceStatus {
  name: string;
  ready: number;
  desired: number;
  sites: { name: string; ready: number; desired: number }[];
}

export interface OperatorStatus {
  name: string;
  ready: number;
  desired: number;
}

export interface BackupStatus {
  site: string;
  /** When the last one ended that was taken, tried and kept; null: none yet, as far as Kubernetes remembers. */
  lastAt: string | null;
  /** Taken by itself, or only when somebody asks. */
  scheduled: boolean;
}

export interface PlatformStatus {
  healthy: boolean;
  /** Why it is not healthy, in words; empty when it is. */
  reasons: string[];
  /** Nothing could be learned: neither healthy nor unhealthy. */
  unknown: boolean;
  checkedAt: string;
  sites: SiteStatus[];
  postgres: PostgresStatus;
  /** What moves the PostgreSQL primary: one for each of the three sites, the witness last. */
  watchers: WatcherStatus[];
  redis: RedisStatus;
  edge: EdgeStatus;
  services: ServiceStatus[];
  operators: OperatorStatus[];
  /** Copies of PostgreSQL, which each of the two sites keeps. No part of health: the platform serves without them. */
  backups: BackupStatus[];
  endpoints: { fhir: string; portal?: string; ca: string };
}
