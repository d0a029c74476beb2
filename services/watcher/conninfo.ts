/**
 * What the watcher writes into primary_conninfo. All forms carry a tag in `fallback_application_name`, which libpq ignores beside an
 * `application_name`: the timeline that the fence is against, or that the followed primary is on. It is the standby's memory.
 */
import type { Member } from "./instances.ts";

export interface Fence {
  term: number;
  site: string;
  /** Of the primary that is fenced off. */
  timeline: number;
  /** The standby that is to be the primary next, where the fenced one follows it already. */
  next?: string;
}

const fencePattern = /^host=\/fenced application_name=dsp-fence-(\d+)-([a-z0-9-]+) fallback_application_name=dsp-timeline-(\d+)$/;
const leadingFencePattern = /(?:^|\s)fallback_application_name=dsp-fence-(\d+)-([a-z0-9-]+)-timeline-(\d+)-next-(\S+)$/;
const followPattern = /(?:^|\s)fallback_application_name=dsp-follow-(\d+)(?:-(\S+))?(?:\s|$)/;

/** A Unix socket folder that does not exist: nothing can connect. */
export function fenceMarker(fence: Fence): string {
  return `host=/fenced application_name=dsp-fence-${fence.term}-${fence.site} fallback_application_name=dsp-timeline-${fence.timeline}`;
}

export function parseFence(conninfo: string): Fence | undefined {
  const match = fencePattern.exec(conninfo) ?? leadingFencePattern.exec(conninfo);
  if (!match) return undefined;
  const [, term, site = "", timeline, next] = match;
  return { term: Number(term), site, timeline: Number(timeline), ...(next === undefined ? {} : { next }) };
}

/** The timeline of the primary that an override of ours follows; undefined for any other conninfo. */
export function followedTimeline(conninfo: string): number | undefined {
  const match = followPattern.exec(conninfo);
  return match ? Number(match[1]) : undefined;
}

/** The name of that primary: two instances may have been promoted from one timeline, and then share the next one's number. */
export function followedPrimary(conninfo: string): string | undefined {
  return followPattern.exec(conninfo)?.[2];
}

export function isOverride(conninfo: string): boolean {
  return parseFence(conninfo) !== undefined || followedTimeline(conninfo) !== undefined;
}

/** The operator's conninfo with another address in it. @throws when there is no conninfo to start from */
export function follow(base: string, primary: Member, timeline: number): string {
  return lead(base, primary, `dsp-follow-${timeline}-${primary.name}`);
}

/**
 * A fence all the same: no WAL comes from the primary but through the standby that is to be the next, and whoever follows that goes on
 * following it when it is promoted. @throws as `follow`
 */
export function leadingFence(base: string, next: Member, { term, site, timeline }: Fence): string {
  return lead(base, next, `dsp-fence-${term}-${site}-timeline-${timeline}-next-${next.name}`);
}

function lead(base: string, to: Member, tag: string): string {
  if (!/(^|\s)host\s*=/.test(base)) {
    throw new Error("the instance has no primary_conninfo of its own");
  }
  const kept = base.replaceAll(/(^|\s+)(host|hostaddr|port|fallback_application_name)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)/g, "").trim();
  return `host=${to.address} port=${to.port} ${kept} fallback_application_name=${tag}`;
}

/** Whether the conninfo goes to that very address. */
export function leadsTo(conninfo: string, primary: Member): boolean {
  return new RegExp(`(^|\\s)host=${primary.address.replaceAll(".", "\\.")} port=${primary.port}(\\s|$)`).test(conninfo);
}
