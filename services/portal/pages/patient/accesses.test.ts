import type { AuditEvent } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { sentenceOf, together } from "./accesses.ts";

const event = (sentence: string, recorded: string): AuditEvent =>
  ({ resourceType: "AuditEvent", recorded, text: { status: "generated", div: `<div lang="en">${sentence}</div>` } }) as AuditEvent;

describe("the access log", () => {
  it("gives the sentence without markup", () => {
    expect(sentenceOf(event("A &amp; B &lt;b&gt; &#39;read&#39; it.", "2026-01-01T10:00:00Z"))).toBe("A & B <b> 'read' it.");
  });

  it("puts together what one account does without a pause of half an hour, and nothing else", () => {
    const by = (account: string, sentence: string, recorded: string, more: object = {}): AuditEvent =>
      ({ ...event(sentence, recorded), agent: [{ requestor: true, who: { identifier: { value: account } } }], ...more }) as AuditEvent;
    const visits = together([
      by("x", "X read a report.", "2026-01-01T12:00:00Z"),
      by("y", "Y read a report.", "2026-01-01T11:50:00Z", { outcome: "8" }),
      by("x", "X read a document.", "2026-01-01T11:45:00Z"),
      by("x", "X read a report.", "2026-01-01T11:20:00Z"),
      by("x", "X read a report.", "2026-01-01T09:00:00Z"),
    ]);
    expect(
      visits.map(({ event: first, lines, refused }) => [first.recorded.slice(11, 16), lines.map(({ count }) => count), refused ?? false]),
    ).toEqual([
      ["12:00", [2, 1], false],
      ["11:50", [1], true],
      ["09:00", [1], false],
    ]);
  });
});
