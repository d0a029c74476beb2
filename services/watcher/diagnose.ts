import { type Fence, followedTimeline, leadsTo, parseFence } from "./conninfo.ts";
import type { InstanceState, Member } from "./instances.ts";
import type { Timings } from "./timings.ts";

/**
 * What a standby needs: `point` it at the primary's address, `release` it to the operator's own conninfo, or `take over` a fence that its
 * watcher seems to have left.
 */
export type Need = "point" | "release" | "take over";

export interface Case {
  readonly state: InstanceState;
  /** How long the standby has not been streaming, and had this conninfo; ms. */
  readonly idleMs: number;
  readonly conninfoMs: number;
  readonly primary: Member;
  readonly timeline: number;
  /** Failover needs every standby fenced, so none can be under way without this one. */
  readonly allFenced: boolean;
  /** The operator wants no other primary than this one, as of a moment ago. */
  readonly named: boolean;
  readonly mayRelease: boolean;
}

/** Pure. Undefined when the standby is as it should be, or time will tell. */
export function diagnose(standby: Case, timings: Timings): Need | undefined {
  const { state, timeline } = standby;
  const fence = parseFence(state.conninfo);
  if (fence) return diagnoseFence(standby, fence, timings);
  const followed = followedTimeline(state.conninfo);
  // It was pointed at a later primary than this watcher knows of.
  if (followed !== undefined && followed > timeline) return undefined;
  // The operator may have seen to it that nothing follows this primary, and be about to promote another.
  if (!standby.named) return undefined;
  const right = leadsTo(state.conninfo, standby.primary);
  const behind = state.streaming && state.timeline !== undefined && state.timeline < timeline;
  if (behind && !right) return "point";
  if (!state.streaming) return standby.idleMs >= timings.notStreamingAfterMs && !right ? "point" : undefined;
  return followed !== undefined && right && standby.mayRelease ? "release" : undefined;
}

function diagnoseFence(standby: Case, { timeline: fencedOff, next }: Fence, timings: Timings): Need | undefined {
  const { conninfoMs, state } = standby;
  if (fencedOff > standby.timeline) return undefined;
  // It followed the new primary before that was one, and goes on, be it after a moment: pointed anew, it would have to connect anew.
  if (fencedOff < standby.timeline && next === standby.primary.name && leadsTo(state.conninfo, standby.primary)) {
    if (!state.streaming) return standby.idleMs >= timings.notStreamingAfterMs ? "point" : undefined;
    return standby.named && standby.mayRelease ? "release" : undefined;
  }
  // Who laid it has promoted or never will: a failover under way would need the new primary among its fenced standbys.
  if (fencedOff < standby.timeline && standby.allFenced) return conninfoMs >= timings.repairIntervalMs ? "point" : undefined;
  if (!standby.named) return undefined;
  if (conninfoMs >= timings.abandonedAfterMs) return "point";
  return conninfoMs >= timings.takeOverAfterMs ? "take over" : undefined;
}
