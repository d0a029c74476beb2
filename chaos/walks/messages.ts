/** A professional who writes to another through the exchange: what was acknowledged is in the inbox once, what was refused is not. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CheckResult } from "../check.ts";
import { deadlineMs } from "../load/workloads.ts";
import type { Walk, WalkContext } from "../walk.ts";
import { beginBeat } from "./beat.ts";
import { persist } from "./persist.ts";
import { timeOf } from "./time-of.ts";
import { connectWeb, type WebAnswer, type WebClient } from "./web-client.ts";

/** Synthetic physicians of two organisations. */
const sender = { person: "Practitioner/demo-hoffmann", profession: "physician", organization: "demo-practice" };
const recipient = { person: "Practitioner/demo-lentz", profession: "physician", organization: "demo-hospital" };
/** Longer than any drill. */
const tokenTtlS = 3_600;
const pageSize = 100;
const pagesMax = 200;
/** Clocks of the platform and of this machine may differ by so much. */
const clockMarginMs = 60_000;
const findingsMax = 10;

/** One message as its sender saw it. Milliseconds since 1970. */
export interface SentMessage {
  /** By which it is found again: unique to the run and the message. */
  subject: string;
  beganMs: number;
  endedMs: number;
  attempts: number;
  outcome: "acknowledged" | "refused" | "unanswered";
  /** What it is called, as the acknowledgement said: `Communication/1` */
  reference?: string;
  reason?: string;
}

/** One line of the recipient's inbox. */
export interface ReceivedMessage {
  subject: string;
  reference: string;
}

/** Each acknowledged one there once, under the name it was acknowledged with; no refused one, none twice, none unanswered. */
export function judgeMessages(sent: readonly SentMessage[], inbox: readonly ReceivedMessage[]): CheckResult {
  const found = Map.groupBy(inbox, ({ subject }) => subject);
  const of = ({ subject }: SentMessage) => found.get(subject) ?? [];
  const acknowledged = sent.filter(({ outcome }) => outcome === "acknowledged");
  const lost = acknowledged.filter((message) => of(message).length === 0);
  const renamed = acknowledged.filter((message) => {
    return of(message).length > 0 && !of(message).some(({ reference }) => reference === message.reference);
  });
  const doubled = sent.filter((message) => of(message).length > 1);
  const refused = sent.filter(({ outcome }) => outcome === "refused");
  const unanswered = sent.filter(({ outcome }) => outcome === "unanswered");
  const tell = (messages: readonly SentMessage[], what: string) =>
    messages.map(({ subject, beganMs, attempts, reason }) => {
      const why = reason === undefined ? "" : `: ${reason}`;
      return `the message "${subject}" of ${timeOf(beganMs)} ${what} (${attempts} attempts)${why}`;
    });
  const figures = {
    sent: sent.length,
    acknowledged: acknowledged.length,
    lost: lost.length,
    doubled: doubled.length,
    refused: refused.length,
    unanswered: unanswered.length,
    longestWaitMs: sent.reduce((longest, { beganMs, endedMs }) => Math.max(longest, endedMs - beganMs), 0),
  };
  if (acknowledged.length === 0) {
    return { verdict: sent.length === 0 ? "unknown" : "invalid", figures, findings: ["no message was acknowledged"] };
  }
  const findings = [
    ...tell(lost, "was acknowledged and is not in the inbox"),
    ...tell(doubled, "is in the inbox more than once"),
    ...tell(renamed, "is in the inbox under another name than it was acknowledged with"),
    ...tell(
      refused.filter((message) => of(message).length > 0),
      "was refused and is in the inbox",
    ),
    ...tell(refused, "was refused"),
    ...tell(unanswered, "was not acknowledged in its deadline"),
  ];
  return { verdict: findings.length === 0 ? "valid" : "invalid", figures, findings: findings.slice(0, findingsMax) };
}

const acknowledgementSchema = z.object({ reference: z.string() });

