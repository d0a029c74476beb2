import type { Check, CheckInput, FaultRecord } from "../check.ts";
import type { Operation } from "../history.ts";
import { sloMs } from "./availability.ts";
import { isServed, isWrite, largest, nameOf, waitedMs } from "./operations.ts";

/** Steady operations of before the fault are not judged: it cannot have touched what had ended. */
function touchedSince(fromMs: number, { history, endMs }: CheckInput): Operation[] {
  return history.filter((operation) => operation.endMs >= fromMs && operation.dueMs <= endMs);
}

/** From a fault until the last request that waited too long because of it was answered. */
function recoveryMs(fault: FaultRecord, next: FaultRecord | undefined, touched: readonly Operation[]): number {
  const late = touched.filter(
    (operation) =>
      operation.endMs >= fault.injectedMs &&
      operation.dueMs < (next?.injectedMs ?? Number.POSITIVE_INFINITY) &&
      (!isServed(operation) || waitedMs(operation) > sloMs),
  );
  return largest(late.map(({ endMs }) => endMs - fault.injectedMs));
}

/** `update 812, due 0.3 s after node-kill` */
function placeOf(operation: Operation, faults: readonly FaultRecord[]): string {
  const fault = faults.findLast(({ injectedMs }) => injectedMs <= operation.endMs);
  if (fault === undefined) return nameOf(operation);
  const afterS = (operation.dueMs - fault.injectedMs) / 1_000;
  return `${nameOf(operation)}, due ${Math.abs(afterS).toFixed(1)} s ${afterS < 0 ? "before" : "after"} ${fault.name}`;
}

/** The longest that anybody waited once the first fault was made; whoever failed counts with all he waited. */
export const stall: Check = {
  name: "stall",
  title: "The longest stall stays below its bar",
  judge(input: CheckInput) {
    const { stall: bounds } = input;
    const faults = input.faults.toSorted((left, right) => left.injectedMs - right.injectedMs);
    const touched = touchedSince(faults[0]?.injectedMs ?? input.steadyEndMs, input);
    const worst = touched.reduce<Operation | undefined>(
      (most, operation) => (most === undefined || waitedMs(operation) > waitedMs(most) ? operation : most),
      undefined,
    );
    const stallMs = largest(touched.map(waitedMs));
    const figures = {
      stallMs,
      writeStallMs: largest(touched.filter(isWrite).map(waitedMs)),
      freshReadStallMs: largest(touched.filter(({ fresh }) => fresh === true).map(waitedMs)),
      // Those that a standby may answer: they need not wait for a new primary.
      readStallMs: largest(touched.filter((operation) => !isWrite(operation) && operation.fresh !== true).map(waitedMs)),
      rtoMs: largest(faults.map((fault, index) => recoveryMs(fault, faults[index + 1], touched))),
      barMs: bounds.barMs,
      goalMs: bounds.goalMs,
    };
    if (worst === undefined) return { verdict: "unknown", figures, findings: ["no request was made since the fault"] };
    if (stallMs <= bounds.barMs) return { verdict: "valid", figures, findings: [] };
    const finding = `the longest stall was ${stallMs} ms (${placeOf(worst, faults)}), the bar is ${bounds.barMs} ms`;
    return { verdict: "invalid", figures, findings: [finding] };
  },
};
