import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FhirError } from "../../lib/operation-outcome.ts";
import { checkMove, nextStatuses, type ReferralSide, referralStatuses, requestStatus } from "./transitions.ts";

const both: ReferralSide[] = ["sender", "recipient"];

function refusal(work: () => unknown): number {
  try {
    work();
    return 0;
  } catch (error) {
    return error instanceof FhirError ? error.status : -1;
  }
}

describe("a referral's life", () => {
  it("goes from requested to completed by the recipient's moves", () => {
    const way = ["requested", "received", "accepted", "in-progress", "completed"];
    for (const [place, to] of way.slice(1).entries()) expect(checkMove(way[place] ?? "", to, ["recipient"])).toBe(to);
  });

  it.each([
    ["completed", "requested", both, 409],
    ["requested", "completed", both, 409],
    ["requested", "in-progress", both, 409],
    ["rejected", "accepted", both, 409],
    ["received", "accepted", ["sender"], 403],
    ["received", "cancelled", ["recipient"], 403],
    ["received", "on-hold", both, 422],
    ["received", "received", both, 409],
  ] as [string, string, ReferralSide[], number][])("from %s to %s by %s is refused", (from, to, sides, status) => {
    expect(refusal(() => checkMove(from, to, sides))).toBe(status);
  });

  it("offers just what it allows, and ends", () => {
    const status = fc.constantFrom(...referralStatuses);
    fc.assert(
      fc.property(status, status, fc.subarray(both), (from, to, sides) => {
        expect(nextStatuses(from, sides).includes(to)).toBe(refusal(() => checkMove(from, to, sides)) === 0);
        if (requestStatus(from) !== "active") expect(nextStatuses(from, both)).toEqual([]);
      }),
    );
  });
});
