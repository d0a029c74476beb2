import type { Instance } from "./instance.ts";

/** What is known about one instance: `slow` has not answered its last question for a while, `lost` has failed to. */
export interface InstanceView {
  readonly instance: Instance;
  readonly status: "answering" | "slow" | "lost";
  readonly inRecovery: boolean;
  /** Of an instance that is not in recovery. */
  readonly timeline?: number;
  /** Bytes of WAL a standby has replayed. */
  readonly replayed?: bigint;
  /** Bytes of WAL that an instance out of recovery has written. */
  readonly written?: bigint;
}

export interface Choice {
  primary?: InstanceView;
  /** The answering standby that has replayed most. */
  standby?: InstanceView;
}

/**
 * Whom to write to: of the instances that say they are not in recovery, the one on the highest timeline. An instance on a
 * lower timeline than one seen before is an old primary that does not know it was replaced, and is never chosen. The
 * present primary stays chosen while it is merely slow.
 */
export function choosePrimary(views: readonly InstanceView[], options: { lowestTimeline: number; current?: Instance | undefined }): Choice {
  const candidates = views
    .filter((view) => !view.inRecovery && (view.timeline ?? 0) >= options.lowestTimeline)
    .filter((view) => view.status === "answering" || (view.status === "slow" && view.instance === options.current))
    .sort(
      (a, b) => (b.timeline ?? 0) - (a.timeline ?? 0) || Number(b.instance === options.current) - Number(a.instance === options.current),
    );
  const standbys = views
    .filter((view) => view.inRecovery && view.status === "answering")
    .sort((a, b) => ((b.replayed ?? 0n) > (a.replayed ?? 0n) ? 1 : (b.replayed ?? 0n) < (a.replayed ?? 0n) ? -1 : 0));
  return { ...(candidates[0] ? { primary: candidates[0] } : {}), ...(standbys[0] ? { standby: standbys[0] } : {}) };
}
