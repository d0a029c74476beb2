import type { Aftermath, Check, CheckInput, StoredWrite } from "../check.ts";
import type { Operation } from "../history.ts";
import { apiStore } from "./durability.ts";
import { judgeRecord, type RecordHistory } from "./one-record.ts";
import { groupBy, isWrite, shorten } from "./operations.ts";

/** Where a value was seen: what tells which record a create of unknown outcome made. */
function placesOf(history: readonly Operation[], aftermath: Aftermath): Map<string, string> {
  const places = new Map<string, string>();
  for (const { value, resource } of [...history, ...Object.values(aftermath.stores).flat()])
    if (value !== undefined && resource !== undefined) places.set(value, resource);
  return places;
}

function readRecords({ history, aftermath }: CheckInput): RecordHistory[] {
  const places = placesOf(history, aftermath);
  const operations = groupBy(history, ({ resource, value }) => resource ?? places.get(value ?? ""));
  const instances = Object.entries(aftermath.stores)
    .filter(([name]) => name !== apiStore)
    .map(([name, stored]) => [name, groupBy(stored, ({ resource }) => resource)] as const);
  return [...operations].flatMap(([resource, own]): RecordHistory[] => {
    if (resource === undefined) return [];
    const stored = instances.flatMap(([name, records]): [string, readonly StoredWrite[]][] => {
      const writes = records.get(resource);
      return writes === undefined ? [] : [[name, writes]];
    });
    return [{ resource, operations: own, stored: new Map(stored) }];
  });
}

/** The versions of each record form one history that agrees with the order in which clients saw things happen: every record, not a sample. */
export const consistency: Check = {
  name: "consistency",
  title: "Each record has one history, and nobody reads back in time",
  judge(input: CheckInput) {
    const writers = new Map(input.history.filter(isWrite).map((operation) => [operation.value ?? "", operation]));
    const records = readRecords(input);
    const judged = records.map((record) => judgeRecord(record, writers));
    const findings = judged.flatMap((record) => record.findings);
    const reads = input.history.filter(({ kind, outcome }) => kind === "read" && outcome === "ok");
    const sum = (numbers: readonly number[]) => numbers.reduce((left, right) => left + right, 0);
    const figures = {
      records: records.length,
      versions: sum(judged.map(({ versions }) => versions)),
      reads: reads.length,
      standbyReads: reads.filter(({ servedBy }) => servedBy === "standby").length,
      staleStandbyReads: sum(judged.map(({ staleStandbyReads }) => staleStandbyReads)),
      violations: findings.length,
    };
    if (findings.length > 0) return { verdict: "invalid", figures, findings: shorten(findings) };
    if (figures.versions === 0) return { verdict: "unknown", figures, findings: ["no record was written"] };
    return { verdict: "valid", figures, findings: [] };
  },
};
