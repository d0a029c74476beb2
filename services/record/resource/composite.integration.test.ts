import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import { TestIssuer } from "../../lib/testing/tokens.ts";
import { reindex } from "../reindex.ts";
import { startTestRecord, type TestRecord } from "../testing/record.ts";

interface Resource {
  resourceType: string;
  id: string;
}

let postgres: TestPostgres;
let issuer: TestIssuer;
let record: TestRecord;
let owner: string;
let other: string;

const loinc = (...codes: string[]) => ({ coding: codes.map((code) => ({ system: "http://loinc.org", code })) });
const quantity = (value: number, code = "mm[Hg]") => ({ value, code, system: "http://unitsofmeasure.org" });
const pressure = (systolic: number, diastolic: number) => ({
  ...{ resourceType: "Observation", status: "final", code: loinc("85354-9") },
  component: [
    { code: loinc("8480-6", "271649006"), valueQuantity: quantity(systolic) },
    { code: loinc("8462-4"), valueQuantity: quantity(diastolic) },
  ],
});

async function create(resource: object, owned = owner): Promise<string> {
  const { resourceType } = resource as Resource;
  const body = resourceType === "Patient" ? resource : { ...resource, subject: { reference: `Patient/${owned}` } };
  const response = await record.call("POST", `/fhir/${resourceType}`, { body });
  expect(response.status, await response.clone().text()).toBe(201);
  return ((await response.json()) as Resource).id;
}

async function found(path: string, headers: Record<string, string> = {}): Promise<string[]> {
  const response = await record.call("GET", `/fhir/${path}`, { headers });
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { entry?: { resource: Resource }[] }).entry?.map(({ resource }) => resource.id) ?? [];
}

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  record = await startTestRecord({ postgres, issuer });
  [owner, other] = [await create({ resourceType: "Patient" }), await create({ resourceType: "Patient" })];
}, 60_000);

