import { describe, expect, it } from "vitest";
import type { Loss } from "../check.ts";
import { spares } from "./spares.ts";
import { fault, input, wrote } from "./testing/made-history.ts";

function judge(...losses: Loss[]) {
  return spares.judge(input([wrote(1, 1)], { faults: [{ ...fault(1_000, 2_000), losses }] }));
}

describe("spares", () => {
  it("is content while one of each kind is left", () => {
    expect(judge({ kind: "DNS", lost: 1, left: 2 }, { kind: "PostgreSQL", lost: 2, left: 1 }).verdict).toBe("valid");
  });

  it("catches the only one of its kind", () => {
    const { verdict, findings } = judge({ kind: "PostgreSQL", lost: 1, left: 2 }, { kind: "DNS", lost: 1, left: 0 });
    expect(verdict).toBe("invalid");
    expect(findings).toEqual(["node-kill took 1 of DNS, and none was left"]);
  });
});
