import type { Check, CheckInput, FaultRecord } from "../check.ts";
import { isWrite, nameOf, shorten } from "./operations.ts";

/** From when the fault was seen to be real until healing began. */
interface Alone {
  fromMs: number;
  toMs: number;
}

/** When it left one instance of PostgreSQL, and nothing that the others could say. */
function aloneDuring({ losses, happenedMs, healingMs }: FaultRecord): Alone[] {
  const isAlone = losses.some(({ kind, lost, left }) => kind === "PostgreSQL" && lost > 0 && left === 1);
  return isAlone && happenedMs !== undefined && healingMs !== undefined ? [{ fromMs: happenedMs, toMs: healingMs }] : [];
}

/**
 * A write that was begun and acknowledged while the other instances stood still is on one instance only: losing that one would lose it, even
 * where this run was lucky. For faults that hold the others still all the time; one that starts anew in between may confirm a commit.
 */
export const copies: Check = {
  name: "copies",
  title: "No write is acknowledged that only one instance has",
  judge({ history, faults }: CheckInput) {
    const alone = faults.flatMap(aloneDuring);
    const single = history.filter(
      (operation) =>
        isWrite(operation) &&
        operation.outcome === "ok" &&
        alone.some(({ fromMs, toMs }) => operation.startMs >= fromMs && operation.endMs <= toMs),
    );
    const figures = { aloneMs: alone.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0), single: single.length };
    const findings = single.map((operation) => `${nameOf(operation)} was acknowledged while one instance of PostgreSQL was alone`);
    if (findings.length > 0) return { verdict: "invalid", figures, findings: shorten(findings) };
    if (alone.length === 0) return { verdict: "unknown", figures, findings: ["no fault left PostgreSQL with one instance"] };
    return { verdict: "valid", figures, findings: [] };
  },
};
