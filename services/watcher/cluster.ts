import type { Member } from "./instances.ts";

/** What Kubernetes and CloudNativePG say, possibly a while ago. */
export interface ClusterView {
  readonly members: readonly Member[];
  /** How many there should be. */
  readonly instances: number;
  readonly currentPrimary: string;
  readonly targetPrimary: string;
  /** Changes whenever another instance has become the operator's primary. */
  readonly reign: string;
  /** Pods that the read-write Service selects. */
  readonly labelled: readonly string[];
  /** A person has fenced an instance or put the cluster to sleep: nothing is to be moved. */
  readonly handsOff: boolean;
}

export interface Expectation {
  readonly reign: string;
  readonly targets: readonly string[];
}

/** What CloudNativePG writes for the target primary while it makes sure that the old one is down. */
export const pendingTarget = "pending";

/** A new primary stands: whatever the operator has begun on account of the old one is overtaken. */
export function overtaken({ reign, currentPrimary, targetPrimary }: ClusterView): Expectation {
  return { reign, targets: [targetPrimary, currentPrimary, pendingTarget] };
}

/** Kubernetes' API. Every method throws when it does not answer in time. */
export interface ClusterApi {
  look(): Promise<ClusterView>;
  /**
   * Names the next primary to CloudNativePG, as long as it is the same reign and the one wanted is one of those expected. Nothing is done
   * when it is named already.
   * @returns whether it is named
   */
  namePrimary(next: string, expected: Expectation): Promise<boolean>;
  /** Makes the instance the holder of the primary's Lease. */
  giveLease(next: string): Promise<void>;
  /** Puts the primary's label on one pod and takes it from every other. */
  label(primary: string): Promise<void>;
}