afterAll(async () => {
  record?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

describe("composite parameters", () => {
  it("are met by one place of the resource, not by two", async () => {
    const [high, low] = [await create(pressure(150, 95)), await create(pressure(118, 76))];
    const by = (value: string) => found(`Observation?patient=${owner}&component-code-value-quantity=${encodeURIComponent(value)}`);
    expect(await by("http://loinc.org|8480-6$gt140")).toEqual([high]);
    expect(await by("271649006$gt140||mm[Hg]")).toEqual([high]);
    // A systolic pressure above 140 is there, and so is a diastolic one: just not in the same component.
    expect(await by("8462-4$gt140")).toEqual([]);
    expect(await by("8462-4$lt80,8480-6$gt140")).toEqual([high, low]);
    expect(await by("8480-6$118||kg")).toEqual([]);
    expect(await found(`Observation?patient=${owner}&combo-code-value-quantity=8462-4$95`)).toEqual([high]);
    expect(await found(`Observation?patient=${owner}&combo-code-value-quantity=85354-9$95`)).toEqual([]);
    expect(
      await found(`Observation?patient=${owner}&component-code-value-quantity=8480-6$gt100&component-code-value-quantity=8462-4$lt80`),
    ).toEqual([low]);
    expect(await found(`Patient?_has:Observation:patient:component-code-value-quantity=8480-6$gt140`)).toEqual([owner]);
  });

  it("take every kind of value, and follow what changes", async () => {
    const observation = (code: string, value: object) => ({ resourceType: "Observation", status: "final", code: loinc(code), ...value });
    const weight = await create(observation("w", { valueQuantity: quantity(72.5, "kg") }));
    const smoker = await create(observation("s", { valueCodeableConcept: loinc("never", "no") }));
    const due = await create(observation("d", { valueDateTime: "2026-05-01" }));
    const said = await create(observation("t", { valueString: "Überweisung nötig" }));
    const by = (query: string) => found(`Observation?patient=${owner}&${query}`);
    expect(await by("code-value-quantity=w$72.5||kg")).toEqual([weight]);
    expect(await by("code-value-quantity=s$72.5")).toEqual([]);
    expect(await by("code-value-concept=s$no")).toEqual([smoker]);
    expect(await by("combo-code-value-concept=s$http://loinc.org|never")).toEqual([smoker]);
    expect(await by("code-value-date=d$2026-05")).toEqual([due]);
    expect(await by("code-value-date=d$gt2026-06")).toEqual([]);
    expect(await by("code-value-string=t$uberw")).toEqual([said]);
    expect(await by("code-value-concept:missing=false")).toEqual([smoker]);
    const body = { ...observation("w", { valueQuantity: quantity(80, "kg") }), id: weight, subject: { reference: `Patient/${owner}` } };
    expect((await record.call("PUT", `/fhir/Observation/${weight}`, { body })).status).toBe(200);
    expect(await by("code-value-quantity=w$72.5||kg")).toEqual([]);
    expect(await by("code-value-quantity=w$80||kg")).toEqual([weight]);
    await record.call("DELETE", `/fhir/Observation/${weight}`);
    expect(await by("code-value-quantity=w$80||kg")).toEqual([]);
    const old = await create({ resourceType: "DocumentReference", status: "superseded", content: [{ attachment: { title: "t" } }] });
    const relatesTo = [{ code: "replaces", target: { reference: `DocumentReference/${old}` } }];
    const successor = await create({
      resourceType: "DocumentReference",
      status: "current",
      content: [{ attachment: { title: "t" } }],
      relatesTo,
    });
    expect(await found(`DocumentReference?relationship=replaces$DocumentReference/${old}`)).toEqual([successor]);
    expect(await found(`DocumentReference?relationship=signs$DocumentReference/${old}`)).toEqual([]);
  });

  it("show a patient's token nothing beyond the own record", async () => {
    const theirs = await create(pressure(199, 99), other);
    const token = await issuer.token({ sub: "p", role: "patient", scope: "patient/*.rs", patient: owner });
    const query = "Observation?component-code-value-quantity=8480-6$199";
    expect(await found(query)).toEqual([theirs]);
    expect(await found(query, { Authorization: `Bearer ${token}` })).toEqual([]);
  });

  it("refuse what has not as many values as they have parts", async () => {
    for (const value of ["8480-6", "8480-6$1$2", "8480-6$", "8480-6$high"]) {
      expect((await record.call("GET", `/fhir/Observation?component-code-value-quantity=${value}`)).status, value).toBe(400);
    }
  });
});

describe("reindex", () => {
  it("gives what an older version stored the index of this one, and makes no version", async () => {
    const [kept, gone] = [await create(pressure(177, 77)), await create(pressure(178, 78))];
    await record.call("DELETE", `/fhir/Observation/${gone}`);
    const query = `Observation?patient=${owner}&component-code-value-quantity=8480-6$177`;
    const rows = async (table: string) => await postgres.query(postgres.at(0), `SELECT * FROM record.${table} ORDER BY 1, 2, 3, 4, 5, 6`);
    const whole = {
      tokens: await rows("search_token"),
      quantities: await rows("search_quantity"),
      versions: await rows("resource_version"),
    };
    for (const table of ["search_token", "search_quantity"]) {
      await postgres.query(postgres.at(0), `DELETE FROM record.${table} WHERE occurrence IS NOT NULL OR parameter = '_patient'`);
    }
    expect(await found(query)).toEqual([]);
    const [count] = await postgres.query<{ count: string }>(postgres.at(0), "SELECT count(*) FROM record.resource");
    expect(await reindex(record.deps)).toMatchObject({ resources: Number(count?.count), isComplete: true });
    expect(await found(query)).toEqual([kept]);
    expect({
      tokens: await rows("search_token"),
      quantities: await rows("search_quantity"),
      versions: await rows("resource_version"),
    }).toEqual(whole);
  });
});
