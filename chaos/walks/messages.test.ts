import { describe, expect, it } from "vitest";
import { judgeMessages, type ReceivedMessage, type SentMessage } from "./messages.ts";

function madeSent(changes: Record<number, Partial<SentMessage>> = {}): SentMessage[] {
  return Array.from({ length: 20 }, (_, n) => {
    const beganMs = 1_000_000 + n * 1_000;
    const common = { subject: `run ${n}`, beganMs, endedMs: beganMs + 50, attempts: 1 };
    return { ...common, outcome: "acknowledged" as const, reference: `Communication/${n}`, ...changes[n] };
  });
}

const inboxOf = (sent: readonly SentMessage[]): ReceivedMessage[] =>
  sent.map(({ subject }, n) => ({ subject, reference: `Communication/${n}` })).toReversed();

describe("messages", () => {
  it("that all arrived once are valid, and the longest wait is told", () => {
    const sent = madeSent({ 4: { endedMs: 1_004_000 + 3_100, attempts: 2 } });
    const { verdict, figures, findings } = judgeMessages(sent, inboxOf(sent));
    expect([verdict, findings]).toEqual(["valid", []]);
    expect(figures).toEqual({ sent: 20, acknowledged: 20, lost: 0, doubled: 0, refused: 0, unanswered: 0, longestWaitMs: 3_100 });
  });

  it("of which one was lost are invalid", () => {
    const sent = madeSent();
    const judged = judgeMessages(
      sent,
      inboxOf(sent).filter(({ subject }) => subject !== "run 7"),
    );
    expect(judged).toMatchObject({ verdict: "invalid", figures: { lost: 1, doubled: 0 } });
    expect(judged.findings).toEqual([expect.stringContaining('"run 7" of 00:16:47.000 was acknowledged and is not in the inbox')]);
  });

  it("of which one was doubled are invalid, acknowledged or not", () => {
    for (const outcome of ["acknowledged", "unanswered"] as const) {
      const sent = madeSent({ 7: { outcome } });
      const judged = judgeMessages(sent, [...inboxOf(sent), { subject: "run 7", reference: "Communication/other" }]);
      expect(judged).toMatchObject({ verdict: "invalid", figures: { lost: 0, doubled: 1 } });
      expect(judged.findings[0]).toContain('"run 7" of 00:16:47.000 is in the inbox more than once');
    }
  });

  it("must have the name that they were acknowledged with", () => {
    const sent = madeSent({ 7: { reference: "Communication/other" } });
    expect(judgeMessages(sent, inboxOf(sent)).findings).toEqual([expect.stringContaining("under another name")]);
  });

  it("that were refused must not be there", () => {
    const sent = madeSent({ 7: { outcome: "refused", reason: "HTTP 409" } });
    const [first, second] = judgeMessages(sent, inboxOf(sent)).findings;
    expect(first).toContain("was refused and is in the inbox");
    expect(second).toContain("was refused (1 attempts): HTTP 409");
  });

  it("without an answer are invalid, arrived or not", () => {
    const sent = madeSent({ 7: { outcome: "unanswered" } });
    for (const inbox of [inboxOf(sent), inboxOf(sent).filter(({ subject }) => subject !== "run 7")])
      expect(judgeMessages(sent, inbox)).toMatchObject({ verdict: "invalid", figures: { lost: 0, unanswered: 1 } });
  });

  it("that nobody sent prove nothing", () => {
    expect(judgeMessages([], []).verdict).toBe("unknown");
  });
});
