import type { AuditEvent } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { sentenceOf, together } from "./accesses.ts";

const event = (sentence: string, recorded: string): AuditEvent =>
  ({ resourceType: "AuditEvent", recorded, text: { status: "generated", div: `<div lang="en">${sentence}</div>` } }) as AuditEvent;

describe("the access log", () => {
  it("gives the sentence without markup", () => {
    expect(sentenceOf(event("A &amp; B &lt;b&gt; &#39;read&#39; it.", "2026-01-01T10:00:00Z"))).toBe("A & B <b> 'read' it.");
  });

  it("puts together what repeats itself within half an hour, and nothing else", () => {
    const events = [
      event("X read a report.", "2026-01-01T12:00:00Z"),
      event("Y read a report.", "2026-01-01T11:50:00Z"),
      event("X read a report.", "2026-01-01T11:45:00Z"),
      event("X read a report.", "2026-01-01T11:20:00Z"),
      event("X read a report.", "2026-01-01T09:00:00Z"),
    ];
    expect(
      together(events).map(({ sentence, count, event: first }) => [sentence.slice(0, 1), count, first.recorded.slice(11, 16)]),
    ).toEqual([
      ["X", 3, "12:00"],
      ["Y", 1, "11:50"],
      ["X", 1, "09:00"],
    ]);
  });
});
