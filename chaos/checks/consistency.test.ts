import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Operation } from "../history.ts";
import { consistency } from "./consistency.ts";
import { currentOf, hot, input, lostSight, made, read, storedOf, wrote } from "./testing/made-history.ts";

function judge(history: readonly Operation[], rest: Parameters<typeof input>[1] = {}) {
  return consistency.judge(input(history, rest));
}

/** As if no instance could be read: the history alone must do. */
const unread = { aftermath: { stores: {}, auditEvents: [] } };

describe("one history a record", () => {
  it("is given by writes one after the other, and reads of what was current", () => {
    const result = judge([wrote(0, 1), read(1, 1, 0), wrote(2, 2, { ifMatch: 1 }), wrote(3, 3), read(4, 3, 3)]);
    expect(result).toMatchObject({ verdict: "valid", findings: [], figures: { records: 1, versions: 3, reads: 2, violations: 0 } });
  });

  it("lets writes that overlap come in either order, and a read see either of them", () => {
    const slow = wrote(1, 3, { endMs: 1_500 });
    expect(judge([wrote(0, 1), slow, wrote(2, 2), read(3, 2, 2, { endMs: 1_400 }), read(6, 3, 1)]).verdict).toBe("valid");
  });

  it("catches a stale read of the primary's", () => {
    const { verdict, findings } = judge([wrote(0, 1), wrote(1, 2), read(2, 1, 0)]);
    expect(verdict).toBe("invalid");
    expect(findings).toEqual([
      `${hot}: read 2 was told version 1 by the primary, though update 1 had ended with version 2 before it began`,
    ]);
  });

  it("lets a standby be behind, and counts it", () => {
    const result = judge([wrote(0, 1), wrote(1, 2), read(2, 1, 0, { servedBy: "standby" })]);
    expect(result).toMatchObject({ verdict: "valid", figures: { standbyReads: 1, staleStandbyReads: 1 } });
  });

  it("catches a read back in time, though the write it had seen was never acknowledged", () => {
    const unknown = lostSight(1);
    const history = [wrote(0, 1), unknown, read(3, 2, 1), read(4, 1, 0)];
    const aftermath = { stores: { "pg-1": [...storedOf(history), { resource: hot, version: 2, value: "run-1" }] }, auditEvents: [] };
    expect(judge(history, { aftermath })).toMatchObject({ verdict: "invalid", figures: { violations: 1 } });
    expect(judge(history.slice(0, 3), { aftermath }).verdict).toBe("valid");
  });

  it("catches an acknowledged record that the primary does not know", () => {
    const absent = made(1, "read", { resource: hot, outcome: "refused", status: 404, servedBy: "primary" });
    expect(judge([wrote(0, 1), absent]).findings).toEqual([
      `${hot}: read 1 was told that there is no such record by the primary, though create 0 had ended with version 1 before it began`,
    ]);
    expect(judge([wrote(0, 1), { ...absent, servedBy: undefined }]).verdict).toBe("valid");
  });

  it("catches two writes that became the same version", () => {
    const { findings } = judge([wrote(0, 1), wrote(1, 2, { endMs: 1_400 }), wrote(2, 2)], unread);
    expect(findings).toEqual([`${hot} version 2 is two: "run-1" (update 1) and "run-2" (update 2)`]);
  });

  it("catches a value that nobody wrote, and one that was refused", () => {
    const strange = read(1, 2, 0, { value: "from nowhere", servedBy: "standby" });
    expect(judge([wrote(0, 1), strange], unread).findings).toEqual([`${hot} version 2 ("from nowhere", read 1) was never written`]);
    const refused = made(1, "update", { resource: hot, value: "run-1", ifMatch: 9, outcome: "refused", status: 412 });
    const findings = judge([wrote(0, 1), refused, read(2, 2, 1)], unread).findings;
    expect(findings[0]).toBe(`${hot} version 2 ("run-1", read 2) is update 1, which was refused`);
  });

  it("catches an order of versions against the order of time", () => {
    const { findings } = judge([wrote(0, 1), wrote(1, 3), wrote(2, 2)]);
    expect(findings).toEqual([`${hot}: update 2 became version 2, though update 1 had ended with version 3 before it began`]);
  });

  it("catches an update that did not follow the version it named", () => {
    const { findings } = judge([wrote(0, 1), wrote(1, 2), wrote(2, 3, { ifMatch: 1 })]);
    expect(findings).toEqual([`${hot}: update 2 became version 3, though it was to follow version 1`]);
  });

  it("catches a refusal for a version that was the current one", () => {
    const refused = made(2, "update", { resource: hot, value: "run-2", ifMatch: 2, outcome: "refused", status: 412 });
    expect(judge([wrote(0, 1), wrote(1, 2), refused]).findings).toEqual([
      `${hot}: update 2 was refused, though version 2 was the current one`,
    ]);
    expect(judge([wrote(0, 1), wrote(1, 2), { ...refused, ifMatch: 1 }]).verdict).toBe("valid");
    // An unknown one may have overtaken it.
    expect(
      judge([wrote(0, 1), wrote(1, 2), { ...lostSight(2), n: 3 }, { ...refused, n: 4, dueMs: 1_400, startMs: 1_400, endMs: 1_420 }])
        .verdict,
    ).toBe("valid");
  });
});

