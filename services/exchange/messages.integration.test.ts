import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { startTestExchange, type TestExchange } from "./testing/exchange.ts";
import { type TestPeople, testPeople } from "./testing/people.ts";

interface Item {
  id: string;
  thread: string;
  subject: string;
  unread: boolean;
  opened?: { reader: string }[];
  status: string;
  from: string[];
  to: string[];
}
interface Page {
  items: Item[];
  next?: string;
  counts: { inbox: number; unread: number; sent: number; openReferrals: number };
}

let postgres: TestPostgres;
let issuer: TestIssuer;
let exchange: TestExchange;
let people: TestPeople;

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  exchange = await startTestExchange({ postgres, issuer });
  people = await testPeople(issuer);
}, 60_000);

afterAll(async () => {
  exchange?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

async function get<T>(path: string, token: string): Promise<T> {
  const response = await exchange.call("GET", path, { token });
  expect(response.status, `${path} ${await response.clone().text()}`).toBe(200);
  return (await response.json()) as T;
}

async function send(token: string, message: object, headers: Record<string, string> = {}): Promise<string> {
  const response = await exchange.call("POST", "/exchange/messages", { token, body: message, headers });
  expect(response.status, await response.clone().text()).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

async function refusal(answer: Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  const body = (await response.json()) as { resourceType: string; issue: { details: { text: string } }[] };
  expect(body.resourceType).toBe("OperationOutcome");
  return [response.status, body.issue[0]?.details.text ?? ""];
}

const bytes = Buffer.from("%PDF-1.4 synthetic\n");
const attachment = { title: "Test letter", contentType: "application/pdf", data: bytes.toString("base64") };
const toLentz = { to: ["Practitioner/demo-lentz"], subject: "Test question", text: "Synthetic text" };

describe("messages", () => {
  it("reach a person, a role and a practice, and nobody else", async () => {
    const patient = "Patient/demo-marie";
    const ids = {
      person: await send(people.hoffmann, { ...toLentz, patient }),
      role: await send(people.hoffmann, { ...toLentz, to: ["role:nurse@demo-hospital"] }),
      practice: await send(people.hoffmann, { ...toLentz, to: ["Organization/demo-hospital"] }),
    };
    const seen = async (token: string): Promise<string[]> =>
      (await get<Page>("/exchange/inbox?_count=100", token)).items.map(({ id }) => id);
    expect(await seen(people.lentz)).toEqual([ids.practice, ids.person]);
    expect(await seen(people.reuter)).toEqual([ids.practice, ids.role]);
    expect(await seen(people.faber)).toEqual([]);
    expect((await exchange.call("GET", `/exchange/fhir/Communication/${ids.person}`, { token: people.reuter })).status).toBe(404);
    expect((await exchange.call("GET", `/exchange/messages/${ids.person}`, { token: people.faber })).status).toBe(404);
    const found = await get<{ entry?: { resource: { id: string } }[] }>("/exchange/fhir/Communication?patient=demo-marie", people.lentz);
    expect(found.entry?.map(({ resource }) => resource.id)).toEqual([ids.person]);
    const audits = await postgres.query<{ outcome: string }>(
      postgres.at(0),
      "SELECT outcome FROM exchange.audit_event WHERE resource_id = $1 AND subject = 'demo-reuter'",
      [ids.person],
    );
    expect(audits).toEqual([{ outcome: "8" }]);
    expect(await refusal(exchange.call("GET", "/exchange/inbox", { token: people.marie }))).toEqual([
      403,
      expect.stringMatching(/professionals/),
    ]);
    expect(await refusal(exchange.call("GET", "/exchange/inbox", { token: people.operator }))).toEqual([
      403,
      expect.stringMatching(/professionals/),
    ]);
  });

  it("have receipts that the sender sees, once for each reader", async () => {
    const id = await send(people.hoffmann, { ...toLentz, to: ["Organization/demo-hospital"], subject: "Test receipt" });
    const before = await get<Page>("/exchange/inbox?unread=true&_count=100", people.lentz);
    expect(before.items.map((item) => item.id)).toContain(id);
    await get(`/exchange/messages/${id}`, people.lentz);
    await get(`/exchange/messages/${id}`, people.lentz);
    await get(`/exchange/fhir/Communication/${id}`, people.reuter);
    const after = await get<Page>("/exchange/inbox?unread=true&_count=100", people.lentz);
    expect([after.items.map((item) => item.id).includes(id), after.counts.unread]).toEqual([false, before.counts.unread - 1]);
    const [line] = (await get<Page>("/exchange/sent", people.hoffmann)).items;
    expect([line?.id, line?.opened?.map(({ reader }) => reader)]).toEqual([id, ["Practitioner/demo-lentz", "Practitioner/demo-reuter"]]);
  });

  it("make a conversation, in pages, that a stranger cannot join", async () => {
    const first = await send(people.hoffmann, { ...toLentz, subject: "Test thread" });
    const reply = {
      to: ["Practitioner/demo-hoffmann"],
      subject: "Re: Test thread",
      text: "Synthetic answer",
      inReplyTo: `Communication/${first}`,
    };
    const second = await send(people.lentz, reply);
    const thread = await get<{ items: Item[] }>(`/exchange/threads/${first}`, people.hoffmann);
    expect(thread.items.map(({ id }) => id)).toEqual([first, second]);
    const page = await get<{ items: { thread: string; messages: number; unread: number }[]; next: string }>(
      "/exchange/threads?_count=1",
      people.hoffmann,
    );
    expect(page.items).toMatchObject([{ thread: first, messages: 2, unread: 1 }]);
    const next = await get<{ items: { thread: string }[] }>(`/exchange/threads?_count=1&_cursor=${page.next}`, people.hoffmann);
    expect(next.items[0]?.thread).not.toBe(first);
    expect(await refusal(exchange.call("POST", "/exchange/messages", { token: people.faber, body: reply }))).toEqual([
      422,
      expect.stringMatching(/no Communication/),
    ]);
    expect((await exchange.call("GET", `/exchange/threads/${first}`, { token: people.faber })).status).toBe(404);
  });

  it("are sent once for their key", async () => {
    const headers = { "Idempotency-Key": "test-once" };
    const message = { ...toLentz, subject: "Test once", attachments: [attachment] };
    const [first, again] = await Promise.all([send(people.hoffmann, message, headers), send(people.hoffmann, message, headers)]);
    expect(again).toBe(first);
    const [count] = await postgres.query(postgres.at(0), "SELECT count(*)::int AS n FROM exchange.resource WHERE subject = 'Test once'");
    expect(count).toEqual({ n: 1 });
  });

  it("carry attachments, inline and uploaded, for those who take part", async () => {
    const upload = await exchange.call("POST", "/exchange/fhir/Binary", {
      token: people.hoffmann,
      body: "bare bytes",
      headers: { "Content-Type": "text/plain" },
    });
    const { id: uploaded } = (await upload.json()) as { id: string };
    const communication = {
      ...{ resourceType: "Communication", status: "completed", recipient: [{ reference: "Practitioner/demo-lentz" }] },
      payload: [{ contentAttachment: attachment }, { contentAttachment: { contentType: "text/plain", url: `Binary/${uploaded}` } }],
    };
    const sent = await exchange.call("POST", "/exchange/fhir/Communication", { token: people.hoffmann, body: communication });
    expect(sent.status, await sent.clone().text()).toBe(201);
    const kept = (await sent.json()) as { id: string; payload: { contentAttachment: { url: string; data?: string; size: number } }[] };
    const [inline] = kept.payload.map(({ contentAttachment }) => contentAttachment);
    expect([inline?.data, inline?.size]).toEqual([undefined, bytes.length]);
    const read = await exchange.call("GET", `/exchange/fhir/${inline?.url}`, { token: people.lentz, headers: { Accept: "*/*" } });
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await exchange.call("GET", `/exchange/fhir/Binary/${uploaded}`, { token: people.lentz })).status).toBe(200);
    expect((await exchange.call("GET", `/exchange/fhir/Binary/${uploaded}`, { token: people.reuter })).status).toBe(404);
    const again = await exchange.call("POST", "/exchange/fhir/Communication", { token: people.hoffmann, body: communication });
    expect(again.status).toBe(422);
    const large = {
      ...communication,
      payload: [{ contentAttachment: { ...attachment, data: Buffer.alloc(65 * 1024, 1).toString("base64") } }],
    };
    expect(await refusal(exchange.call("POST", "/exchange/fhir/Communication", { token: people.hoffmann, body: large }))).toEqual([
      413,
      expect.stringMatching(/at most 65536/),
    ]);
  });

  it.each([
    ["another's name", { sender: { reference: "Practitioner/demo-lentz" } }, 403],
    ["no recipient", { recipient: undefined }, 422],
    ["a recipient who is a patient", { recipient: [{ reference: "Patient/demo-marie" }] }, 422],
    ["a status of the past", { status: "entered-in-error" }, 422],
    ["a wrong code", { priority: "now" }, 400],
    ["an element that FHIR has not", { colour: "red" }, 400],
  ])("with %s are refused", async (_title, more, status) => {
    const base = { resourceType: "Communication", status: "completed", recipient: [{ reference: "Practitioner/demo-lentz" }] };
    const body = { ...base, ...more };
    expect((await refusal(exchange.call("POST", "/exchange/fhir/Communication", { token: people.hoffmann, body })))[0]).toBe(status);
  });

  it("tell the patient that they exist, not what they say", async () => {
    await send(people.hoffmann, { ...toLentz, patient: "Patient/demo-marie", subject: "Test secret subject" });
    const response = await exchange.call("GET", "/exchange/about-me", { token: people.marie });
    const text = await response.text();
    expect((JSON.parse(text) as { items: object[] }).items[0]).toMatchObject({ kind: "message", from: ["Practitioner/demo-hoffmann"] });
    expect(text).not.toContain("secret subject");
    expect((await exchange.call("GET", "/exchange/about-me", { token: people.hoffmann })).status).toBe(403);
  });
});

describe("referrals", () => {
  const referral = {
    to: "Organization/demo-hospital",
    patient: "Patient/demo-marie",
    subject: "Test cardiology opinion",
    reason: "Synthetic",
  };

  async function refer(): Promise<{ id: string; request: string }> {
    const response = await exchange.call("POST", "/exchange/referrals", { token: people.hoffmann, body: referral });
    expect(response.status, await response.clone().text()).toBe(201);
    return (await response.json()) as { id: string; request: string };
  }

  const move = (token: string, id: string, status: string, more: object = {}): Promise<Response> =>
    exchange.call("POST", `/exchange/referrals/${id}/status`, { token, body: { status, ...more } });

  it("go their way, each side its own moves, and the request ends with its task", async () => {
    const { id, request } = await refer();
    expect(await refusal(move(people.lentz, id, "completed"))).toEqual([409, expect.stringMatching(/cannot become completed/)]);
    expect(await refusal(move(people.hoffmann, id, "accepted"))).toEqual([403, expect.stringMatching(/whom it was sent to/)]);
    expect(await refusal(move(people.faber, id, "accepted"))).toEqual([404, "There is no such resource"]);
    for (const status of ["received", "accepted", "in-progress"]) expect((await move(people.lentz, id, status)).status).toBe(200);
    expect(await refusal(move(people.lentz, id, "completed", { version: 2 }))).toEqual([412, expect.stringMatching(/version 4/)]);
    expect((await move(people.lentz, id, "completed", { reason: "Synthetic result" })).status).toBe(200);
    const asked = await get<{ status: string; meta: { versionId: string } }>(`/exchange/fhir/${request}`, people.hoffmann);
    expect([asked.status, asked.meta.versionId]).toEqual(["completed", "2"]);
    const shown = await get<Item & { canBecome: string[] }>(`/exchange/referrals/${id}`, people.hoffmann);
    expect([shown.status, shown.canBecome]).toEqual(["completed", []]);
  });

  it("are moved by FHIR update, which changes nothing else", async () => {
    const { id } = await refer();
    const task = await get<{ status: string; description?: string }>(`/exchange/fhir/Task/${id}`, people.reuter);
    const put = (body: object): Promise<Response> =>
      exchange.call("PUT", `/exchange/fhir/Task/${id}`, { token: people.reuter, body, headers: { "If-Match": 'W/"1"' } });
    expect(await refusal(put({ ...task, status: "received", priority: "stat" }))).toEqual([
      422,
      expect.stringMatching(/only its progress/),
    ]);
    expect((await put({ ...task, status: "received" })).status).toBe(200);
    expect((await put({ ...task, status: "accepted" })).status).toBe(412);
    const found = await get<{ entry?: object[] }>("/exchange/fhir/Task?status=received", people.hoffmann);
    expect(found.entry?.length).toBe(1);
  });
});
