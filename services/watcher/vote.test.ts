import { describe, expect, it } from "vitest";
import { Ballot } from "./vote.ts";

const primary = { instance: "pg-1", timeline: 1 };
const ballot = (rank = 0): Ballot => new Ballot({ leaseMs: 5000, holdMs: 800, startedMs: 0, firstTerm: 100, rank, voters: 3 });
const request = (term: number, site = "site-b", of = primary) => ({ term, site, primary: of });

describe("Ballot", () => {
  it("grants a higher term to one site at a time, for a moment", () => {
    const mine = ballot();
    expect(mine.consider(request(101), 6000, true)).toEqual({ granted: true, term: 101 });
    expect(mine.consider(request(102, "witness"), 6799, true)).toMatchObject({ granted: false, reason: "granted to site-b" });
    expect(mine.consider(request(103), 6799, true).granted).toBe(true);
    expect(mine.consider(request(104, "witness"), 7598, true).granted).toBe(false);
    expect(mine.consider(request(104, "witness"), 7600, true).granted).toBe(true);
  });

  it("is bound for longer to one that says it is elected, whomever it voted for", () => {
    const mine = ballot();
    expect(mine.consider(request(101, "witness"), 6000, true).granted).toBe(true);
    expect(mine.consider({ ...request(102), elected: true }, 6100, false)).toEqual({ granted: true, term: 102 });
    expect(mine.consider(request(103, "witness"), 11_099, true)).toMatchObject({ granted: false, reason: "granted to site-b" });
    expect(mine.consider(request(104, "witness"), 11_100, true).granted).toBe(true);
    expect(mine.consider({ ...request(102), elected: true }, 11_200, true)).toEqual({ granted: false, term: 104 });
  });

  it("refuses a term it has promised, a primary it does not suspect, and anything just after its start", () => {
    const mine = ballot();
    expect(mine.consider(request(101), 4999, true).reason).toBe("just started");
    expect(mine.consider(request(101), 5000, false).reason).toBe("not suspected here");
    expect(mine.consider(request(100), 5000, true)).toMatchObject({ granted: false, term: 100 });
  });

  it("is free for the next primary when the election about the one before is over", () => {
    const mine = ballot();
    expect(mine.consider(request(101), 6000, true).granted).toBe(true);
    expect(mine.consider(request(102, "witness", { instance: "pg-2", timeline: 2 }), 6500, true).granted).toBe(true);
  });

  it("never lets two candidates at one moment block each other", () => {
    for (const [left, right] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const) {
      const [one, two] = [ballot(left), ballot(right)];
      const first = one.propose(primary, "one", 6000) ?? 0;
      const second = two.propose(primary, "two", 6000) ?? 0;
      const answers = [two.consider(request(first, "one"), 6001, true), one.consider(request(second, "two"), 6001, true)];
      expect(answers.filter(({ granted }) => granted)).toHaveLength(1);
      const wins = [one.win(request(first, "one"), 6000), two.win(request(second, "two"), 6000)];
      expect(wins).toEqual([answers[0]?.granted, answers[1]?.granted]);
    }
  });

  it("does not stand while it is bound to another, and stands above what it has heard of", () => {
    const mine = ballot(1);
    mine.consider(request(101), 6000, true);
    expect(mine.propose(primary, "site-a", 6799)).toBeUndefined();
    mine.heardOf(500);
    const term = mine.propose(primary, "site-a", 11_001) ?? 0;
    expect(term).toBeGreaterThan(500);
    expect(term % 3).toBe(1);
    expect(mine.open(11_001)).toBeUndefined();
    expect(mine.win(request(term, "site-a"), 11_001)).toBe(true);
    expect(mine.open(11_002)).toEqual(primary);
  });
});
