/** What is seen of the platform. What nobody could tell is absent, and never taken for good. */
export interface Platform {
  /** ISO instant. */
  at: string;
  /** The site of the pod that looked. */
  seenFrom: string;
  postgres: PostgresSight[];
  services: ServiceSight[];
  /** Undefined: this portal was not told of any Sentinel. */
  sentinels: SentinelSight[] | undefined;
  /** Undefined: this portal was not told the sites. */
  watchers: WatcherSight[] | undefined;
  /** The last one of each site that has any. Undefined: nobody can say. */
  backups: BackupSight[] | undefined;
}

export interface BackupSight {
  site: string;
  /** ISO instant: when it had been taken, tried and kept. */
  endedAt: string;
  bytes: number;
}

export interface PostgresSight {
  /** address:port */
  instance: string;
  state: "answering" | "slow" | "silent";
  /** Undefined: it never answered. An instance out of recovery that is not the one written to is an `old primary`. */
  role: "primary" | "standby" | "old primary" | undefined;
  timeline?: number;
  /** Bytes of WAL that the primary has written and this standby has not replayed; each asked within the last second or two. */
  behindBytes?: number;
}

export interface ServiceSight {
  service: string;
  /** Undefined: its name was never resolved. */
  pods: PodSight[] | undefined;
}

export interface PodSight {
  address: string;
  state: "ready" | "draining" | "not ready" | "silent";
  /** In the pod's own word. */
  reason?: string;
  site?: string;
  pod?: string;
  node?: string;
  /** The PostgreSQL instance that the pod writes to. */
  primary?: string;
}

export interface SentinelSight {
  name: string;
  state: "answering" | "silent";
  primary?: string;
  /** The primary is down, as far as this Sentinel sees. */
  primaryDown?: boolean;
  replicas?: { address: string; isDown: boolean; isLinked: boolean }[];
}

export interface WatcherSight {
  site: string;
  state: "ready" | "not ready" | "silent";
  /** Its site alone does not reach the primary. */
  isOverruled?: boolean;
  primary?: { instance: string; timeline: number };
  /** Instances by name, and whether each answers this watcher. */
  instances?: Readonly<Record<string, boolean>>;
}
