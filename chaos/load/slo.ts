/** Whether a load was served as the SLO wants it: for `./dsp load`, and for the steady phases of a drill. */
import { isServed, largest, nameOf, percent, percentile, waitedMs } from "../checks/operations.ts";
import type { WorkloadName } from "../drill.ts";
import type { Operation } from "../history.ts";
import { workloads } from "./workloads.ts";

const failuresShown = 5;

export interface LoadJudgement {
  good: boolean;
  figures: Record<string, number>;
  /** The thresholds that were missed, each one line. */
  findings: string[];
}

/** @param room what the SLO's times are multiplied with */
export function judgeLoad(workload: WorkloadName, operations: readonly Operation[], room = 1): LoadJudgement {
  const { availabilityPercentMin, ...times } = workloads[workload].slo;
  const slo = { availabilityPercentMin, p95MsMax: times.p95MsMax * room, p99MsMax: times.p99MsMax * room };
  const failed = operations.filter((operation) => !isServed(operation));
  const waits = operations.map(waitedMs);
  const p95Of = (kinds: readonly Operation["kind"][]) =>
    Math.round(percentile(operations.filter(({ kind }) => kinds.includes(kind)).map(waitedMs), 0.95));
  const dueMs = operations.map((operation) => operation.dueMs);
  const seconds = operations.length > 1 ? (largest(dueMs) - dueMs.reduce((least, each) => Math.min(least, each))) / 1_000 : 0;
  const figures = {
    requests: operations.length,
    requestsPerSecond: seconds > 0 ? Math.round(((operations.length - 1) / seconds) * 10) / 10 : 0,
    failed: failed.length,
    repeated: operations.filter(({ attempts }) => attempts > 1).length,
    availabilityPercent: percent(operations.length - failed.length, operations.length),
    p50Ms: Math.round(percentile(waits, 0.5)),
    p95Ms: Math.round(percentile(waits, 0.95)),
    p99Ms: Math.round(percentile(waits, 0.99)),
    worstMs: Math.round(largest(waits)),
    writeP95Ms: p95Of(["create", "update"]),
    readP95Ms: p95Of(["read"]),
    searchP95Ms: p95Of(["search"]),
  };
  const findings = operations.length === 0 ? ["no request was made"] : [];
  if (figures.availabilityPercent < slo.availabilityPercentMin) {
    const told = failed
      .slice(0, failuresShown)
      .map((operation) => `${nameOf(operation)}: ${operation.reason ?? `HTTP ${operation.status}`}`);
    const text = `availability ${figures.availabilityPercent} %, the SLO is ${slo.availabilityPercentMin} %`;
    findings.push(`${text}: ${failed.length} of ${operations.length} failed (${told.join("; ")})`);
  }
  if (figures.p95Ms > slo.p95MsMax) findings.push(`p95 ${figures.p95Ms} ms, the SLO is ${slo.p95MsMax} ms`);
  if (figures.p99Ms > slo.p99MsMax) findings.push(`p99 ${figures.p99Ms} ms, the SLO is ${slo.p99MsMax} ms`);
  return { good: findings.length === 0, figures, findings };
}
