import { describe, expect, it } from "vitest";
import { durability } from "./durability.ts";
import { currentOf, hot, input, lostSight, made, storedOf, wrote } from "./testing/made-history.ts";

const history = [wrote(0, 1), wrote(1, 2), wrote(2, 1, { resource: "Observation/other" })];
const stored = storedOf(history);

function judge(stores: Record<string, typeof stored>, more: Parameters<typeof input>[0] = []) {
  return durability.judge(input([...history, ...more], { aftermath: { stores, auditEvents: [] } }));
}

const whole = { "pg-1": stored, "pg-2": stored, "pg-3": stored, api: currentOf(stored) };

describe("durability", () => {
  it("is good when each acknowledged write is there once, on every instance and in the API", () => {
    const figures = { acknowledged: 3, lost: 0, doubled: 0, wrongful: 0, unknownOutcome: 0, unknownDone: 0, stores: 4 };
    expect(judge(whole)).toEqual({ verdict: "valid", figures, findings: [] });
  });

  it("catches a write that is missing on one instance", () => {
    const result = judge({ ...whole, "pg-3": stored.slice(1) });
    expect(result).toMatchObject({ verdict: "invalid", figures: { lost: 1 } });
    expect(result.findings).toEqual([`pg-3: create 0 was acknowledged as ${hot} version 1 and is not there`]);
  });

  it("catches a write whose place another one has taken", () => {
    const other = { resource: hot, version: 2, value: "run-7" };
    const unknown = lostSight(7);
    const result = judge({ ...whole, "pg-1": [...stored.filter(({ value }) => value !== "run-1"), other] }, [unknown]);
    expect(result.findings[0]).toBe(`pg-1: update 1 was acknowledged as ${hot} version 2 and holds "run-7" in its place`);
  });

  it("catches what the API does not show, and lets it show only what is current", () => {
    expect(judge({ ...whole, api: [] }).figures).toMatchObject({ lost: 3 });
    expect(judge({ ...whole, api: [{ resource: hot, version: 1, value: "run-0" }, ...currentOf(stored).slice(1)] }).findings).toEqual([
      `api: update 1 was acknowledged as ${hot} version 2 and is not there`,
    ]);
  });

  it("catches a doubled write, acknowledged or not", () => {
    const twice = [...stored, { resource: "Observation/twin", version: 1, value: "run-2" }];
    expect(judge({ ...whole, "pg-2": twice })).toMatchObject({ verdict: "invalid", figures: { doubled: 1, lost: 0 } });
    const unknown = lostSight(5, { kind: "create", resource: undefined });
    const both = ["a", "b"].map((id) => ({ resource: `Observation/${id}`, version: 1, value: "run-5" }));
    expect(judge({ ...whole, "pg-1": [...stored, ...both] }, [unknown]).figures).toMatchObject({ doubled: 1 });
  });

  it("catches a refused write that is there, and one that nobody sent", () => {
    const refused = made(9, "update", { resource: hot, value: "run-9", outcome: "refused", status: 412 });
    const third = (value: string) => ({ ...whole, "pg-1": [...stored, { resource: hot, version: 3, value }] });
    expect(judge(third("run-9"), [refused]).findings).toEqual([`pg-1: update 9 was refused (HTTP 412) and is there: ${hot} version 3`]);
    expect(judge(third("who"), [refused]).findings).toEqual([`pg-1: ${hot} version 3 holds "who", which nobody wrote`]);
    expect(judge(whole, [refused]).verdict).toBe("valid");
  });

  it("lets an unknown outcome be either", () => {
    const unknown = lostSight(7);
    const done = [...stored, { resource: hot, version: 3, value: "run-7" }];
    expect(judge(whole, [unknown])).toMatchObject({ verdict: "valid", figures: { unknownOutcome: 1, unknownDone: 0 } });
    const result = judge({ "pg-1": done, "pg-2": done, api: currentOf(done) }, [unknown]);
    expect(result).toMatchObject({ verdict: "valid", figures: { unknownOutcome: 1, unknownDone: 1 } });
  });

  it("knows nothing when there is nothing to look at", () => {
    expect(judge({ api: currentOf(stored) }).verdict).toBe("unknown");
    expect(judge({ "pg-1": stored }).verdict).toBe("unknown");
    expect(durability.judge(input([])).verdict).toBe("unknown");
    expect(
      durability.judge(input([wrote(0, 1, { resource: undefined })], { aftermath: { stores: { "pg-1": [], api: [] }, auditEvents: [] } }))
        .verdict,
    ).not.toBe("valid");
  });
});
