import { describe, expect, it } from "vitest";
import type { Loss } from "../check.ts";
import type { Operation } from "../history.ts";
import { copies } from "./copies.ts";
import { fault, input, made, wrote } from "./testing/made-history.ts";

const others: Loss = { kind: "PostgreSQL", lost: 2, left: 1 };

/** The others stand still from 2,000 to 12,000. */
function judge(history: Operation[], losses: Loss[] = [others]) {
  return copies.judge(input(history, { faults: [{ ...fault(1_900, 12_500), happenedMs: 2_000, healingMs: 12_000, losses }] }));
}

const at = (startMs: number, endMs: number): Partial<Operation> => ({ dueMs: startMs, startMs, endMs });

describe("copies", () => {
  it("is content while writes wait, and reads go on", () => {
    const waited = wrote(1, 1, at(1_990, 2_010));
    const released = wrote(2, 2, at(2_500, 12_010));
    const refused = wrote(3, 3, { ...at(3_000, 3_020), outcome: "refused", status: 412 });
    const { verdict, figures } = judge([waited, released, refused, made(4, "read", at(4_000, 4_020))]);
    expect(verdict).toBe("valid");
    expect(figures).toEqual({ aloneMs: 10_000, single: 0 });
  });

  it("catches a write that one instance acknowledged alone", () => {
    const { verdict, findings } = judge([wrote(1, 1), wrote(8, 2, at(8_000, 8_020))]);
    expect(verdict).toBe("invalid");
    expect(findings).toEqual(["update 8 was acknowledged while one instance of PostgreSQL was alone"]);
  });

  it("says that it cannot tell where no instance was alone", () => {
    expect(judge([wrote(8, 1, at(8_000, 8_020))], [{ ...others, left: 2 }]).verdict).toBe("unknown");
    expect(judge([wrote(8, 1, at(8_000, 8_020))], [{ kind: "DNS", lost: 1, left: 1 }]).verdict).toBe("unknown");
  });
});
