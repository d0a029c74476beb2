import { describe, expect, it } from "vitest";
import { judgeNotes, type StoredNote, type TypedNote } from "./at-work.ts";

function madeNotes(changes: Record<number, Partial<TypedNote>> = {}): TypedNote[] {
  return Array.from({ length: 10 }, (_, index) => {
    const n = index + 1;
    const name = `made-1 ${n}`;
    const times = { beganMs: 1_000_000 + n * 3_000, openMs: 90, reloadMs: 80, wait: { bannerMs: undefined, leftMs: 120, pageMs: 150 } };
    return { name, text: `${name}: typed`, ...times, outcome: "added" as const, ...changes[n] };
  });
}

const stored = (): StoredNote[] => madeNotes().map(({ name, text }) => ({ name, text }));

describe("somebody at work in a browser", () => {
  it("has every page, and the longest waits are told", () => {
    const slow = { 4: { openMs: 3_100 }, 5: { reloadMs: 2_700, wait: { bannerMs: 2_010, leftMs: 5_300, pageMs: 5_400 } } };
    const { verdict, figures, findings } = judgeNotes(madeNotes(slow), [...stored(), { name: "somebody else's", text: "" }]);
    expect([verdict, findings]).toEqual(["valid", []]);
    expect(figures).toEqual({
      ...{ typed: 10, added: 10, lost: 0, doubled: 0, changed: 0, forgotten: 0, withoutPage: 0, banners: 1, wrongBanners: 0 },
      ...{ longestOpenMs: 3_100, longestReloadMs: 2_700, longestAddMs: 5_400 },
    });
  });

  it.each([
    ["lost", stored().slice(1), "was added, the portal said, and is not in the record"],
    ["doubled", [...stored(), ...stored().slice(0, 1)], "is in the record more than once"],
    ["changed", [{ name: "made-1 1", text: "made-1 1: ty" }, ...stored().slice(1)], "is not in the record as it was typed"],
  ])("must not have a note %s", (figure, inRecord, finding) => {
    const judged = judgeNotes(madeNotes(), inRecord);
    expect(judged).toMatchObject({ verdict: "invalid", figures: { [figure]: 1 } });
    expect(judged.findings).toEqual([`the note "made-1 1" of 00:16:43.000 ${finding}`]);
  });

  it.each([
    ["forgotten", { forgotten: 1, withoutPage: 0 }, "was forgotten when the page was reloaded: because"],
    ["no page", { forgotten: 0, withoutPage: 1 }, "had no page: because"],
  ] as const)("must not have a page that is %s", (outcome, figures, finding) => {
    const { wait: _none, ...unadded } = madeNotes()[6] as TypedNote;
    const notes = madeNotes().map((note, index) => (index === 6 ? { ...unadded, outcome, reason: "because" } : note));
    const judged = judgeNotes(notes, stored());
    expect(judged).toMatchObject({ verdict: "invalid", figures: { ...figures, lost: 0 } });
    expect(judged.findings).toEqual([`the note "made-1 7" of 00:17:01.000 ${finding}`]);
    // Whether it came into the record although nobody was told is open; twice it must not be there.
    expect(judgeNotes(notes, [...stored(), ...stored().slice(6, 7)]).figures.doubled).toBe(1);
  });

  it.each([
    [
      "a long wait of which nothing was said",
      { bannerMs: undefined, leftMs: 3_400, pageMs: 3_500 },
      "was waited for 3400 ms, and nothing said that it takes a while",
    ],
    ["words of waiting before there was any", { bannerMs: 700, leftMs: 850, pageMs: 900 }, "was said to take a while after 700 ms"],
  ])("must not see %s", (_what, wait, finding) => {
    const judged = judgeNotes(madeNotes({ 2: { wait } }), stored());
    expect(judged).toMatchObject({ verdict: "invalid", figures: { wrongBanners: 1 } });
    expect(judged.findings).toEqual([`the note "made-1 2" of 00:16:46.000 ${finding}`]);
  });

  it("who typed nothing proves nothing", () => {
    expect(judgeNotes([], []).verdict).toBe("unknown");
  });
});
