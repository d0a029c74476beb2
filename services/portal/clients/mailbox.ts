import type { Communication, OperationOutcome, ServiceRequest as Referral, Task } from "@medplum/fhirtypes";
import { type Caller, callAs } from "./caller.ts";
import type { ExchangeClient } from "./exchange.ts";

/** A line of a box or a conversation (services/exchange/message/list-messages.ts). */
export interface MessageItem {
  id: string;
  kind: "message" | "referral" | "request";
  type: string;
  thread: string;
  subject: string | null;
  /** ISO instant. */
  sent: string;
  status: string;
  unread: boolean;
  /** `Patient/…` */
  patient?: string;
  /** Actors: `Practitioner/…`, `Organization/…`, `role:profession@organisation`. */
  from: string[];
  to: string[];
  /** Of what the caller sent. */
  opened?: { reader: string; name: string | null; opened: string }[];
  /** Of a referral: where the caller may move it. */
  canBecome?: string[];
}

export interface Counts {
  inbox: number;
  unread: number;
  sent: number;
  openReferrals: number;
}

export interface MessageBox {
  items: MessageItem[];
  next?: string;
  counts: Counts;
}

export interface OpenedMessage extends MessageItem {
  resource: Communication | Task;
  request?: Referral;
  deposits: { part: number; document: string; deposited: string }[];
}

export interface NewMessage {
  to: readonly string[];
  subject: string;
  text: string;
  patient?: string;
  inReplyTo?: string;
  priority?: "urgent";
  attachments: { title: string; contentType: string; data: string }[];
  deposit: boolean;
}

export interface SentMessage {
  id: string;
  deposits?: OpenedMessage["deposits"];
  depositRefused?: OperationOutcome;
}

export interface NewReferral {
  to: string;
  patient: string;
  subject: string;
  reason?: string;
  priority: "routine" | "urgent";
}

/** Messages and referrals between professionals (services/exchange). Keys are Idempotency-Keys. */
export class Mailbox {
  readonly #exchange: ExchangeClient;

  constructor(exchange: ExchangeClient) {
    this.#exchange = exchange;
  }

  /** @param cursor a former page's `next` */
  async box(caller: Caller, box: "inbox" | "sent", cursor?: string): Promise<MessageBox> {
    return await this.#exchange.get<MessageBox>(
      caller,
      `/${box}?${new URLSearchParams({ _count: "25", ...(cursor ? { _cursor: cursor } : {}) })}`,
    );
  }

  async counts(caller: Caller): Promise<Counts> {
    return await this.#exchange.get<Counts>(caller, "/counts");
  }

  /** A conversation, the oldest line first. */
  async thread(caller: Caller, thread: string): Promise<MessageItem[]> {
    return (await this.#exchange.get<{ items: MessageItem[] }>(caller, `/threads/${encodeURIComponent(thread)}`)).items;
  }

  /** One line, opened: the sender sees that from then on. */
  async open(caller: Caller, { kind, id }: Pick<MessageItem, "kind" | "id">): Promise<OpenedMessage> {
    return await this.#exchange.get<OpenedMessage>(caller, `/${kind === "referral" ? "referrals" : "messages"}/${encodeURIComponent(id)}`);
  }

  async send(caller: Caller, message: NewMessage, key: string): Promise<SentMessage | undefined> {
    return await this.#exchange.post<SentMessage>(caller, "/messages", message, key);
  }

  async refer(caller: Caller, referral: NewReferral, key: string): Promise<{ id: string } | undefined> {
    return await this.#exchange.post<{ id: string }>(caller, "/referrals", referral, key);
  }

  async move(caller: Caller, id: string, to: { status: string; reason?: string }, key: string): Promise<void> {
    await this.#exchange.post(caller, `/referrals/${encodeURIComponent(id)}/status`, to, key);
  }

  /** What a message brought becomes part of its patient's record; done again it is there once. */
  async deposit(caller: Caller, id: string, key: string): Promise<void> {
    await this.#exchange.post(caller, `/messages/${encodeURIComponent(id)}/$deposit`, {}, key);
  }

  async attachment(caller: Caller, binaryId: string): Promise<{ contentType: string; bytes: Buffer }> {
    const path = `/exchange/fhir/Binary/${encodeURIComponent(binaryId)}`;
    const { headers, body } = await callAs(caller, this.#exchange.client, { method: "GET", path, headers: { Accept: "*/*;q=0.9" } });
    return { contentType: headers["content-type"] ?? "application/octet-stream", bytes: body };
  }
}