/** What an answer means to the sender. */
function readAnswer(answer: WebAnswer): Pick<SentMessage, "outcome" | "reference" | "reason"> {
  if (answer.status !== 201) return { outcome: "refused", reason: `HTTP ${answer.status} ${answer.body.slice(0, 200)}` };
  const { reference } = acknowledgementSchema.parse(JSON.parse(answer.body));
  return { outcome: "acknowledged", reference };
}

async function send(client: WebClient, token: string, subject: string, { target, signal }: WalkContext): Promise<SentMessage> {
  const beganMs = Date.now();
  const url = new URL("/exchange/messages", target.publicUrl);
  const body = JSON.stringify({ to: [recipient.person], subject, text: "Synthetic message of a drill" });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": randomUUID() };
  const { answer, attempts, reason } = await persist({
    beganMs,
    signal,
    attempt: (timeoutMs) => client.ask({ method: "POST", url, headers, body, timeoutMs, signal }),
  });
  const common = { subject, beganMs, endedMs: Date.now(), attempts };
  if (answer === undefined)
    return { ...common, outcome: "unanswered", reason: `${reason ?? "never sent"}, until ${deadlineMs} ms were over` };
  return { ...common, ...readAnswer(answer) };
}

const inboxSchema = z.object({
  items: z.array(z.object({ type: z.string(), id: z.string(), subject: z.string().nullable(), sent: z.string() })),
  next: z.string().optional(),
});

/** The recipient's inbox back to the walk's beginning, in the primary's own words. @throws Error when it cannot be read */
async function readInbox(
  client: WebClient,
  token: string,
  sinceMs: number,
  { target, runName, signal }: WalkContext,
): Promise<ReceivedMessage[]> {
  const found: ReceivedMessage[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const url = new URL(`/exchange/inbox?_count=${pageSize}${cursor === undefined ? "" : `&_cursor=${cursor}`}`, target.publicUrl);
    const headers = { authorization: `Bearer ${token}`, "cache-control": "no-cache" };
    const { answer, reason } = await persist({
      beganMs: Date.now(),
      signal,
      attempt: (timeoutMs) => client.ask({ url, headers, timeoutMs, signal }),
    });
    if (answer?.status !== 200) throw new Error(`the inbox cannot be read: ${answer === undefined ? reason : `HTTP ${answer.status}`}`);
    const { items, next } = inboxSchema.parse(JSON.parse(answer.body));
    for (const { type, id, subject } of items) {
      if (subject?.startsWith(`${runName} `)) found.push({ subject, reference: `${type}/${id}` });
    }
    const oldest = items.at(-1);
    if (next === undefined || oldest === undefined || Date.parse(oldest.sent) < sinceMs - clockMarginMs) return found;
    cursor = next;
  }
  throw new Error(`the inbox has more than ${pagesMax * pageSize} messages of this run`);
}

export const messages: Walk = {
  name: "messages",
  services: ["exchange", "record"],
  title: "Every message that was acknowledged reaches its recipient exactly once",
  async begin(context) {
    const { target, runName, signal } = context;
    const [from, to] = await Promise.all(
      [sender, recipient].map((who) => target.makeUserToken({ role: "practitioner", ...who, ttlSeconds: tokenTtlS })),
    );
    const client = connectWeb(target.caFile);
    signal.addEventListener("abort", () => client.close(), { once: true });
    const beganMs = Date.now();
    const sent: SentMessage[] = [];
    const first = await send(client, from ?? "", `${runName} 0`, context);
    if (first.outcome !== "acknowledged") throw new Error(`the first message was ${first.outcome}: ${first.reason}`);
    sent.push(first);
    const beat = beginBeat(
      async (n) => {
        sent.push(await send(client, from ?? "", `${runName} ${n}`, context));
      },
      { everyMs: 1_000, overlap: true, signal },
    );
    return {
      async end() {
        await beat.stop();
        const inbox = await readInbox(client, to ?? "", beganMs, context);
        client.close();
        return judgeMessages(sent, inbox);
      },
    };
  },
};
