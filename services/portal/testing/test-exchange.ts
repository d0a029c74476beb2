import type { Server } from "node:http";
import { freePort } from "../../lib/testing/free-port.ts";
import { type Answered, type Asked, refusal, startStandIn } from "./stand-in.ts";

interface Kept {
  id: string;
  kind: "message" | "referral";
  thread: string;
  subject: string;
  text: string;
  sent: string;
  status: string;
  patient?: string;
  from: string[];
  to: string[];
  readers: Set<string>;
  attachments: { id: string; title: string; contentType: string; data: string }[];
  deposits: { part: number; document: string; deposited: string }[];
  reason?: string;
}

type Body = Readonly<Record<string, unknown>>;
const moves: Record<string, string[]> = {
  requested: ["accepted", "rejected"],
  accepted: ["in-progress"],
  "in-progress": ["completed", "failed"],
};

/** In the exchange's place: the JSON that services/exchange/message gives and takes, each write done once for its key. */
export class TestExchange {
  readonly port: number;
  readonly kept: Kept[] = [];
  readonly #done = new Map<string, Answered>();
  #server: Server | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<TestExchange> {
    const exchange = new TestExchange(await freePort());
    exchange.#server = await startStandIn(exchange.port, (asked) => exchange.#once(asked));
    return exchange;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** Puts something into a box as if a colleague had sent it. */
  receive(message: Partial<Kept> & Pick<Kept, "subject" | "text" | "from" | "to">): string {
    const id = crypto.randomUUID();
    const usual = {
      kind: "message" as const,
      status: "completed",
      thread: id,
      sent: new Date().toISOString(),
      attachments: [],
      deposits: [],
    };
    this.kept.push({ id, readers: new Set(), ...usual, ...message });
    return id;
  }

  #once(asked: Asked): Answered {
    if (asked.method === "GET") return this.#read(asked);
    const known = this.#done.get(asked.key);
    if (known) return known;
    const answer = this.#write(asked);
    if (answer.status < 300) this.#done.set(asked.key, answer);
    return answer;
  }

  #read({ url, claims }: Asked): Answered {
    const [, , what = "", id = "", more = ""] = url.pathname.split("/");
    const self = selfOf(claims);
    const mine = this.kept.filter(({ from, to }) => [...from, ...to].some((actor) => self.includes(actor)));
    const unread = mine.filter((each) => this.#isUnread(each, self));
    const counts = { inbox: mine.length, unread: unread.length, sent: 0, openReferrals: 0 };
    if (what === "counts") return { status: 200, content: counts };
    if (what === "inbox" || what === "sent") {
      const side = what === "inbox" ? "to" : "from";
      const items = mine.filter((each) => each[side].some((actor) => self.includes(actor))).map((each) => this.#item(each, self));
      return { status: 200, content: { items: items.toReversed(), counts } };
    }
    if (what === "threads") {
      const items = mine.filter(({ thread }) => thread === id).map((each) => this.#item(each, self));
      return items.length === 0
        ? refusal(404, "not-found", "There is no such conversation")
        : { status: 200, content: { thread: id, items } };
    }
    if (what === "fhir" && id === "Binary") {
      const found = mine.flatMap(({ attachments }) => attachments).find((each) => each.id === more);
      return found
        ? { status: 200, bytes: Buffer.from(found.data, "base64"), contentType: found.contentType }
        : refusal(404, "not-found", "none");
    }
    const message = mine.find((each) => each.id === id);
    if (!message) return refusal(404, "not-found", "There is no such resource");
    message.readers.add(self[0] ?? "");
    return { status: 200, content: { ...this.#item(message, self), ...resourceOf(message), deposits: message.deposits } };
  }

  #isUnread({ to, from, readers }: Kept, self: readonly string[]): boolean {
    return to.some((actor) => self.includes(actor)) && !from.includes(self[0] ?? "") && !readers.has(self[0] ?? "");
  }

  #item(kept: Kept, self: readonly string[]): object {
    const { id, kind, thread, subject, sent, status, patient, from, to, readers } = kept;
    const opened = [...readers].filter((reader) => !from.includes(reader)).map((reader) => ({ reader, name: reader, opened: sent }));
    return {
      ...{ id, kind, type: kind === "referral" ? "Task" : "Communication", thread, subject, sent, status, from, to },
      ...{ unread: this.#isUnread(kept, self), ...(patient === undefined ? {} : { patient }) },
      ...(from.includes(self[0] ?? "") ? { opened } : {}),
      ...(kind === "referral" ? { canBecome: to.some((actor) => self.includes(actor)) ? (moves[status] ?? []) : [] } : {}),
    };
  }

  #write({ url, claims, body }: Asked): Answered {
    const [, , what, id, action] = url.pathname.split("/");
    const self = selfOf(claims);
    const given = (body ?? {}) as Body;
    const message = this.kept.find((each) => each.id === id);
    if (what === "messages" && id === undefined) return { status: 201, content: { id: this.#keep(given, self) } };
    if (what === "referrals" && id === undefined) {
      const common = { subject: String(given.subject), text: String(given.reason ?? ""), from: self.slice(0, 1), to: [String(given.to)] };
      return {
        status: 201,
        content: { id: this.receive({ ...common, kind: "referral", status: "requested", patient: String(given.patient) }) },
      };
    }
    if (!message) return refusal(404, "not-found", "There is no such resource");
    if (action === "$deposit") {
      message.deposits = [{ part: 0, document: "DocumentReference/deposited", deposited: new Date().toISOString() }];
      return { status: 200, content: { deposits: message.deposits } };
    }
    if (!moves[message.status]?.includes(String(given.status))) return refusal(409, "conflict", "it cannot follow");
    message.status = String(given.status);
    if (typeof given.reason === "string") message.reason = given.reason;
    return { status: 200, content: { id, status: message.status, version: 2 } };
  }

  #keep(given: Body, self: readonly string[]): string {
    const answered = this.kept.find(({ id }) => id === String(given.inReplyTo ?? "").split("/")[1]);
    const attachments = (given.attachments as Omit<Kept["attachments"][number], "id">[]).map((each) => ({
      ...each,
      id: crypto.randomUUID(),
    }));
    const deposits =
      given.deposit === true ? [{ part: 0, document: "DocumentReference/deposited", deposited: new Date().toISOString() }] : [];
    return this.receive({
      ...{
        subject: String(given.subject),
        text: String(given.text),
        from: self.slice(0, 1),
        to: given.to as string[],
        attachments,
        deposits,
      },
      ...(answered ? { thread: answered.thread } : {}),
      ...(typeof given.patient === "string" ? { patient: given.patient } : {}),
    });
  }
}

function selfOf(claims: Asked["claims"]): string[] {
  return [String(claims.fhirUser), `role:${claims.profession}@${claims.organization}`, `Organization/${claims.organization}`];
}

function resourceOf({ kind, text, subject, status, attachments, reason }: Kept): object {
  if (kind === "referral") {
    const resource = {
      resourceType: "Task",
      status,
      intent: "order",
      code: { text: subject },
      ...(reason === undefined ? {} : { statusReason: { text: reason } }),
    };
    return { resource, request: { resourceType: "ServiceRequest", status: "active", intent: "order", reasonCode: [{ text }] } };
  }
  const payload = [
    { contentString: text },
    ...attachments.map(({ id, title, contentType }) => ({ contentAttachment: { url: `Binary/${id}`, title, contentType } })),
  ];
  return { resource: { resourceType: "Communication", status: "completed", payload } };
}
