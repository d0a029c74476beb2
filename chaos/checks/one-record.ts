/**
 * One record as a register with versions: since every write is given its version by the platform, the order in which writes took effect
 * is known, and whether a history is linearizable can be decided exactly, without a search. A write whose outcome is unknown may take
 * effect at any moment after it was sent, or never.
 */
import type { StoredWrite } from "../check.ts";
import type { Operation } from "../history.ts";
import { isWrite, nameOf } from "./operations.ts";

export interface RecordHistory {
  resource: string;
  /** All operations on the record; a create whose outcome is unknown too, where its value was seen in this record. */
  operations: readonly Operation[];
  /** What each instance holds of the record, by the instance's name. */
  stored: ReadonlyMap<string, readonly StoredWrite[]>;
}

/** A version as somebody saw it. */
interface Seen {
  version: number;
  value: string;
  by: string;
}

/** A write that took effect. */
interface Effect {
  operation: Operation;
  version: number;
}

function seenVersions({ operations, stored }: RecordHistory): Seen[] {
  const told = operations.flatMap((operation): Seen[] => {
    const { outcome, version, value } = operation;
    return outcome === "ok" && version !== undefined && value !== undefined ? [{ version, value, by: nameOf(operation) }] : [];
  });
  return [...told, ...[...stored].flatMap(([by, writes]) => writes.map(({ version, value }) => ({ version, value, by })))];
}

/** One value a version; whoever saw another one saw another history. */
function settleVersions(record: RecordHistory, findings: string[]): Map<number, Seen> {
  const versions = new Map<number, Seen>();
  for (const seen of seenVersions(record)) {
    const before = versions.get(seen.version);
    if (before === undefined) versions.set(seen.version, seen);
    else if (before.value !== seen.value)
      findings.push(`${record.resource} version ${seen.version} is two: "${before.value}" (${before.by}) and "${seen.value}" (${seen.by})`);
  }
  return versions;
}

/** Every value was written, to this record, by a write that was not refused, and is one version only. */
function judgeWriters(resource: string, versions: ReadonlyMap<number, Seen>, writers: ReadonlyMap<string, Operation>): string[] {
  const places = new Map<string, number>();
  return [...versions.values()].flatMap(({ version, value, by }) => {
    const what = `${resource} version ${version} ("${value}", ${by})`;
    const writer = writers.get(value);
    const earlier = places.get(value);
    places.set(value, version);
    if (writer === undefined) return [`${what} was never written`];
    if (writer.outcome === "refused") return [`${what} is ${nameOf(writer)}, which was refused`];
    if (writer.resource !== undefined && writer.resource !== resource) return [`${what} is ${nameOf(writer)} on ${writer.resource}`];
    if (writer.outcome === "ok" && writer.version !== version)
      return [`${what} is ${nameOf(writer)}, which was acknowledged as version ${writer.version}`];
    return earlier === undefined ? [] : [`${what} is version ${earlier} too: ${nameOf(writer)} took effect twice`];
  });
}

function effectsOf({ operations }: RecordHistory, versions: ReadonlyMap<number, Seen>): Effect[] {
  const versionOf = new Map([...versions.values()].map(({ value, version }) => [value, version]));
  return operations.filter(isWrite).flatMap((operation): Effect[] => {
    if (operation.outcome === "refused") return [];
    const version = operation.outcome === "ok" ? operation.version : versionOf.get(operation.value ?? "");
    return version === undefined ? [] : [{ operation, version }];
  });
}

/** Versions that nobody saw: in an instance each must have its row; where none was read, a write of unknown outcome may be it. */
function judgeGaps(record: RecordHistory, versions: ReadonlyMap<number, Seen>, effects: readonly Effect[]): string[] {
  const highest = Math.max(0, ...versions.keys());
  const open = new Set(
    record.operations.filter((each) => isWrite(each) && each.outcome === "failed" && effects.every(({ operation }) => operation !== each)),
  );
  const findings: string[] = [];
  for (let version = 1; version <= highest; version++) {
    if (versions.has(version)) continue;
    // It had taken effect before a later version was told.
    const told = record.operations.filter((each) => each.outcome === "ok" && (each.version ?? 0) > version);
    const knownMs = Math.min(...told.map(({ endMs }) => endMs));
    const fitting = [...open].filter(
      ({ startMs, ifMatch, kind }) =>
        startMs <= knownMs && (ifMatch === undefined || ifMatch === version - 1) && (kind === "create") === (version === 1),
    );
    const filler = record.stored.size > 0 ? undefined : (fitting.find(({ ifMatch }) => ifMatch !== undefined) ?? fitting[0]);
    if (filler === undefined) findings.push(`${record.resource} has no version ${version}, though it has version ${highest}`);
    else open.delete(filler);
  }
  return findings;
}

/** A moment by which a version had been there for sure. */
interface Milestone {
  endMs: number;
  version: number;
  operation: Operation;
}

