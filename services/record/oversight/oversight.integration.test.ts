import { describe, expect, it } from "vitest";
import { sealWaiting } from "../../lib/audit-chain.ts";
import { backgroundContext } from "../../lib/context.ts";
import { useTestRecord } from "../testing/record.ts";

const { postgres, issuer, record } = await useTestRecord();

type Headers = Record<string, string>;
interface Parameter {
  name: string;
  valueString?: string;
  valueBoolean?: boolean;
  valueDecimal?: number;
  part?: { name: string; valueCode?: string; valueDecimal?: number }[];
}
interface Task {
  resourceType: string;
  id: string;
  status: string;
  note?: { text: string; authorString?: string }[];
}

const as = async (claims: Record<string, unknown>): Promise<Headers> => ({ Authorization: `Bearer ${await issuer.token(claims)}` });
const operator = (): Promise<Headers> => as({ sub: "operator", role: "operator", name: "Max Test-Betrieb", scope: "openid" });
const patient = (id: string): Promise<Headers> => as({ sub: id, role: "patient", scope: "patient/*.cruds", patient: id });

async function json<T>(method: string, path: string, headers: Headers, body?: unknown): Promise<{ status: number; body: T }> {
  const response = await record.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: (await response.json()) as T };
}

async function chain(query: string): Promise<(name: string) => Parameter[]> {
  const { status, body } = await json<{ parameter: Parameter[] }>("GET", `/fhir/$audit-chain${query}`, await operator());
  expect(status).toBe(200);
  return (name) => body.parameter.filter((each) => each.name === name);
}

const seal = async (): Promise<void> => {
  while (await sealWaiting(backgroundContext(record.deps.log, "test", 20_000), record.deps.database));
};
const zero = `0:${"0".repeat(64)}`;

/** A patient's report of the access that made the audit record; its patient's id and its own. */
async function complaint(): Promise<{ patientId: string; taskId: string }> {
  const { body: person } = await json<Task>("POST", "/fhir/Patient", await as({}), {
    resourceType: "Patient",
    name: [{ family: "Test-Report" }],
  });
  const me = await patient(person.id);
  await json("GET", `/fhir/Patient/${person.id}`, await as({ name: "Test-Software" }));
  const log = await json<{ entry: { resource: Task }[] }>("GET", "/fhir/AuditEvent?_count=1", me);
  const { status, body: task } = await json<Task>("POST", "/fhir/Task", me, {
    ...{ resourceType: "Task", status: "requested", intent: "order", for: { reference: `Patient/${person.id}` } },
    code: { coding: [{ system: "urn:dsp:notice", code: "access-complaint" }] },
    focus: { reference: `AuditEvent/${log.body.entry[0]?.resource.id}` },
    ...{ authoredOn: new Date().toISOString(), reasonCode: { text: "I do not know this software." } },
    meta: { security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "V" }] },
  });
  expect(status).toBe(201);
  return { patientId: person.id, taskId: task.id };
}

describe("$audit-chain", () => {
  it("tells the head and verifies it part by part, from a head that it told", async () => {
    await complaint();
    await seal();
    const state = await chain("");
    const head = state("head")[0]?.valueString ?? "";
    expect(head).toMatch(/^[1-9]\d*:[0-9a-f]{64}$/);
    const part = await chain(`?after=${zero}&noted=${head}`);
    expect([part("head")[0]?.valueString, part("more")[0]?.valueBoolean, part("defect")]).toEqual([head, false, []]);
    expect((await chain(`?after=${head}`))("head")[0]?.valueString).toBe(head);
  });

  it("finds what was changed or cut off", async () => {
    await seal();
    const head = (await chain(""))("head")[0]?.valueString ?? "";
    const kinds = async (query: string) => (await chain(query))("defect").map(({ part }) => part?.[0]?.valueCode);
    const [sequence = "0"] = head.split(":");
    expect(await kinds(`?after=${zero}&noted=${Number(sequence) + 100000}:${"a".repeat(64)}`)).toEqual(["cut"]);
    expect(await kinds(`?after=${zero}&noted=1:${"a".repeat(64)}`)).toEqual(["changed"]);
    const change = (text: string) =>
      `UPDATE record.audit_event SET subject = ${text} WHERE id = (SELECT event_id FROM record.audit_seal WHERE sequence = 2)`;
    const tamper = async (statement: string): Promise<void> => {
      for (const each of [
        "ALTER TABLE record.audit_event DISABLE TRIGGER USER",
        statement,
        "ALTER TABLE record.audit_event ENABLE TRIGGER USER",
      ]) {
        await postgres.query(postgres.at(0), each);
      }
    };
    await tamper(change("subject || 'x'"));
    expect(await kinds(`?after=${zero}`)).toEqual(["changed"]);
    await tamper(change("left(subject, -1)"));
    expect(await kinds(`?after=${zero}`)).toEqual([]);
  });

  it("is for operators, whose looks and others' attempts are recorded", async () => {
    for (const headers of [
      await patient("somebody"),
      await as({}),
      await as({ sub: "p", role: "practitioner", profession: "physician", fhirUser: "Practitioner/p" }),
    ]) {
      expect((await record.call("GET", "/fhir/$audit-chain", { headers })).status).toBe(403);
      expect((await record.call("GET", "/fhir/$reviews", { headers })).status).toBe(403);
    }
    expect((await record.call("GET", "/fhir/$audit-chain?after=1:x", { headers: await operator() })).status).toBe(400);
    await chain("");
    const [row] = await postgres.query<{ looks: string; refusals: string }>(
      postgres.at(0),
      `SELECT count(*) FILTER (WHERE subject = 'operator' AND interaction = 'operation' AND outcome = '0') AS looks,
        count(*) FILTER (WHERE subject = 'somebody' AND outcome = '8') AS refusals FROM record.audit_event WHERE resource_type IN ('AuditEvent', 'Task')`,
    );
    expect(Number(row?.looks)).toBeGreaterThan(0);
    expect(Number(row?.refusals)).toBe(2);
  });
});

