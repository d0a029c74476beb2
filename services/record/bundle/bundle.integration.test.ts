import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText } from "../../lib/testing/any-text.ts";
import { useTestRecord } from "../testing/record.ts";

interface Answer {
  resourceType: string;
  type?: string;
  issue?: { code: string; expression?: string[] }[];
  entry?: { resource?: Record<string, unknown>; response: { status: string; location?: string; etag?: string; outcome?: unknown } }[];
}

const { postgres, issuer, record } = await useTestRecord();

async function send(
  type: string,
  entry: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; answer: Answer; headers: Headers }> {
  const response = await record.call("POST", "/fhir", { body: { resourceType: "Bundle", type, entry }, headers });
  return { status: response.status, answer: (await response.json()) as Answer, headers: response.headers };
}

const locations = (answer: Answer): string[] =>
  (answer.entry ?? []).map(({ response }) => /fhir\/(.*)\/_history/.exec(response.location ?? "")?.[1] ?? "");

async function read(reference: string): Promise<Record<string, unknown>> {
  return (await (await record.call("GET", `/fhir/${reference}`)).json()) as Record<string, unknown>;
}

async function count(sql: string, values: unknown[]): Promise<number> {
  const [row] = await postgres.query<{ count: string }>(postgres.at(0), `SELECT count(*) FROM record.${sql}`, values);
  return Number(row?.count);
}

const uuid = () => `urn:uuid:${crypto.randomUUID()}`;
const post = (resource: object, more: object = {}, fullUrl = uuid()) => ({
  fullUrl,
  resource,
  request: { method: "POST", url: (resource as { resourceType: string }).resourceType, ...more },
});
const patient = (family: string) => ({ resourceType: "Patient", name: [{ family }], identifier: [{ system: "urn:test", value: family }] });
const observation = (subject: string, more: object = {}) => ({
  ...{ resourceType: "Observation", status: "final", code: { text: "t" }, subject: { reference: subject } },
  ...more,
});

/** A practice's whole deposit (IHE MHD's Provide Document Bundle): the list, the document's description and its bytes. */
const deposit = (owner: string) => {
  const [binary, document] = [uuid(), uuid()];
  return [
    post({ resourceType: "Binary", contentType: "text/plain", data: "dGVzdA==", securityContext: { reference: owner } }, {}, binary),
    post(
      {
        ...{ resourceType: "DocumentReference", status: "current", subject: { reference: owner } },
        content: [{ attachment: { contentType: "text/plain", url: binary } }],
      },
      {},
      document,
    ),
    post({
      resourceType: "List",
      status: "current",
      mode: "working",
      subject: { reference: owner },
      entry: [{ item: { reference: document } }],
    }),
  ];
};