/** The highest version known before each of the moments, which are asked for in ascending order. */
function highestBefore(milestones: readonly Milestone[]): (momentMs: number) => Milestone | undefined {
  const sorted = milestones.toSorted((left, right) => left.endMs - right.endMs);
  let next = 0;
  let highest: Milestone | undefined;
  return (momentMs) => {
    for (let each = sorted[next]; each !== undefined && each.endMs < momentMs; each = sorted[++next])
      if (highest === undefined || each.version > highest.version) highest = each;
    return highest;
  };
}

function byStart<T extends { operation: Operation }>(items: readonly T[]): T[] {
  return items.toSorted((left, right) => left.operation.startMs - right.operation.startMs);
}

interface Read {
  operation: Operation;
  /** 0: it was told that there is no such record. */
  version: number;
}

function readsOf({ operations }: RecordHistory): Read[] {
  return operations.flatMap((operation): Read[] => {
    if (operation.kind !== "read") return [];
    if (operation.outcome === "ok" && operation.version !== undefined) return [{ operation, version: operation.version }];
    return operation.outcome === "refused" && (operation.status === 404 || operation.status === 410) ? [{ operation, version: 0 }] : [];
  });
}

/** What began after something had ended comes after it; only a standby may answer with what was before. */
function judgeOrder(
  resource: string,
  effects: readonly Effect[],
  reads: readonly Read[],
): { findings: string[]; staleStandbyReads: number } {
  const milestone = ({ operation, version }: Read): Milestone => ({ endMs: operation.endMs, version, operation });
  const acknowledged = effects.filter(({ operation }) => operation.outcome === "ok").map(milestone);
  const primaryReads = reads.filter(({ operation }) => operation.servedBy === "primary");
  const findings: string[] = [];
  const beforeWrite = highestBefore([...acknowledged, ...reads.map(milestone)]);
  for (const { operation, version } of byStart(effects)) {
    const earlier = beforeWrite(operation.startMs);
    if (earlier !== undefined && earlier.version >= version)
      findings.push(
        `${resource}: ${nameOf(operation)} became version ${version}, though ${nameOf(earlier.operation)} had ended with version ${earlier.version} before it began`,
      );
  }
  const beforeRead = highestBefore([...acknowledged, ...primaryReads.map(milestone)]);
  let staleStandbyReads = 0;
  for (const { operation, version } of byStart(reads)) {
    const earlier = beforeRead(operation.startMs);
    if (earlier === undefined || earlier.version <= version) continue;
    if (operation.servedBy !== "primary") staleStandbyReads += 1;
    else
      findings.push(
        `${resource}: ${nameOf(operation)} was told ${version === 0 ? "that there is no such record" : `version ${version}`} by the primary, though ${nameOf(earlier.operation)} had ended with version ${earlier.version} before it began`,
      );
  }
  return { findings, staleStandbyReads };
}

/** An update that names a version follows just that one, and is refused only when that one may no longer have been current. */
function judgePreconditions(record: RecordHistory, effects: readonly Effect[]): string[] {
  const wrong = effects.flatMap(({ operation, version }) =>
    operation.ifMatch === undefined || operation.ifMatch + 1 === version
      ? []
      : [`${record.resource}: ${nameOf(operation)} became version ${version}, though it was to follow version ${operation.ifMatch}`],
  );
  const done = new Map(effects.map(({ operation, version }) => [operation, version]));
  const refused = record.operations.filter(
    ({ status, ifMatch, outcome }) => outcome === "refused" && status === 412 && ifMatch !== undefined,
  );
  const baseless = refused.flatMap((operation) => {
    const overtaken = record.operations.some(
      (other) =>
        isWrite(other) &&
        other.outcome !== "refused" &&
        other.startMs <= operation.endMs &&
        (done.get(other) ?? Number.POSITIVE_INFINITY) > (operation.ifMatch ?? 0),
    );
    return overtaken
      ? []
      : [`${record.resource}: ${nameOf(operation)} was refused, though version ${operation.ifMatch} was the current one`];
  });
  return [...wrong, ...baseless];
}

export interface RecordJudgement {
  findings: string[];
  versions: number;
  staleStandbyReads: number;
}

/** @param writers all writes of the run by the value they wrote */
export function judgeRecord(record: RecordHistory, writers: ReadonlyMap<string, Operation>): RecordJudgement {
  const findings: string[] = [];
  const versions = settleVersions(record, findings);
  findings.push(...judgeWriters(record.resource, versions, writers));
  const effects = effectsOf(record, versions);
  findings.push(...judgeGaps(record, versions, effects));
  const order = judgeOrder(record.resource, effects, readsOf(record));
  findings.push(...order.findings, ...judgePreconditions(record, effects));
  return { findings, versions: versions.size, staleStandbyReads: order.staleStandbyReads };
}