describe("a gap in the versions", () => {
  const history = [wrote(0, 1), wrote(3, 3)];

  it("is caught", () => {
    expect(judge(history, unread).findings).toEqual([`${hot} has no version 2, though it has version 3`]);
    expect(judge(history).verdict).toBe("invalid");
  });

  it("may be a write of unknown outcome, where no instance could be read", () => {
    expect(judge([wrote(0, 1), lostSight(1), wrote(3, 3)], unread).verdict).toBe("valid");
    expect(judge([wrote(0, 1), lostSight(1, { ifMatch: 1 }), wrote(3, 3)], unread).verdict).toBe("valid");
  });

  it("is not filled by one that was sent too late, that names another version, or that fills another gap", () => {
    expect(judge([wrote(0, 1), wrote(3, 3), lostSight(5)], unread).verdict).toBe("invalid");
    expect(judge([wrote(0, 1), lostSight(1, { ifMatch: 7 }), wrote(3, 3)], unread).verdict).toBe("invalid");
    expect(judge([wrote(0, 1), lostSight(1), wrote(3, 4)], unread).verdict).toBe("invalid");
  });

  it("is caught in an instance, whatever was unknown", () => {
    expect(judge([wrote(0, 1), lostSight(1), wrote(3, 3)]).verdict).toBe("invalid");
  });
});

/** A register that does one write after the other, each at some moment between its start and its end; reads see what is current. */
interface Step {
  write: boolean;
  named: boolean;
  unknown: boolean;
  beforeMs: number;
  afterMs: number;
}

function simulate(steps: readonly Step[]): { history: Operation[]; versions: string[] } {
  const versions = ["run-0"];
  const history = [wrote(0, 1, { dueMs: 0, startMs: 0, endMs: 1 })];
  steps.forEach(({ write, named, unknown, beforeMs, afterMs }, index) => {
    const n = index + 1;
    const effectMs = 1_000 + index * 10;
    const times = { dueMs: effectMs - beforeMs, startMs: effectMs - beforeMs, endMs: effectMs + afterMs };
    const current = versions.length;
    if (!write) {
      history.push(read(n, current, Number(versions[current - 1]?.split("-")[1]), times));
      return;
    }
    const ifMatch = named ? { ifMatch: current } : {};
    versions.push(`run-${n}`);
    history.push(unknown ? lostSight(n, { ...times, ...ifMatch }) : wrote(n, current + 1, { ...times, ...ifMatch }));
  });
  return { history, versions };
}

const steps = fc.array(
  fc.record({
    write: fc.boolean(),
    named: fc.boolean(),
    unknown: fc.boolean(),
    beforeMs: fc.integer({ min: 0, max: 200 }),
    afterMs: fc.integer({ min: 0, max: 200 }),
  }),
  { minLength: 1, maxLength: 40 },
);

describe("whatever overlaps", () => {
  it("a register that keeps its word is never found wanting, with its instances read or not", () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const { history, versions } = simulate(plan);
        const stored = versions.map((value, index) => ({ resource: hot, version: index + 1, value }));
        const aftermath = { stores: { "pg-1": stored, api: currentOf(stored) }, auditEvents: [] };
        expect(judge(history, { aftermath }).findings).toEqual([]);
        expect(judge(history, unread).findings).toEqual([]);
      }),
    );
  });

  it("a write taken back is always found", () => {
    fc.assert(
      fc.property(steps, fc.nat(), (plan, which) => {
        const { history, versions } = simulate(plan);
        const writes = history.filter(({ kind, outcome }) => kind !== "read" && outcome === "ok");
        const gone = writes[which % writes.length];
        const stored = versions
          .map((value, index) => ({ resource: hot, version: index + 1, value }))
          .filter(({ value }) => value !== gone?.value)
          .map((write, index) => ({ ...write, version: index + 1 }));
        // All later versions move down by one: another history. Only the last write of all leaves none to contradict it but itself.
        fc.pre(gone?.version !== versions.length);
        expect(judge(history, { aftermath: { stores: { "pg-1": stored }, auditEvents: [] } }).verdict).toBe("invalid");
      }),
    );
  });
});
