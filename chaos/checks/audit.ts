import type { Check, CheckInput } from "../check.ts";
import type { Operation } from "../history.ts";
import { apiStore } from "./durability.ts";
import { groupBy, isWrite, shorten } from "./operations.ts";

/**
 * An HTTP client sends a request that does no harm a second time by itself when the connection dies under it, without a word to the
 * program: each attempt that the load counts may have been two.
 */
const sendsPerAttempt = 2;

type AuditEvent = CheckInput["aftermath"]["auditEvents"][number];

function about({ interaction, resource, version, ok }: { interaction: string; resource?: string; version?: number; ok: boolean }): string {
  const what = resource === undefined ? "" : ` of ${resource}`;
  return `${ok ? "granted" : "refused"} ${interaction}${what}${version === undefined ? "" : ` version ${version}`}`;
}

/** Versions that stand somewhere, or were acknowledged: each is a write that was done. */
function writesDone({ history, aftermath }: CheckInput): Set<string> {
  const acknowledged = history.filter((operation) => isWrite(operation) && operation.outcome === "ok");
  const stored = Object.entries(aftermath.stores).flatMap(([name, writes]) => (name === apiStore ? [] : writes));
  return new Set([...acknowledged, ...stored].map(({ resource, version }) => `${resource} version ${version}`));
}

/** One event for each write that was done, and none for one that was not: both are one transaction. */
function judgeWrites(input: CheckInput, events: readonly AuditEvent[]): { missing: string[]; surplus: string[] } {
  const counts = groupBy(
    events.filter(({ interaction, ok }) => ok && (interaction === "create" || interaction === "update")),
    ({ resource, version }) => `${resource} version ${version}`,
  );
  const done = writesDone(input);
  return {
    missing: [...done].filter((write) => !counts.has(write)).map((write) => `the write of ${write} has no audit event`),
    surplus: [...counts].flatMap(([write, found]) => {
      if (!done.has(write)) return [`an audit event tells of ${write}, which was never written`];
      return found.length > 1 ? [`the write of ${write} has ${found.length} audit events`] : [];
    }),
  };
}

/** What an access must have left behind; undefined for one that was neither granted nor refused. */
function expectedOf({ kind, outcome, status, resource, version }: Operation): string | undefined {
  const refused = outcome === "refused" && (status === 403 || (kind === "read" && (status === 404 || status === 410)));
  if (outcome !== "ok" && !refused) return undefined;
  const ok = outcome === "ok";
  return about({
    interaction: kind,
    ok,
    ...(resource === undefined ? {} : { resource }),
    ...(ok && version !== undefined ? { version } : {}),
  });
}

/** Whatever the answer was, an access to this left events of this kind. */
function targetOf(access: { interaction: string; resource?: string | undefined }): string {
  return access.resource === undefined ? access.interaction : `${access.interaction} of ${access.resource}`;
}

/** Reads, searches and refusals: an event for each one told of, and not more of them than requests were sent. */
function judgeAccesses({ history }: CheckInput, events: readonly AuditEvent[]): { missing: string[]; surplus: string[] } {
  const told = history.filter((operation) => !(isWrite(operation) && operation.outcome === "ok"));
  const counts = groupBy(events, (event) =>
    about(
      event.ok
        ? event
        : { interaction: event.interaction, ok: false, ...(event.resource === undefined ? {} : { resource: event.resource }) },
    ),
  );
  const expected = groupBy(
    told.flatMap((operation) => expectedOf(operation) ?? []),
    (what) => what,
  );
  const missing = [...expected].flatMap(([what, accesses]) => {
    const gap = accesses.length - (counts.get(what)?.length ?? 0);
    return gap > 0 ? [`${gap} of ${accesses.length} accesses have no audit event: ${what}`] : [];
  });
  const sent = groupBy(history, ({ kind, resource }) =>
    targetOf({ interaction: kind, resource: kind === "search" ? undefined : resource }),
  );
  const reads = events.filter(({ interaction }) => interaction === "read" || interaction === "search");
  const surplus = [...groupBy(reads, (event) => targetOf(event))].flatMap(([what, found]) => {
    const most = (sent.get(what) ?? []).reduce((sum, { attempts }) => sum + attempts * sendsPerAttempt, 0);
    return found.length > most ? [`${found.length} audit events for ${what}, where at most ${most} requests were sent`] : [];
  });
  return { missing, surplus };
}

/** Nothing is done and nothing is told without its audit event. */
export const audit: Check = {
  name: "audit",
  title: "Each granted or refused access has its audit event",
  judge(input: CheckInput) {
    const events = input.aftermath.auditEvents;
    const writes = judgeWrites(input, events);
    const accesses = judgeAccesses(input, events);
    const missing = [...writes.missing, ...accesses.missing];
    const surplus = [...writes.surplus, ...accesses.surplus];
    const figures = { auditEvents: events.length, auditGaps: missing.length, auditSurplus: surplus.length };
    if (missing.length + surplus.length > 0) return { verdict: "invalid", figures, findings: shorten([...missing, ...surplus]) };
    if (input.history.length === 0) return { verdict: "unknown", figures, findings: ["no request was made"] };
    return { verdict: "valid", figures, findings: [] };
  },
};
