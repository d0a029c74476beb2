import type { Member } from "./instances.ts";

/** Why a primary that lives is to move. */
export interface PlannedMove {
  readonly why: "asked for" | "its node is being emptied" | "an update waits for it";
  /** Only there. */
  readonly to?: string;
}

/** What Kubernetes and CloudNativePG say, possibly a while ago. */
export interface ClusterView {
  readonly members: readonly Member[];
  /** How many there should be. */
  readonly instances: number;
  readonly currentPrimary: string;
  readonly targetPrimary: string;
  /** Changes whenever another instance has become the operator's primary, and whenever it wants another, though it be the same again. */
  readonly reign: string;
  readonly wish: string;
  /** Pods that the read-write Service selects. */
  readonly labelled: readonly string[];
  /** Instances on nodes that take no new pods. */
  readonly leaving: readonly string[];
  readonly planned?: PlannedMove;
  /** Of what was ordered: an update is for one of them. */
  readonly generation: number;
  /** Another whenever anything has changed, and so whenever the instance managers have something to read. */
  readonly version: string;
  /** A person has fenced an instance or put the cluster to sleep: nothing is to be moved. */
  readonly handsOff: boolean;
}

/** How the operator stood when the failover was decided on. */
export interface Expectation {
  readonly reign: string;
  readonly wish: string;
  /**
   * The new primary stands, and this is the one that it has replaced: a failover that the operator has begun on its account is overtaken, and so is
   * its own name. Another watcher, late after the API was away, may have named it only now; the operator would have the new one shut down,
   * with what it has acknowledged.
   */
  readonly replaced?: string;
}

/** What CloudNativePG writes for the target primary while it makes sure that the old one is down. */
export const pendingTarget = "pending";

/** Whether the operator still stands as expected. */
export function isExpected(expected: Expectation, now: { reign: string; wish: string; targetPrimary: string }): boolean {
  if (now.targetPrimary === expected.replaced) return true;
  const isOvertaken = expected.replaced !== undefined && now.targetPrimary === pendingTarget;
  return now.reign === expected.reign && (now.wish === expected.wish || isOvertaken);
}

/** Kubernetes' API. Every method throws when it does not answer in time. */
export interface ClusterApi {
  look(): Promise<ClusterView>;
  /** The view's `version`, as it is now. */
  version(): Promise<string>;
  /**
   * Calls the listener when a node is being emptied: sooner than the next look would tell, and before the node's other pods have been made anew
   * elsewhere. It goes on until the signal; while the API is away there is nothing to hear, and no error.
   */
  follow(listener: () => void, signal: AbortSignal): void;
  /**
   * Names the next primary to CloudNativePG, as long as nobody else has changed anything. Nothing is done when it is named already.
   * @returns whether it is named
   */
  namePrimary(next: string, expected: Expectation): Promise<boolean>;
  /**
   * Names it in one request, if the cluster is still the one that was seen.
   * @returns asks for it, and comes to the same however often: whether it was, and the primary is named
   */
  nameWhileUnchanged(next: string, seen: Pick<ClusterView, "version" | "currentPrimary">): () => Promise<boolean>;
  /**
   * Makes the instance the holder of the primary's Lease.
   * @returns asks whether its instance manager has renewed the Lease since, which it does once it knows that it is to be the primary
   */
  giveLease(next: string): Promise<() => Promise<boolean>>;
  /** Has the operator delete the instance with its volume, and make it anew. It refuses to for a primary. */
  declareUnrecoverable(instance: string): Promise<void>;
  /** Puts the primary's label on one pod and takes it from every other. */
  label(primary: string): Promise<void>;
}
