import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import { TestIssuer } from "../../lib/testing/tokens.ts";
import { startTestRecord, type TestRecord } from "../testing/record.ts";

interface Resource {
  resourceType: string;
  id: string;
  meta: { tag?: { code: string }[] };
  [element: string]: unknown;
}
interface Bundle {
  total?: number;
  link: { relation: string; url: string }[];
  entry?: { resource: Resource; search?: { mode: string } }[];
}

let postgres: TestPostgres;
let issuer: TestIssuer;
let record: TestRecord;
let owner: Resource;
let first: Resource;

const div = '<div xmlns="http://www.w3.org/1999/xhtml">t</div>';
const patient = { resourceType: "Patient", name: [{ family: "Test-Weber" }], gender: "female", text: { status: "generated", div } };

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  record = await startTestRecord({ postgres, issuer });
  owner = await create(JSON.stringify({ ...patient, maritalStatus: { text: "m" } }));
  const observation = { resourceType: "Observation", status: "final", code: { text: "t" }, subject: { reference: `Patient/${owner.id}` } };
  first = await create(
    JSON.stringify({ ...observation, note: [{ text: "n" }], valueQuantity: "NUMBER" }).replace('"NUMBER"', '{"value":1.50}'),
  );
  await create(JSON.stringify(observation));
}, 60_000);

afterAll(async () => {
  record?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

async function create(body: string): Promise<Resource> {
  const response = await record.call("POST", `/fhir/${(JSON.parse(body) as Resource).resourceType}`, { body });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as Resource;
}

async function get<T>(path: string): Promise<T> {
  const response = await record.call("GET", `/fhir/${path}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

/** What a resource has beside its type, id and meta; each must be marked as incomplete. */
function shown(resource: Resource | undefined): string[] {
  expect(resource?.meta.tag?.map(({ code }) => code)).toEqual(["SUBSETTED"]);
  const always = new Set(["resourceType", "id", "meta"]);
  return Object.keys(resource ?? {}).filter((name) => !always.has(name));
}

describe("parts of a resource", () => {
  it("are read, of the current version and of one before, and nothing of it is kept", async () => {
    for (const path of [`Observation/${first.id}`, `Observation/${first.id}/_history/1`]) {
      expect(shown(await get(`${path}?_summary=true`))).toEqual(["status", "code", "subject", "valueQuantity"]);
      expect(shown(await get(`${path}?_summary=text`))).toEqual(["status", "code"]);
      expect(shown(await get(`${path}?_summary=data`))).toEqual(["status", "code", "subject", "note", "valueQuantity"]);
      expect(shown(await get(`${path}?_elements=note`))).toEqual(["status", "code", "note"]);
      expect(await get(`${path}?_summary=false`)).toEqual(first);
    }
    expect(shown(await get(`Patient/${owner.id}?_summary=data`))).toEqual(["name", "gender", "maritalStatus"]);
    expect(shown(await get(`Patient/${owner.id}?_summary=text`))).toEqual(["text"]);
    const text = await (await record.call("GET", `/fhir/Observation/${first.id}?_elements=value`)).text();
    expect(text).toContain('"value":1.50');
  });

  it("are found, page by page; what is included with elements is whole, with a summary it is one too", async () => {
    const page = await get<Bundle>(`Observation?patient=${owner.id}&_elements=note&_count=1&_include=Observation:subject`);
    expect(shown(page.entry?.[0]?.resource)).toEqual(["status", "code", "note"]);
    expect(page.entry?.[1]?.resource).toEqual(owner);
    const next = page.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test/fhir/", "") ?? "";
    expect(shown((await get<Bundle>(next)).entry?.[0]?.resource)).toEqual(["status", "code"]);
    const summary = await get<Bundle>(`Observation?_id=${first.id}&_summary=true&_include=Observation:subject`);
    expect(summary.entry?.map(({ resource }) => shown(resource))).toEqual([
      ["status", "code", "subject", "valueQuantity"],
      ["name", "gender"],
    ]);
    const posted = await record.call("POST", "/fhir/Observation/_search", {
      body: `_id=${first.id}&_summary=text`,
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    });
    expect(shown(((await posted.json()) as Bundle).entry?.[0]?.resource)).toEqual(["status", "code"]);
  });

  it("may be none at all: only how many there are", async () => {
    const bundle = await get<Bundle>(`Observation?patient=${owner.id}&_count=1&_summary=count&_include=Observation:subject`);
    expect([bundle.total, bundle.entry]).toEqual([2, undefined]);
    expect(bundle.link.map(({ relation }) => relation)).toEqual(["self"]);
  });

  it("are those of a history too, on every page", async () => {
    await record.call("PUT", `/fhir/Patient/${owner.id}`, { body: { ...patient, id: owner.id, maritalStatus: { text: "m" } } });
    const page = await get<Bundle>(`Patient/${owner.id}/_history?_count=1&_elements=gender`);
    const next = page.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test/fhir/", "") ?? "";
    for (const { entry } of [page, await get<Bundle>(next)]) expect(shown(entry?.[0]?.resource)).toEqual(["gender"]);
    const all = await get<Bundle>("Patient/_history?_summary=text");
    expect(all.entry?.map(({ resource }) => shown(resource))).toEqual([["text"], ["text"]]);
  });

  it("have no bearing on a Binary's bytes", async () => {
    const { id } = await create('{"resourceType":"Binary","contentType":"text/plain","data":"YQ=="}');
    expect(await (await record.call("GET", `/fhir/Binary/${id}?_summary=true`)).text()).toBe("a");
    const json = await record.call("GET", `/fhir/Binary/${id}?_summary=true`, { headers: { Accept: "application/fhir+json" } });
    expect(shown((await json.json()) as Resource)).toEqual(["contentType"]);
  });

  it.each<[string, Record<string, string>, number]>([
    ["Patient?_summary=some", {}, 400],
    ["Patient/OWNER?_summary=count", {}, 400],
    ["Patient?_summary=true&_elements=name", {}, 400],
    ["Patient?_summary=text&_revinclude=Observation:subject", {}, 400],
    ["Patient?_elements=nonsense", {}, 200],
    ["Patient?_elements=nonsense", { Prefer: "handling=strict" }, 400],
    ["Patient/OWNER?_elements=name,nonsense", { Prefer: "handling=strict" }, 400],
    ["Patient/OWNER?_elements=name", { Prefer: "handling=strict" }, 200],
  ])("%s %j is answered by %i", async (path, headers, status) => {
    expect((await record.call("GET", `/fhir/${path.replace("OWNER", owner.id)}`, { headers })).status).toBe(status);
  });
});
