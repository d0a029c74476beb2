import { describe, expect, it } from "vitest";
import { audit } from "./audit.ts";
import { auditOf, hot, input, lostSight, made, read, storedOf, wrote } from "./testing/made-history.ts";

const absent = made(4, "read", { resource: "Observation/absent-4", outcome: "refused", status: 404 });
const refused = made(5, "update", { resource: hot, value: "run-5", ifMatch: 1, outcome: "refused", status: 412 });
const history = [wrote(0, 1), wrote(1, 2), read(2, 2, 1), read(3, 2, 1), absent, refused, made(6, "search")];
const events = auditOf(history);

function judge(auditEvents: typeof events, more: Parameters<typeof input>[0] = [], extraStored: ReturnType<typeof storedOf> = []) {
  const all = [...history, ...more];
  const stores = { "pg-1": [...storedOf(all), ...extraStored] };
  return audit.judge(input(all, { aftermath: { stores, auditEvents } }));
}

describe("audit", () => {
  it("is good with one event for each access that was granted or refused", () => {
    expect(judge(events)).toEqual({ verdict: "valid", figures: { auditEvents: 6, auditGaps: 0, auditSurplus: 0 }, findings: [] });
  });

  it.each([
    ["a write", 0, `the write of ${hot} version 1 has no audit event`],
    ["one of two reads", 2, `1 of 2 accesses have no audit event: granted read of ${hot} version 2`],
    ["a refusal", 4, "1 of 1 accesses have no audit event: refused read of Observation/absent-4"],
    ["a search", 5, "1 of 1 accesses have no audit event: granted search"],
  ])("catches the gap of %s", (_what, index, finding) => {
    expect(judge(events.toSpliced(index, 1))).toMatchObject({ verdict: "invalid", findings: [finding], figures: { auditGaps: 1 } });
  });

  it("catches an event of a write that was never done, and two of one", () => {
    expect(judge([...events, { interaction: "update", resource: hot, version: 3, ok: true }]).findings).toEqual([
      `an audit event tells of ${hot} version 3, which was never written`,
    ]);
    expect(judge([...events, { interaction: "update", resource: hot, version: 2, ok: true }]).findings).toEqual([
      `the write of ${hot} version 2 has 2 audit events`,
    ]);
  });

  it("wants an event of an unknown outcome just when it was done", () => {
    const unknown = lostSight(7);
    const event = { interaction: "update", resource: hot, version: 3, ok: true };
    const done = [{ resource: hot, version: 3, value: "run-7" }];
    expect(judge(events, [unknown]).verdict).toBe("valid");
    expect(judge([...events, event], [unknown], done).verdict).toBe("valid");
    expect(judge(events, [unknown], done).verdict).toBe("invalid");
    expect(judge([...events, event], [unknown]).verdict).toBe("invalid");
  });

  it("allows as many events of a read as may have been sent, and no more", () => {
    const unknown = made(8, "read", { resource: "Observation/slow", outcome: "failed", status: 0, attempts: 2 });
    const event = { interaction: "read", resource: "Observation/slow", version: 1, ok: true };
    expect(judge([...events, event, event, event, event], [unknown]).verdict).toBe("valid");
    expect(judge([...events, event, event, event, event, event], [unknown])).toMatchObject({
      verdict: "invalid",
      figures: { auditSurplus: 1 },
    });
    expect(judge([...events, { ...event, resource: "Observation/never-asked-for" }]).verdict).toBe("invalid");
  });
});
