import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nationalNumber, nationalNumberSystem } from "../../lib/national-number.ts";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import { TestIssuer } from "../../lib/testing/tokens.ts";
import { startTestRegistry, type TestRegistry } from "../testing/registry.ts";

interface Patient {
  id: string;
  active: boolean;
  birthDate: string;
  gender: string;
  meta: { versionId: string; lastUpdated?: string };
  identifier?: { system: string; value: string; use?: string }[];
  link?: { other: { reference: string }; type: string }[];
}

let postgres: TestPostgres;
let issuer: TestIssuer;
/** Two replicas over one database. */
let replicas: [TestRegistry, TestRegistry];

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  replicas = [await startTestRegistry({ postgres, issuer }), await startTestRegistry({ postgres, issuer })];
}, 60_000);

afterAll(async () => {
  for (const replica of replicas ?? []) replica.stop();
  await postgres?.stop();
  await issuer?.remove();
});

let counter = 0;
async function create(changes: object = {}): Promise<Patient> {
  counter++;
  const birthDate = new Date(Date.UTC(1930, 0, 1 + counter * 97)).toISOString().slice(0, 10);
  const letters = [...String(counter)].map((digit) => "bdfgklmnrs"[Number(digit)]).join("o");
  const body = {
    ...{ resourceType: "Patient", active: true, gender: "female", birthDate },
    name: [{ family: `Test-Q${letters}a`, given: [`Z${letters}e`] }],
    identifier: [{ system: nationalNumberSystem, value: nationalNumber(birthDate, counter), use: "official" }],
    ...changes,
  };
  const response = await replicas[0].call("POST", "/registry/fhir/Patient", { body });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as Patient;
}

const reference = (name: string, id: string) => ({ name, valueReference: { reference: `Patient/${id}` } });

function operate(
  name: "merge" | "unmerge",
  parameter: object[],
  options: { key?: string; replica?: 0 | 1; requestId?: string } = {},
): Promise<Response> {
  const headers = {
    ...(options.key ? { "Idempotency-Key": options.key } : {}),
    ...(options.requestId ? { "X-Request-Id": options.requestId } : {}),
  };
  const body = { resourceType: "Parameters", parameter };
  return replicas[options.replica ?? 0].call("POST", `/registry/fhir/Patient/$${name}`, { body, headers });
}

const merge = (source: string, target: string, options: Parameters<typeof operate>[2] = {}) =>
  operate("merge", [reference("source-patient", source), reference("target-patient", target)], options);

async function read(id: string, query = ""): Promise<Patient> {
  return (await (await replicas[1].call("GET", `/registry/fhir/Patient/${id}${query}`)).json()) as Patient;
}

async function found(query: string): Promise<string[]> {
  const bundle = (await (await replicas[0].call("GET", `/registry/fhir/Patient?${query}`)).json()) as { entry?: { resource: Patient }[] };
  return (bundle.entry ?? []).map(({ resource }) => resource.id);
}

/** Without what each version has of its own. */
function body({ meta: _, ...rest }: Patient): object {
  return rest;
}