describe("$reviews", () => {
  it("lists what is to be examined, without a right to anything else", async () => {
    const { patientId, taskId } = await complaint();
    const headers = await operator();
    const queue = await json<{ entry: { resource: Task }[] }>("GET", "/fhir/$reviews", headers);
    expect(queue.body.entry.map(({ resource }) => resource.id)).toContain(taskId);
    const one = await json<{ entry: { resource: Task }[] }>("GET", `/fhir/$reviews/${taskId}`, headers);
    expect(one.body.entry.map(({ resource }) => resource.resourceType)).toEqual(["Task", "AuditEvent"]);
    for (const path of [`Task/${taskId}`, "Task", `Patient/${patientId}`, `AuditEvent?patient=${patientId}`]) {
      expect((await record.call("GET", `/fhir/${path}`, { headers })).status, path).toBe(403);
    }
    const told = await json<{ entry: { resource: { text: { div: string } } }[] }>("GET", "/fhir/AuditEvent", await patient(patientId));
    expect(JSON.stringify(told.body)).toContain("Max Test-Betrieb (operator of the platform) read a review of an access.");
  });

  it("answers the patient once, and never a Task of another kind", async () => {
    const { patientId, taskId } = await complaint();
    const headers = { ...(await operator()), "Idempotency-Key": crypto.randomUUID() };
    const answer = (status: string, text: string) => ({
      resourceType: "Parameters",
      parameter: [
        { name: "status", valueCode: status },
        { name: "text", valueString: text },
      ],
    });
    const path = `/fhir/$reviews/${taskId}`;
    expect((await json("POST", path, headers, answer("completed", " "))).status).toBe(400);
    expect((await json("POST", path, headers, answer("requested", "x"))).status).toBe(400);
    const body = answer("completed", "It was your pharmacy's software.");
    for (let times = 0; times < 2; times++) expect((await json("POST", path, headers, body)).status).toBe(200);
    expect((await json("POST", path, await operator(), answer("completed", "again"))).status).toBe(409);
    const { body: task } = await json<Task>("GET", `/fhir/Task/${taskId}`, await patient(patientId));
    expect(task).toMatchObject({
      status: "completed",
      note: [{ text: "It was your pharmacy's software.", authorString: "Max Test-Betrieb" }],
    });
    const ids = async (query: string) =>
      (await json<{ entry?: { resource: Task }[] }>("GET", `/fhir/$reviews${query}`, headers)).body.entry?.map(
        ({ resource }) => resource.id,
      ) ?? [];
    expect([(await ids("")).includes(taskId), (await ids("?status=done")).includes(taskId)]).toEqual([false, true]);
    const other = await json<Task>("POST", "/fhir/Task", await as({}), {
      ...{ resourceType: "Task", status: "requested", intent: "order", for: { reference: `Patient/${patientId}` }, code: { text: "Test" } },
    });
    expect((await json("GET", `/fhir/$reviews/${other.body.id}`, headers)).status).toBe(404);
    expect((await json("POST", `/fhir/$reviews/${other.body.id}`, await operator(), body)).status).toBe(404);
  });
});