describe("a transaction", () => {
  it("does all its entries, which may refer to each other, once for its key", async () => {
    const owner = uuid();
    const entries = [...deposit(owner), post(patient("Test-Deposit"), {}, owner)];
    const headers = { "Idempotency-Key": `deposit-${owner}`, "X-Request-Id": `first-${owner}` };
    const first = await send("transaction", entries, headers);
    expect([first.status, first.answer.type]).toEqual([200, "transaction-response"]);
    expect(first.answer.entry?.map(({ response }) => response.status)).toEqual(["201", "201", "201", "201"]);
    const [binary = "", document = "", list = "", who = ""] = locations(first.answer);
    expect(who).toMatch(/^Patient\//);
    expect(await read(document)).toMatchObject({
      subject: { reference: who },
      content: [{ attachment: { url: `https://dsp.test/fhir/${binary}` } }],
    });
    expect(await read(list)).toMatchObject({ entry: [{ item: { reference: document } }] });
    expect(
      await count("audit_event WHERE request_id = $1 AND interaction = 'create' AND patient_id = $2", [`first-${owner}`, who.slice(8)]),
    ).toBe(4);
    const again = await send("transaction", entries, headers);
    expect(again.headers.get("DSP-Replayed")).toBe("true");
    expect(again.answer.entry).toEqual(first.answer.entry);
    expect(await count("resource WHERE type = 'Patient' AND $1 = ANY (patient_ids)", [who.slice(8)])).toBe(1);
    const other = await send("transaction", [...entries, post(patient("Test-Other"))], headers);
    expect([other.status, other.answer.issue?.[0]?.code]).toEqual([422, "duplicate"]);
  });

  it("does nothing where one entry cannot be done, and names it", async () => {
    const family = `Test-Undone-${crypto.randomUUID()}`;
    const { status, answer } = await send("transaction", [
      post(patient(family)),
      { resource: { ...patient(family), id: "never-there" }, request: { method: "PUT", url: "Patient/never-there", ifMatch: 'W/"3"' } },
    ]);
    expect([status, answer.issue?.[0]?.code, answer.issue?.[0]?.expression?.[0]]).toEqual([412, "conflict", "Bundle.entry[1]"]);
    expect(await count("search_string WHERE exact = $1", [family])).toBe(0);
    const invalid = await send("transaction", [post(patient(family)), post({ resourceType: "Patient", gender: "nobody" })]);
    expect([invalid.status, invalid.answer.issue?.[0]?.expression?.[0]]).toEqual([400, "Bundle.entry[1]"]);
    expect(await count("search_string WHERE exact = $1", [family])).toBe(0);
  });

  it("takes what is there already for a conditional create, and follows conditional references", async () => {
    const value = `T${crypto.randomUUID()}`;
    const found = uuid();
    const create = () => post(patient(value), { ifNoneExist: `identifier=urn:test|${value}` }, found);
    const first = await send("transaction", [create(), post(observation(found))]);
    const [who] = locations(first.answer);
    const second = await send("transaction", [
      post(observation(found)),
      create(),
      post(observation(`Patient?identifier=urn:test|${value}`)),
    ]);
    expect(second.answer.entry?.map(({ response }) => response.status)).toEqual(["201", "200", "201"]);
    const [one = "", same, two = ""] = locations(second.answer);
    expect(same).toBe(who);
    for (const each of [one, two]) expect(await read(each)).toMatchObject({ subject: { reference: who } });
    expect(await count("search_token WHERE parameter = '_patient' AND type = 'Observation' AND code = $1", [who?.slice(8)])).toBe(3);
    const writer = { Authorization: `Bearer ${await issuer.token({ scope: "user/Observation.cruds user/Patient.cr" })}` };
    expect((await send("transaction", [post(observation(`Patient?identifier=urn:test|${value}`))], writer)).status).toBe(403);
    const nobody = await send("transaction", [post(observation("Patient?identifier=urn:test|nobody"))]);
    expect([nobody.status, nobody.answer.issue?.[0]?.code]).toEqual([412, "not-found"]);
  });

  it("deletes before it creates and changes", async () => {
    const made = await send("transaction", [post(patient("Test-Order")), post(patient("Test-Order"))]);
    const [gone = "", kept = ""] = locations(made.answer);
    const change = { resource: { ...patient("Test-Changed"), id: kept.slice(8) }, request: { method: "PUT", url: kept, ifMatch: 'W/"1"' } };
    const { answer } = await send("transaction", [change, { request: { method: "DELETE", url: gone } }]);
    expect(answer.entry?.map(({ response }) => [response.status, response.etag])).toEqual([
      ["200", 'W/"2"'],
      ["204", 'W/"2"'],
    ]);
    expect((await record.call("GET", `/fhir/${gone}`)).status).toBe(410);
  });

  it.each<[string, unknown, number]>([
    [
      "two entries about one resource",
      [1, 2].map(() => ({ resource: { ...patient("a"), id: "x" }, request: { method: "PUT", url: "Patient/x" } })),
      400,
    ],
    ["a read", [{ request: { method: "GET", url: "Patient/x" } }], 400],
    ["a type that is not kept", [{ resource: { resourceType: "Claim" }, request: { method: "POST", url: "Claim" } }], 404],
    ["another type than its address", [{ resource: patient("a"), request: { method: "POST", url: "Observation" } }], 400],
    ["a create with an id", [{ resource: patient("a"), request: { method: "POST", url: "Patient/x" } }], 400],
    ["an entry without a request", [{ resource: patient("a") }], 400],
    ["an entry that is nothing", [null], 400],
    ["an unknown method", [{ request: { method: "BREW", url: "Patient/x" } }], 400],
    ["too many entries", Array.from({ length: 501 }, () => post(patient("a"))), 413],
    ["entries that are no list", { a: 1 }, 400],
  ])("refuses %s", async (_title, entry, expected) => {
    const { status, answer } = await send("transaction", entry);
    expect([status, answer.resourceType]).toEqual([expected, "OperationOutcome"]);
  });

  it("keeps a patient's token within the own record, and records what it wanted", async () => {
    const [own = "", other = ""] = locations((await send("transaction", [post(patient("Test-Own")), post(patient("Test-Their"))])).answer);
    const token = await issuer.token({ sub: "p", role: "patient", scope: "patient/*.cruds", patient: own.slice(8) });
    const headers = { Authorization: `Bearer ${token}`, "X-Request-Id": `reach-${own}` };
    expect((await send("transaction", [post(observation(own))], headers)).status).toBe(200);
    const before = await count("resource WHERE type = 'Observation'", []);
    expect((await send("transaction", [post(observation(own)), post(observation(other))], headers)).status).toBe(403);
    expect(await count("resource WHERE type = 'Observation'", [])).toBe(before);
    expect(await count("audit_event WHERE subject = 'p' AND interaction = 'transaction' AND outcome = '8'", [])).toBe(1);
  });
});

describe("a batch", () => {
  it("does each entry by itself and gives back numbers as they were written", async () => {
    const [who = ""] = locations((await send("transaction", [post(patient("Test-Batch"))])).answer);
    const entry = [
      { resource: observation(who, { valueQuantity: "NUMBER" }), request: { method: "POST", url: "Observation" } },
      { request: { method: "GET", url: "Patient/nobody" } },
      { request: { method: "GET", url: `Observation?patient=${who}` } },
      { resource: { resourceType: "Patient", gender: "nobody" }, request: { method: "POST", url: "Patient" } },
    ];
    const body = JSON.stringify({ resourceType: "Bundle", type: "batch", entry }).replace('"NUMBER"', '{"value":1.50}');
    const headers = { "Idempotency-Key": `batch-${who.slice(8)}` };
    const texts = [];
    for (let times = 0; times < 2; times++) texts.push(await (await record.call("POST", "/fhir", { body, headers })).text());
    const answer = JSON.parse(texts[1] ?? "") as Answer;
    expect(answer.type).toBe("batch-response");
    expect(answer.entry?.map(({ response }) => response.status)).toEqual(["201", "404", "200", "400"]);
    expect(answer.entry?.[1]?.response.outcome).toMatchObject({ resourceType: "OperationOutcome" });
    expect(texts[1]).toContain('"value":1.50');
    expect(await count("resource WHERE type = 'Observation' AND $1 = ANY (patient_ids)", [who.slice(8)])).toBe(1);
  });
});

describe("a batch's conditions", () => {
  it("may hold any character, and a key of any length", async () => {
    const value = `Dvořák-${crypto.randomUUID()}`;
    const entry = [post(patient(value), { ifNoneExist: `identifier=urn:test|${value}` })];
    const answers = [];
    for (const key of ["a", "b"]) answers.push(await send("batch", entry, { "Idempotency-Key": key.padEnd(255, value.slice(-12)) }));
    expect(answers.map(({ answer }) => answer.entry?.[0]?.response.status)).toEqual(["201", "200"]);
  });
});

describe("whatever is sent", () => {
  it("is never a server error", async () => {
    const odd = fc.oneof(
      anyText,
      fc.constantFrom("POST", "PUT", "DELETE", "GET", "Patient", "Patient/1", "Patient?name=a", "urn:uuid:1"),
      fc.constant(null),
    );
    const request = fc.record({ method: odd, url: odd, ifMatch: odd, ifNoneExist: odd }, { requiredKeys: [] });
    const resource = fc.oneof(fc.constant(patient("Test-Fuzz")), fc.record({ resourceType: odd, id: odd }, { requiredKeys: [] }), odd);
    const entry = fc.record({ fullUrl: odd, resource, request: fc.oneof(request, odd) }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("batch", "transaction"), fc.array(entry, { maxLength: 3 }), async (type, entries) => {
        const body = JSON.stringify({ resourceType: "Bundle", type, entry: entries });
        const response = await record.call("POST", "/fhir", { body });
        return response.status < 500;
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