describe("$merge", () => {
  it("leads from the source to the survivor, by id and by identifier, and keeps the history", async () => {
    const [source, target] = [await create(), await create()];
    const response = await merge(source.id, target.id, { requestId: "merge-audit" });
    const answer = (await response.json()) as { parameter: { name: string; resource: Patient }[] };
    expect([response.status, answer.parameter.map(({ name }) => name)]).toEqual([200, ["input", "outcome", "result"]]);
    expect(answer.parameter[2]?.resource.id).toBe(target.id);

    const old = await replicas[0].call("GET", `/registry/fhir/Patient/${source.id}`);
    expect(old.headers.get("Link")).toBe(`<https://dsp.test/registry/fhir/Patient/${target.id}>; rel="successor-version"`);
    const replaced = (await old.json()) as Patient;
    expect([replaced.active, replaced.link]).toEqual([false, [{ other: { reference: `Patient/${target.id}` }, type: "replaced-by" }]]);
    const survivor = await read(source.id, "?follow=true");
    expect([survivor.id, survivor.active, survivor.link]).toEqual([
      target.id,
      true,
      [{ other: { reference: `Patient/${source.id}` }, type: "replaces" }],
    ]);
    const [number] = source.identifier ?? [];
    expect(survivor.identifier).toContainEqual({ ...number, use: "old" });
    expect(await found(`identifier=${number?.value}`)).toEqual([target.id]);
    expect(await found(`identifier=${number?.value}&active=false`)).toEqual([source.id]);
    expect(body(await read(`${source.id}/_history/1`))).toEqual(body(source));
    const audits = await postgres.query<{ patient_id: string; interaction: string }>(
      postgres.at(0),
      "SELECT patient_id, interaction FROM registry.audit_event WHERE request_id = 'merge-audit' ORDER BY patient_id",
    );
    expect(audits).toEqual([source.id, target.id].sort().map((patient_id) => ({ patient_id, interaction: "operation" })));

    const change = { ...replaced, gender: "male" };
    const put = await replicas[0].call("PUT", `/registry/fhir/Patient/${source.id}`, { body: change, headers: { "If-Match": 'W/"2"' } });
    expect([put.status, await put.text()]).toEqual([409, expect.stringContaining("$unmerge")]);
  });

  it("shows what it would do and does nothing, as a preview", async () => {
    const [source, target] = [await create(), await create()];
    const preview = { name: "preview", valueBoolean: true };
    const response = await operate("merge", [reference("source-patient", source.id), reference("target-patient", target.id), preview]);
    const answer = (await response.json()) as { parameter: { resource: Patient }[] };
    expect([response.status, answer.parameter[2]?.resource.link?.[0]?.type]).toEqual([200, "replaces"]);
    expect(await read(source.id)).toEqual(source);
    expect(await read(target.id)).toEqual(target);
  });

  it("takes identifiers for the two, and a result", async () => {
    const [source, target] = [await create(), await create()];
    const identifier = (name: string, { identifier: [first] = [] }: Patient) => ({
      name,
      valueIdentifier: { system: first?.system, value: first?.value },
    });
    const result = { ...target, gender: "other", identifier: [...(target.identifier ?? []), { ...source.identifier?.[0], use: "old" }] };
    const two = [identifier("source-patient-identifier", source), identifier("target-patient-identifier", target)];
    const lacking = await operate("merge", [...two, { name: "result-patient", resource: { ...target, gender: "other" } }]);
    expect(lacking.status).toBe(422);
    const response = await operate("merge", [...two, { name: "result-patient", resource: result }]);
    expect(response.status, await response.clone().text()).toBe(200);
    expect((await read(source.id, "?follow=true")).gender).toBe("other");
    const undone = await operate("unmerge", [reference("source-patient", source.id)]);
    expect(undone.status).toBe(200);
    expect(body(await read(target.id))).toEqual(body(target));
  });

  it("refuses what makes no sense", async () => {
    const [first, second, third] = [await create(), await create(), await create()];
    expect((await merge(first.id, first.id)).status).toBe(422);
    expect((await merge(first.id, "nobody")).status).toBe(404);
    expect((await operate("merge", [reference("source-patient", first.id)])).status).toBe(400);
    expect((await operate("merge", [{ name: "source-patient", valueReference: { reference: "Practitioner/1" } }])).status).toBe(400);
    expect((await merge(first.id, second.id)).status).toBe(200);
    expect((await merge(first.id, third.id)).status).toBe(409);
    expect((await merge(third.id, first.id)).status).toBe(409);
    expect((await operate("unmerge", [reference("source-patient", third.id)])).status).toBe(409);
    const linked = { resourceType: "Patient", link: [{ other: { reference: `Patient/${first.id}` }, type: "replaces" }] };
    expect((await replicas[0].call("POST", "/registry/fhir/Patient", { body: linked })).status).toBe(422);
  });

  it("is done once for each key, on whichever replica it is repeated", async () => {
    const [source, target] = [await create(), await create()];
    const answers = await Promise.all(
      [0, 1, 0, 1, 0].map((replica) => merge(source.id, target.id, { key: `once-${source.id}`, replica: replica as 0 | 1 })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await read(target.id)).meta.versionId).toBe("2");
    const rows = await postgres.query(postgres.at(0), "SELECT 1 FROM registry.patient_merge WHERE source_id = $1", [source.id]);
    expect(rows.length).toBe(1);
  });

  it("lets one of many win, who merge the same two at once in both directions", async () => {
    for (let round = 0; round < 4; round++) {
      const [left, right] = [await create(), await create()];
      const answers = await Promise.all(
        [0, 1, 2, 3, 4, 5].map((each) =>
          each % 2 === 0 ? merge(left.id, right.id, { replica: 0 }) : merge(right.id, left.id, { replica: 1 }),
        ),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([200, 409, 409, 409, 409, 409]);
      const merged = (await Promise.all([left.id, right.id].map((id) => read(id)))).filter(({ active }) => !active);
      expect(merged.length).toBe(1);
    }
  });

  it("loses nothing of a change that comes at the same moment", async () => {
    const [source, target] = [await create(), await create()];
    const change = { ...target, gender: "male" };
    const put = replicas[1].call("PUT", `/registry/fhir/Patient/${target.id}`, { body: change, headers: { "If-Match": 'W/"1"' } });
    const [merged, changed] = await Promise.all([merge(source.id, target.id), put]);
    const after = await read(target.id);
    expect([merged.status, after.gender, after.link?.length]).toEqual([200, changed.status === 200 ? "male" : "female", 1]);
    expect([200, 412]).toContain(changed.status);
  });
});

describe("$unmerge", () => {
  it("restores both as they were", async () => {
    const [source, target] = [await create(), await create()];
    await merge(source.id, target.id);
    const response = await operate("unmerge", [reference("source-patient", source.id)], { requestId: "unmerge-audit" });
    expect(response.status, await response.clone().text()).toBe(200);
    expect(body(await read(source.id))).toEqual(body(source));
    expect(body(await read(target.id))).toEqual(body(target));
    expect(await found(`identifier=${source.identifier?.[0]?.value}`)).toEqual([source.id]);
    expect((await replicas[0].call("GET", `/registry/fhir/Patient/${source.id}`)).headers.get("Link")).toBeNull();
    const audits = await postgres.query(postgres.at(0), "SELECT 1 FROM registry.audit_event WHERE request_id = 'unmerge-audit'");
    expect(audits.length).toBe(2);
    expect((await merge(source.id, target.id)).status).toBe(200);
  });

  it("keeps what was changed in the target since", async () => {
    const [source, target] = [await create(), await create()];
    await merge(source.id, target.id);
    const survivor = { ...(await read(target.id)), gender: "male" };
    const put = await replicas[0].call("PUT", `/registry/fhir/Patient/${target.id}`, { body: survivor, headers: { "If-Match": 'W/"2"' } });
    expect(put.status, await put.clone().text()).toBe(200);
    expect((await operate("unmerge", [reference("source-patient", source.id)])).status).toBe(200);
    const after = await read(target.id);
    expect([after.gender, after.link, after.identifier]).toEqual(["male", undefined, target.identifier]);
  });

  it("undoes a chain from its end", async () => {
    const [first, second, third] = [await create(), await create(), await create()];
    await merge(first.id, second.id);
    await merge(second.id, third.id);
    expect((await read(first.id, "?follow=true")).id).toBe(third.id);
    expect(await found(`identifier=${first.identifier?.[0]?.value}`)).toEqual([third.id]);
    expect((await operate("unmerge", [reference("source-patient", first.id)])).status).toBe(409);
    expect((await operate("unmerge", [reference("source-patient", second.id)])).status).toBe(200);
    expect((await read(first.id, "?follow=true")).id).toBe(second.id);
    expect((await operate("unmerge", [reference("source-patient", first.id)])).status).toBe(200);
    for (const each of [first, second, third]) expect(body(await read(each.id))).toEqual(body(each));
  });

  it("is done once, also when two want it at once", async () => {
    const [source, target] = [await create(), await create()];
    await merge(source.id, target.id);
    const answers = await Promise.all(
      [0, 1, 0, 1].map((replica) => operate("unmerge", [reference("source-patient", source.id)], { replica: replica as 0 | 1 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect([(await read(source.id)).meta.versionId, (await read(target.id)).meta.versionId]).toEqual(["3", "3"]);
  });
});
