import { describe, expect, it } from "vitest";
import { chooseStandby } from "./choose-standby.ts";

function candidate(name: string, flushed: bigint, settings: { site?: string; timeline?: number } = {}) {
  return {
    member: { name, site: settings.site ?? "site-a", address: "", port: 1 },
    examined: {
      inRecovery: true,
      conninfo: "",
      base: "",
      timeline: settings.timeline ?? 4,
      flushed,
      receiving: false,
      clockMs: 0,
      upMs: 0,
    },
  };
}

const choose = (candidates: ReturnType<typeof candidate>[], named = ""): string | undefined =>
  chooseStandby(candidates, { timeline: 4, named, witnessSite: "witness" })?.member.name;

describe("chooseStandby", () => {
  it("takes the one whose WAL goes furthest, whatever else speaks for another", () => {
    const big = 9_007_199_254_740_993n;
    expect(choose([candidate("pg-1", big), candidate("pg-2", big + 1n, { site: "witness" })], "pg-1")).toBe("pg-2");
  });

  it("breaks ties by the operator's wish, then not the witness, then the name", () => {
    const [one, two, witness] = [candidate("pg-1", 5n), candidate("pg-2", 5n), candidate("pg-0", 5n, { site: "witness" })];
    expect(choose([one, two, witness], "pg-0")).toBe("pg-0");
    expect(choose([witness, two, one])).toBe("pg-1");
    expect(choose([witness, two])).toBe("pg-2");
  });

  it("leaves out who did not follow the old primary, however far it goes", () => {
    expect(choose([candidate("pg-1", 900n, { timeline: 3 }), candidate("pg-2", 5n)])).toBe("pg-2");
    expect(choose([candidate("pg-1", 900n, { timeline: 3 })])).toBeUndefined();
  });
});
