/** One PostgreSQL instance as Kubernetes lists it. */
export interface Member {
  readonly name: string;
  readonly site: string;
  readonly address: string;
  readonly port: number;
}

/** What an instance says of itself. */
export interface InstanceState {
  readonly inRecovery: boolean;
  /** A primary's; of a standby, that of the WAL it streams now. */
  readonly timeline?: number;
  /** A standby's WAL receiver streams, and heard of its primary not long ago. */
  readonly streaming: boolean;
  /** primary_conninfo in force. */
  readonly conninfo: string;
  /** The instance's own clock. */
  readonly clockMs: number;
}

/** Why there is no state: `alive` is an error that only a running server gives (authentication, too many connections). */
export type Failure = "refused" | "silent" | "starting" | "alive";

export type Answer = { readonly state: InstanceState } | { readonly failure: Failure; readonly reason: string };

/** `failed`: the server said that it cannot write; `unclear` says nothing for or against it. A write that hangs settles late or never. */
export type WriteAnswer = "written" | "failed" | "unclear";

/** All that failover and repair need to know, read at one moment. */
export interface Examined {
  readonly inRecovery: boolean;
  /** primary_conninfo as the files have it. */
  readonly conninfo: string;
  /** primary_conninfo without the override: the operator's own. */
  readonly base: string;
  /** The highest timeline the instance has WAL of. */
  readonly timeline: number;
  /**
   * How far its WAL is flushed, in bytes. Undefined while it replays WAL from before its start: nobody can say yet how much there is.
   */
  readonly flushed: bigint | undefined;
  /** A WAL receiver that may be another's than the conninfo's. */
  readonly receiving: boolean;
  readonly clockMs: number;
  /** Since its server was started. */
  readonly upMs: number;
}

/** Sets primary_conninfo, if everything is still as expected. */
export interface Change {
  readonly from: string;
  /** Undefined takes the override away. */
  readonly to: string | undefined;
  readonly inRecovery: boolean;
  /** By the instance's clock: a change that comes later is not made. */
  readonly expiresClockMs?: number;
}

/** A session that changes an instance. Any method may throw: what came of it is then not known. */
export interface Control {
  examine(): Promise<Examined>;
  /** Compares and sets as one step, as far as other watchers can see. @returns whether it was done */
  change(change: Change): Promise<boolean>;
  /** Resolves when no WAL receiver started under an earlier conninfo runs, or can start. @throws when a promotion has begun */
  quiesce(): Promise<void>;
  /** Promotes, in one statement with the check that the conninfo is the marker. @returns whether a promotion was begun */
  promote(marker: string, expiresClockMs: number): Promise<boolean>;
  close(): void;
}

/** What a primary's last complete checkpoint is. */
export interface Checkpoint {
  readonly timeline: number;
  /** A copy that somebody takes of the instance waits for the next one. */
  readonly awaited: boolean;
}

export interface Instances {
  /** Always answers, within the connect and answer timeouts. */
  ask(member: Member): Promise<Answer>;
  /** The listener is told when an instance has closed a connection that questions are asked on: it, or what ran it, has ended. */
  onClosed(listener: (name: string) => void): void;
  /** A commit that waits for the instance's own disk and for nobody else. */
  tryWrite(member: Member): Promise<WriteAnswer>;
  /**
   * Removes a file from a running primary that says it is a standby: whoever starts or manages the instance would believe it.
   * @returns whether there was one
   */
  removeStandbySignal(member: Member): Promise<boolean>;
  /** @returns undefined where it is not known */
  lastCheckpoint(member: Member): Promise<Checkpoint | undefined>;
  /** Writes to disk what is in memory only, so that little of it is left a moment later. @throws when it did not in time */
  flush(member: Member): Promise<void>;
  /** @throws when the instance cannot be reached */
  open(member: Member): Promise<Control>;
  /** Lets go of what is kept for an instance that is gone or has moved. */
  forget(member: Member): void;
}
