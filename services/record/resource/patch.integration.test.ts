import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText } from "../../lib/testing/any-text.ts";
import { useTestRecord } from "../testing/record.ts";

interface Resource {
  resourceType: string;
  id: string;
  meta: { versionId: string };
  [element: string]: unknown;
}
interface Bundle {
  resourceType: string;
  issue?: { code: string; expression?: string[] }[];
  entry?: { resource?: Resource; request?: { method: string; url: string }; response: { status: string; location?: string } }[];
}

const { postgres, issuer, record } = await useTestRecord();

const jsonPatch = { "Content-Type": "application/json-patch+json" };
const patient = { resourceType: "Patient", name: [{ family: "Test-Weber", given: ["Anna"] }], gender: "female" };
const observation = (owner: string, more: object = {}) => ({
  ...{ resourceType: "Observation", status: "final", code: { text: "t" }, subject: { reference: `Patient/${owner}` } },
  ...more,
});

async function create(resource: object | string): Promise<Resource> {
  const { resourceType } = (typeof resource === "string" ? JSON.parse(resource) : resource) as Resource;
  const response = await record.call("POST", `/fhir/${resourceType}`, { body: resource });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as Resource;
}

const patch = (path: string, operations: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  record.call("PATCH", `/fhir/${path}`, { body: operations, headers: { ...jsonPatch, ...headers } });

/** The status, the issue code and the place of a refusal. */
async function refusal(answer: Promise<Response>): Promise<[number, string | undefined, string | undefined]> {
  const response = await answer;
  const body = (await response.json()) as Bundle;
  expect(body.resourceType).toBe("OperationOutcome");
  return [response.status, body.issue?.[0]?.code, body.issue?.[0]?.expression?.join()];
}

async function audits(requestId: string): Promise<{ interaction: string; outcome: string; patient_id: string | null }[]> {
  const sql = "SELECT interaction, outcome, patient_id FROM record.audit_event WHERE request_id = $1 ORDER BY patient_id";
  return await postgres.query(postgres.at(0), sql, [requestId]);
}

const family = [{ op: "replace", path: "/name/0/family", value: "Test-Changed" }];

describe("a patch", () => {
  it("changes what it names, as one more version that is found, audited and in the history", async () => {
    const { id } = await create(patient);
    const response = await patch(`Patient/${id}`, family, { "If-Match": 'W/"1"', "X-Request-Id": `patch-${id}` });
    expect([response.status, response.headers.get("ETag"), response.headers.get("Location")]).toEqual([
      200,
      'W/"2"',
      `https://dsp.test/fhir/Patient/${id}/_history/2`,
    ]);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      id,
      name: [{ family: "Test-Changed", given: ["Anna"] }],
      gender: "female",
      meta: { versionId: "2" },
    });
    expect(await (await record.call("GET", `/fhir/Patient/${id}`)).text()).toBe(text);
    const found = (await (await record.call("GET", `/fhir/Patient?_id=${id}&family=test-changed`)).json()) as Bundle;
    expect(found.entry).toHaveLength(1);
    expect(await audits(`patch-${id}`)).toEqual([{ interaction: "patch", outcome: "0", patient_id: id }]);
    const history = (await (await record.call("GET", `/fhir/Patient/${id}/_history`)).json()) as Bundle;
    expect(history.entry?.map(({ request, response: each }) => [request?.method, request?.url, each.status])).toEqual([
      ["PATCH", `Patient/${id}`, "200"],
      ["POST", "Patient", "201"],
    ]);
    expect((await patch(`Patient/${id}`, family, { "If-Match": 'W/"1"' })).status).toBe(412);
    expect((await patch(`Patient/${id}`, family, { Prefer: "return=minimal" })).headers.get("ETag")).toBe('W/"3"');
  });

  it("keeps decimals as they were written, those it touches and those it does not", async () => {
    const quantity = (value: string) => `{"value":${value},"unit":"kg"}`;
    const { id } = await create(`{"resourceType":"Observation","status":"final","code":{"text":"t"},"valueQuantity":${quantity("1.50")}}`);
    const low = `[{"op":"test","path":"/valueQuantity/value","value":1.5},{"op":"add","path":"/referenceRange","value":[{"low":${quantity("0.10")}}]}]`;
    const text = await (await patch(`Observation/${id}`, low)).text();
    expect(text).toContain(`"valueQuantity":${quantity("1.50")}`);
    expect(text).toContain(`"low":${quantity("0.10")}`);
  });

  it("is done once for its key", async () => {
    const { id } = await create({ ...patient, identifier: [{ value: "0" }] });
    const add = [{ op: "add", path: "/identifier/-", value: { value: "1" } }];
    const headers = { "Idempotency-Key": `patch-${id}` };
    const [first, again] = [await patch(`Patient/${id}`, add, headers), await patch(`Patient/${id}`, add, headers)];
    expect([first.headers.get("DSP-Replayed"), again.headers.get("DSP-Replayed")]).toEqual([null, "true"]);
    expect(await again.text()).toBe(await first.text());
    expect(await refusal(patch(`Patient/${id}`, family, headers))).toEqual([422, "duplicate", undefined]);
    expect((await patch(`Patient/${id}`, [{ op: "test", path: "/identifier/2", value: {} }])).status).toBe(422);
  });

  it("is made of what is there when its turn comes: many at once lose nothing", async () => {
    const { id } = await create({ ...patient, identifier: [{ value: "start" }] });
    const values = Array.from({ length: 20 }, (_, number) => String(number));
    const answers = await Promise.all(
      values.map((value) => patch(`Patient/${id}`, [{ op: "add", path: "/identifier/-", value: { value } }])),
    );
    expect(answers.map(({ status }) => status)).toEqual(values.map(() => 200));
    const { identifier, meta } = (await (await record.call("GET", `/fhir/Patient/${id}`)).json()) as Resource & {
      identifier: { value: string }[];
    };
    expect(identifier.map(({ value }) => value).sort()).toEqual(["start", ...values].sort());
    expect(meta.versionId).toBe("21");
  });

  it("takes away a narrative that was made from what it changes, and does not touch one that people wrote", async () => {
    const div = (text: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${text}</div>`;
    const withText = async (status: string) => (await create({ ...patient, text: { status, div: div("Anna") } })).id;
    const after = async (id: string, operations: unknown) => {
      const response = await patch(`Patient/${id}`, operations);
      return [response.status, ((await response.json()) as { text?: { div: string } }).text?.div];
    };
    expect(await after(await withText("generated"), family)).toEqual([200, undefined]);
    expect(await after(await withText("generated"), [{ op: "add", path: "/meta/tag", value: [{ code: "t" }] }])).toEqual([
      200,
      div("Anna"),
    ]);
    const written = await withText("additional");
    expect(await refusal(patch(`Patient/${written}`, family))).toEqual([422, "processing", "Patient.text"]);
    expect(await after(written, [...family, { op: "replace", path: "/text/div", value: div("Eva") }])).toEqual([200, div("Eva")]);
  });

  it.each<[string, unknown, [number, string, string | undefined]]>([
    ["a test that fails", [...family, { op: "test", path: "/gender", value: "male" }], [422, "processing", "operation[1]"]],
    ["a place that is not there", [...family, { op: "remove", path: "/birthDate" }], [400, "value", "operation[1]"]],
    ["an unknown operation", [{ op: "merge", path: "/gender" }], [400, "value", "operation[0]"]],
    ["no list of operations", { op: "remove", path: "/gender" }, [400, "structure", undefined]],
    ["no JSON", "[", [400, "structure", undefined]],
    ["too many operations", Array(501).fill(family[0]), [400, "too-costly", undefined]],
    ["a result that is not valid", [{ op: "replace", path: "/gender", value: "nobody" }], [400, "code-invalid", "Patient.gender"]],
    ["an unknown element", [{ op: "add", path: "/colour", value: "red" }], [400, "structure", "Patient.colour"]],
    ["another id", [{ op: "replace", path: "/id", value: "other" }], [400, "invalid", "Patient.id"]],
    ["no id", [{ op: "remove", path: "/id" }], [400, "invalid", "Patient.id"]],
    ["another type", [{ op: "replace", path: "/resourceType", value: "Observation" }], [400, "invalid", "Patient.resourceType"]],
    ["another version", [{ op: "replace", path: "/meta/versionId", value: "7" }], [400, "invalid", "Patient.meta.versionId"]],
    [
      "another time",
      [{ op: "replace", path: "/meta/lastUpdated", value: "2020-01-01T00:00:00Z" }],
      [400, "invalid", "Patient.meta.lastUpdated"],
    ],
    ["nothing for a document", [{ op: "replace", path: "", value: null }], [400, "invalid", "Patient.resourceType"]],
    ["the prototype", [{ op: "add", path: "/__proto__/x", value: 1 }], [400, "value", "operation[0]"]],
    ["a NUL character", '[{"op":"replace","path":"/name/0/family","value":"a\\u0000"}]', [400, "value", undefined]],
  ])("refuses %s, and changes nothing", async (_title, operations, expected) => {
    const { id } = await create(patient);
    expect(await refusal(patch(`Patient/${id}`, operations))).toEqual(expected);
    expect(((await (await record.call("GET", `/fhir/Patient/${id}`)).json()) as Resource).meta.versionId).toBe("1");
  });

  it("refuses what is not there, what is gone, what is no JSON, and other formats", async () => {
    const { id } = await create(patient);
    expect(await refusal(patch("Patient/nobody", family))).toEqual([404, "not-found", undefined]);
    expect(await refusal(patch("Patient/nobody", family, { "If-Match": 'W/"1"' }))).toEqual([412, "conflict", undefined]);
    const other = await record.call("PATCH", `/fhir/Patient/${id}`, { body: patient });
    expect([other.status, other.headers.get("Accept-Patch")]).toEqual([415, "application/json-patch+json"]);
    await record.call("DELETE", `/fhir/Patient/${id}`);
    expect(await refusal(patch(`Patient/${id}`, family))).toEqual([410, "deleted", undefined]);
    const binary = await create({ resourceType: "Binary", contentType: "text/plain", data: "YQ==" });
    expect(await refusal(patch(`Binary/${binary.id}`, family))).toEqual([405, "not-supported", undefined]);
  });
});

describe("a conditional patch", () => {
  it("changes the one resource that meets the condition, and none where there is none or several", async () => {
    const value = crypto.randomUUID();
    const condition = `Patient?identifier=urn:test|${value}`;
    expect(await refusal(patch(condition, family))).toEqual([404, "not-found", undefined]);
    const { id } = await create({ ...patient, identifier: [{ system: "urn:test", value }] });
    const response = await patch(condition, family, { "If-Match": 'W/"1"' });
    expect([response.status, ((await response.json()) as Resource).id]).toEqual([200, id]);
    await create({ ...patient, identifier: [{ system: "urn:test", value }] });
    expect(await refusal(patch(condition, family))).toEqual([412, "duplicate", undefined]);
    expect((await refusal(patch("Patient", family)))[0]).toBe(400);
    expect((await refusal(patch("Patient?nonsense=1", family)))[0]).toBe(400);
  });
});

describe("a patch's rights", () => {
  it("are those of an update: the own record, before and after, and the permission to update", async () => {
    const [own, other] = [await create(patient), await create(patient)];
    const [mine, theirs] = [await create(observation(own.id)), await create(observation(other.id))];
    const token = await issuer.token({ sub: "p", role: "patient", scope: "patient/*.cruds", patient: own.id });
    const headers = { Authorization: `Bearer ${token}`, "X-Request-Id": `rights-${own.id}` };
    const status = [{ op: "replace", path: "/status", value: "amended" }];
    expect((await patch(`Observation/${mine.id}`, status, headers)).status).toBe(200);
    const refused = { ...headers, "X-Request-Id": `refused-${own.id}` };
    expect(await refusal(patch(`Observation/${theirs.id}`, status, refused))).toEqual([404, "not-found", undefined]);
    const away = [{ op: "replace", path: "/subject/reference", value: `Patient/${other.id}` }];
    expect(await refusal(patch(`Observation/${mine.id}`, away, refused))).toEqual([403, "forbidden", undefined]);
    expect(await refusal(patch(`Observation?_id=${theirs.id}`, status, refused))).toEqual([404, "not-found", undefined]);
    expect((await audits(`refused-${own.id}`)).map(({ interaction, outcome }) => [interaction, outcome])).toEqual([
      ["patch", "8"],
      ["patch", "8"],
    ]);
    const reader = { Authorization: `Bearer ${await issuer.token({ scope: "user/*.crds" })}` };
    expect(await refusal(patch(`Observation/${mine.id}`, status, reader))).toEqual([403, "forbidden", undefined]);
  });
});

describe("a patch in a Bundle", () => {
  const send = async (type: string, entry: unknown): Promise<[number, Bundle]> => {
    const response = await record.call("POST", "/fhir", { body: { resourceType: "Bundle", type, entry } });
    return [response.status, (await response.json()) as Bundle];
  };
  const binary = (operations: unknown) => ({
    ...{ resourceType: "Binary", contentType: "application/json-patch+json" },
    data: Buffer.from(typeof operations === "string" ? operations : JSON.stringify(operations)).toString("base64"),
  });
  const patching = (url: string, operations: unknown, more: object = {}) => ({
    resource: binary(operations),
    request: { method: "PATCH", url, ...more },
  });
  const read = async (path: string) => (await record.call("GET", `/fhir/${path}`)).json() as Promise<Resource>;

  it("is part of a transaction, and may refer to its other entries", async () => {
    const [owner, ward] = [await create(patient), `urn:uuid:${crypto.randomUUID()}`];
    const refer = [{ op: "add", path: "/managingOrganization", value: { reference: ward } }];
    const [status, answer] = await send("transaction", [
      patching(`Patient/${owner.id}`, refer, { ifMatch: 'W/"1"' }),
      { fullUrl: ward, resource: { resourceType: "Organization", name: "Test-Ward" }, request: { method: "POST", url: "Organization" } },
    ]);
    expect([status, answer.entry?.map(({ response }) => response.status)]).toEqual([200, ["200", "201"]]);
    const made = /Organization\/[^/]+/.exec(answer.entry?.[1]?.response.location ?? "")?.[0];
    expect(await read(`Patient/${owner.id}`)).toMatchObject({ managingOrganization: { reference: made }, meta: { versionId: "2" } });
  });

  it("follows conditional references, also where it sets only their text", async () => {
    const value = crypto.randomUUID();
    const [owner, ward] = [
      await create(patient),
      await create({ resourceType: "Organization", identifier: [{ system: "urn:test", value }] }),
    ];
    const meant = `Organization?identifier=urn:test|${value}`;
    const first = [{ op: "add", path: "/managingOrganization", value: { reference: meant } }];
    const second = [{ op: "replace", path: "/managingOrganization/reference", value: meant }];
    for (const operations of [first, second]) {
      expect((await send("transaction", [patching(`Patient/${owner.id}`, operations)]))[0]).toBe(200);
      expect(await read(`Patient/${owner.id}`)).toMatchObject({ managingOrganization: { reference: `Organization/${ward.id}` } });
    }
  });

  it("undoes the transaction where it cannot be done, and is named", async () => {
    const [owner, untouched] = [await create(patient), await create(patient)];
    const [status, answer] = await send("transaction", [
      patching(`Patient/${untouched.id}`, family),
      patching(`Patient/${owner.id}`, [...family, { op: "test", path: "/gender", value: "male" }]),
    ]);
    expect([status, answer.issue?.[0]?.expression]).toEqual([422, ["Bundle.entry[1]", "operation[1]"]]);
    expect((await read(`Patient/${untouched.id}`)).meta.versionId).toBe("1");
  });

  it("is an entry of a batch, by a condition as well", async () => {
    const [first, second] = [await create(patient), await create(patient)];
    const weight = await create(observation(first.id));
    const add = '[{"op":"add","path":"/valueQuantity","value":{"value":2.50}}]';
    const [status, answer] = await send("batch", [
      patching(`Patient/${first.id}`, family),
      patching(`Patient?_id=${second.id}`, family),
      patching(`Observation/${weight.id}`, add),
      patching("Patient/nobody", family),
    ]);
    expect([status, answer.entry?.map(({ response }) => response.status)]).toEqual([200, ["200", "200", "200", "404"]]);
    expect(await (await record.call("GET", `/fhir/Observation/${weight.id}`)).text()).toContain('"value":2.50');
  });

  it.each<[string, object, number]>([
    ["a resource that is no Binary", { resource: patient, request: { method: "PATCH", url: "Patient/x" } }, 400],
    ["no resource", { request: { method: "PATCH", url: "Patient/x" } }, 400],
    [
      "another type of content",
      { resource: { ...binary(family), contentType: "application/json" }, request: { method: "PATCH", url: "Patient/x" } },
      400,
    ],
    ["content that is no base64", { resource: { ...binary(family), data: "{}" }, request: { method: "PATCH", url: "Patient/x" } }, 400],
    ["content that is no JSON", patching("Patient/x", "["), 400],
    ["content that is no patch", patching("Patient/x", "{}"), 400],
    ["a patch of nobody", patching("Patient/nobody-there", family), 404],
    ["a patch without an id", patching("Patient", family), 400],
    ["a patch of a Binary", patching("Binary/x", family), 405],
  ])("refuses %s", async (_title, entry, expected) => {
    const [status, { resourceType }] = await send("transaction", [entry]);
    expect([status, resourceType]).toEqual([expected, "OperationOutcome"]);
  });
});

describe("whatever is sent", () => {
  it("is never a server error", async () => {
    const { id } = await create({ ...patient, identifier: [{ value: "1" }] });
    const part = fc.constantFrom("name", "0", "-", "family", "identifier", "meta", "id", "extension", "__proto__", "contained", "");
    const path = fc.oneof(
      fc.array(part).map((parts) => parts.map((each) => `/${each}`).join("")),
      anyText,
    );
    const operation = fc.record(
      { op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test"), path, from: path, value: fc.jsonValue() },
      { requiredKeys: ["op", "path"] },
    );
    const body = fc.oneof(
      fc.array(operation, { maxLength: 4 }).map((each) => JSON.stringify(each)),
      fc.json(),
      anyText,
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const response = await patch(`Patient/${id}`, text);
        expect([text, response.status < 500]).toEqual([text, true]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
