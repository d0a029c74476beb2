import { describe, expect, it } from "vitest";
import { judgeVisits, readPage, type Visit } from "./signed-in.ts";

function madeVisits(changes: Record<number, Partial<Visit>> = {}): Visit[] {
  return Array.from({ length: 30 }, (_, index) => {
    const beganMs = 1_000_000 + index * 1_000;
    return { n: index + 1, beganMs, endedMs: beganMs + 40, attempts: 1, outcome: "served" as const, ...changes[index + 1] };
  });
}

describe("somebody who is signed in", () => {
  it("stays so, and the longest wait is told", () => {
    const { verdict, figures, findings } = judgeVisits(madeVisits({ 7: { endedMs: 1_006_000 + 5_210, attempts: 3 } }));
    expect([verdict, findings]).toEqual(["valid", []]);
    expect(figures).toEqual({ visits: 30, signedOut: 0, notServed: 0, repeated: 1, longestWaitMs: 5_210 });
  });

  it.each([
    ["signed out", { signedOut: 1, notServed: 0 }],
    ["lost", { signedOut: 0, notServed: 1 }],
    ["wrong", { signedOut: 0, notServed: 1 }],
  ] as const)("who is %s once makes the drill invalid", (outcome, figures) => {
    const judged = judgeVisits(madeVisits({ 12: { outcome, reason: "because" } }));
    expect(judged).toMatchObject({ verdict: "invalid", figures });
    expect(judged.findings).toEqual([expect.stringMatching(new RegExp(`^visit 12 .* was ${outcome} .*: because$`))]);
  });

  it("who was never there proves nothing", () => {
    expect(judgeVisits([]).verdict).toBe("unknown");
  });
});

describe("a page", () => {
  const url = new URL("https://192.0.2.1/portal/patient");
  const page = { url, status: 200, text: "", location: undefined };

  it("is served only where it is one for somebody who is signed in", () => {
    expect(readPage({ ...page, text: '<form method="post" action="/portal/sign-out">' }).outcome).toBe("served");
    expect(readPage({ ...page, text: "<p>Welcome</p>" }).outcome).toBe("wrong");
    expect(readPage({ ...page, status: 404 }).outcome).toBe("wrong");
  });

  it("that leads to the sign-in says that one is signed out", () => {
    const to = (path: string) => readPage({ ...page, status: 303, location: new URL(path, url) }).outcome;
    expect([to("/portal/sign-in?return=%2Fportal%2Fpatient"), to("/portal/home")]).toEqual(["signed out", "wrong"]);
  });
});
