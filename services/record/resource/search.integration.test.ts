/** Every way to search that FHIR R4 has and this server says it has: prefixes, modifiers, chains, inclusions, orders, pages. */
import { beforeAll, describe, expect, it } from "vitest";
import { useTestRecord } from "../testing/record.ts";

interface Resource {
  resourceType: string;
  id: string;
}
interface Bundle {
  total?: number;
  link: { relation: string; url: string }[];
  entry?: { resource: Resource; search: { mode: string } }[];
}

const { issuer, record } = await useTestRecord();

async function put(id: string, resource: object): Promise<void> {
  const { resourceType } = resource as Resource;
  const response = await record.call("PUT", `/fhir/${resourceType}/${id}`, { body: { id, ...resource } });
  expect(response.status, await response.clone().text()).toBe(201);
}

async function search(query: string, headers: Record<string, string> = {}): Promise<Bundle> {
  const response = await record.call("GET", `/fhir/${query}`, { headers: { Prefer: "handling=strict", ...headers } });
  expect(response.status, `${query}: ${await response.clone().text()}`).toBe(200);
  return (await response.json()) as Bundle;
}

const ids = ({ entry = [] }: Bundle, mode = "match"): string[] =>
  entry.filter(({ search: how }) => how.mode === mode).map(({ resource }) => resource.id);
const found = async (query: string): Promise<string> =>
  ids(await search(query))
    .toSorted()
    .join(" ");

const confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
const loinc = (code: string) => ({ coding: [{ system: "http://loinc.org", code }] });
const about = (id: string, more: object) => ({
  ...{ resourceType: "Observation", status: "final", code: loinc(`${id}-code`), subject: { reference: "Patient/anna" } },
  ...more,
});

beforeAll(async () => {
  const meta = {
    ...{ tag: [{ system: "urn:test:tag", code: "trial" }], security: [{ system: confidentiality, code: "R" }] },
    ...{ profile: ["http://test.example/profile/vital|1.2"], source: "http://test.example/practice/7/system" },
  };
  await put("ward", { resourceType: "Organization", name: "Test-Ward", partOf: { reference: "Organization/hospital" } });
  await put("hospital", { resourceType: "Organization", name: "Test-Hospital" });
  await put("doctor", { resourceType: "Practitioner", name: [{ family: "Test-Doctor" }] });
  await put("anna", {
    ...{ resourceType: "Patient", name: [{ family: "Test-Weber", given: ["Anna"] }], identifier: [{ system: "urn:test:id", value: "1" }] },
    managingOrganization: { reference: "Organization/ward" },
  });
  await put("bert", { resourceType: "Patient", name: [{ family: "Test-Äbele", given: ["Bert"] }] });
  await put("carl", { resourceType: "Patient", name: [{ family: "Test-Zeyen", given: ["Carl"] }] });
  await put("nameless", { resourceType: "Patient" });
  await put("january", about("january", { effectiveDateTime: "2024-01-10", valueQuantity: { value: 10, code: "kg" }, meta }));
  await put("march", about("march", { effectiveDateTime: "2024-03-01T10:00:00Z", valueQuantity: { value: 20, code: "kg" } }));
  await put(
    "spring",
    about("spring", { effectivePeriod: { start: "2024-02-01", end: "2024-04-30" }, valueQuantity: { value: 30, code: "kg" } }),
  );
  await put(
    "undated",
    about("undated", { performer: [{ reference: "Practitioner/doctor" }], derivedFrom: [{ reference: "Observation/january" }] }),
  );
  await put("plan", {
    ...{ resourceType: "CarePlan", status: "active", intent: "plan", subject: { reference: "Patient/anna", identifier: { value: "1" } } },
    instantiatesUri: ["http://test.example/pathways/heart/v2"],
  });
  await put("trace", {
    ...{ resourceType: "Provenance", target: [{ reference: "Observation/undated" }], recorded: "2024-05-01T00:00:00Z" },
    agent: [{ who: { reference: "Practitioner/doctor" } }],
  });
});

describe("what every resource has", () => {
  it.each([
    ["_id=january,march", "january march"],
    ["_security=R", "january"],
    [`_security=${confidentiality}|R`, "january"],
    [`_security=${confidentiality}|`, "january"],
    ["_security=|R", ""],
    ["_security:not=R", "march spring undated"],
    ["_security:missing=true", "march spring undated"],
    ["_tag=urn:test:tag|trial", "january"],
    ["_tag=other", ""],
    ["_profile=http://test.example/profile/vital", "january"],
    ["_profile=http://test.example/profile/vital|1.2", "january"],
    ["_profile=http://test.example/profile/vital|9", ""],
    ["_profile:below=http://test.example/profile", "january"],
    ["_source=http://test.example/practice/7/system", "january"],
    ["_source:below=http://test.example/practice/7/", "january"],
    ["_source:below=http://test.example/practice/7/sys", ""],
    ["_source:missing=false", "january"],
    ["_lastUpdated=ge2020&_lastUpdated=lt2999", "january march spring undated"],
    ["_lastUpdated=gt2999", ""],
  ])("Observation?%s", async (query, expected) => {
    expect(await found(`Observation?patient=anna&${query}`)).toBe(expected);
  });

  it("is looked for along references and against them", async () => {
    expect(await found("Observation?derived-from:Observation._tag=trial")).toBe("undated");
    expect(await found("Patient?_has:Observation:patient:_security=R")).toBe("anna");
    expect(await found("Provenance?target:Observation._tag=trial")).toBe("");
  });

  it("follows what changes", async () => {
    await put("moved", about("moved", { subject: { reference: "Patient/carl" }, meta: { tag: [{ code: "before" }] } }));
    const changed = about("moved", { id: "moved", subject: { reference: "Patient/carl" }, meta: { tag: [{ code: "after" }] } });
    expect((await record.call("PUT", "/fhir/Observation/moved", { body: changed })).status).toBe(200);
    expect([await found("Observation?_tag=before"), await found("Observation?_tag=after")]).toEqual(["", "moved"]);
    await record.call("DELETE", "/fhir/Observation/moved");
    expect(await found("Observation?_tag=after")).toBe("");
  });

  it("shows nobody more than the rights do", async () => {
    const claims = { sub: "d", role: "practitioner", profession: "physician", fhirUser: "Practitioner/d", scope: "user/*.rs" };
    const physician = { Authorization: `Bearer ${await issuer.token(claims)}` };
    const labelled = await search("Observation?patient=anna&_security=R&_total=accurate", physician);
    expect([ids(labelled), labelled.total]).toEqual([[], 0]);
    const token = await issuer.token({ sub: "b", role: "patient", scope: "patient/*.rs", patient: "bert" });
    expect(ids(await search("Observation?_tag=trial", { Authorization: `Bearer ${token}` }))).toEqual([]);
  });
});

describe("prefixes", () => {
  it.each([
    ["date=2024-01-10", "january"],
    ["date=eq2024", "january march spring"],
    ["date=ne2024-01", "march spring"],
    ["date=gt2024-03-01", "spring"],
    ["date=ge2024-03-01", "march spring"],
    ["date=lt2024-02-01", "january"],
    ["date=le2024-02-01", "january"],
    ["date=sa2024-01-31", "march spring"],
    ["date=eb2024-03-02", "january march"],
    ["date=ap2024-03-01", "january march spring"],
    ["date=ap2000-01-01", ""],
    ["date=ge2024-02-01&date=le2024-03-31", "march spring"],
    ["date=2024-01-10,2024-03-01T10:00Z", "january march"],
    ["date:missing=true", "undated"],
    ["value-quantity=20", "march"],
    ["value-quantity=ne20", "january spring"],
    ["value-quantity=gt20", "spring"],
    ["value-quantity=ge20", "march spring"],
    ["value-quantity=lt20", "january"],
    ["value-quantity=le20||kg", "january march"],
    ["value-quantity=sa20", "spring"],
    ["value-quantity=eb20", "january"],
    ["value-quantity=ap21", "march"],
    ["value-quantity=2e1", "march"],
  ])("Observation?%s", async (query, expected) => {
    expect(await found(`Observation?patient=anna&${query}`)).toBe(expected);
  });
});

describe("kinds of parameters and their modifiers", () => {
  it.each([
    ["Patient?family=test-a,test-z", "bert carl"],
    ["Patient?family:exact=Test-Weber", "anna"],
    ["Patient?family:exact=test-weber", ""],
    ["Patient?family:contains=be", "anna bert"],
    ["Patient?family:missing=true", "nameless"],
    ["Patient?identifier=urn:test:id|1", "anna"],
    ["Patient?identifier=urn:test:id|", "anna"],
    ["Patient?organization:Organization=ward", "anna"],
    ["CarePlan?subject:identifier=1", "plan"],
    ["CarePlan?instantiates-uri=http://test.example/pathways/heart/v2", "plan"],
    ["CarePlan?instantiates-uri=http://test.example/pathways", ""],
    ["CarePlan?instantiates-uri:below=http://test.example/pathways", "plan"],
    ["CarePlan?instantiates-uri:above=http://test.example/pathways/heart/v2/step/3", "plan"],
    ["CarePlan?instantiates-uri:above=http://test.example/pathways/heart", ""],
    ["Observation?code:not=january-code&patient=anna", "march spring undated"],
    ["Observation?code-value-quantity=march-code$20", "march"],
    ["Observation?code-value-quantity=march-code$10", ""],
  ])("%s", async (query, expected) => {
    expect(await found(query)).toBe(expected);
  });

  it.each(["code:text=a", "code:in=http://a", "code:not-in=http://a", "date:exact=2024", "patient:below=anna", "_id:not=a"])(
    "Observation?%s is refused, not taken for something else",
    async (query) => {
      const response = await record.call("GET", `/fhir/Observation?${query}`);
      expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("modifier is not supported")]);
    },
  );
});

describe("references", () => {
  it.each([
    ["Observation?patient.organization.name=test-ward", "january march spring undated"],
    ["Observation?patient.organization.partof.name=test-hospital", "january march spring undated"],
    ["Observation?subject:Patient.family=test-weber&date=2024-01", "january"],
    ["Organization?_has:Patient:organization:family=test-weber", "ward"],
    ["Organization?_has:Patient:organization:_has:Observation:patient:code=march-code", "ward"],
    ["Practitioner?_has:Provenance:agent:target=Observation/undated", "doctor"],
  ])("%s", async (query, expected) => {
    expect(await found(query)).toBe(expected);
  });

  it("are followed from what was included, both ways", async () => {
    const forward = await search(
      "Provenance?_id=trace&_include=Provenance:target&_include:iterate=Observation:derived-from&_include:iterate=Patient:organization&_include:iterate=Observation:subject&_include:iterate=Organization:partof",
    );
    expect(ids(forward, "include").toSorted()).toEqual(["anna", "hospital", "january", "undated", "ward"]);
    const reverse = await search(
      "Organization?_id=hospital&_revinclude:iterate=Organization:partof&_revinclude:iterate=Patient:organization&_revinclude:iterate=CarePlan:subject",
    );
    expect(ids(reverse, "include").toSorted()).toEqual(["anna", "plan", "ward"]);
    const once = await search("Organization?_id=hospital&_revinclude=Organization:partof");
    expect(ids(once, "include")).toEqual(["ward"]);
  });
});

describe("orders and pages", () => {
  async function pages(query: string): Promise<{ seen: string[]; totals: (number | undefined)[] }> {
    const [seen, totals]: [string[], (number | undefined)[]] = [[], []];
    for (let at: string | undefined = query; at !== undefined; ) {
      const page: Bundle = await search(at);
      seen.push(...ids(page));
      totals.push(page.total);
      at = page.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test/fhir/", "");
    }
    return { seen, totals };
  }

  it.each([
    ["Patient?_sort=family", "bert anna carl nameless"],
    ["Patient?_sort=-family", "carl anna bert nameless"],
    ["Observation?patient=anna&_sort=date", "january spring march undated"],
    ["Observation?patient=anna&_sort=-date", "march spring january undated"],
    ["Observation?patient=anna&_sort=_lastUpdated", "january march spring undated"],
    ["Observation?patient=anna&_sort=-_lastUpdated", "undated spring march january"],
    ["Observation?patient=anna", "january march spring undated"],
  ])("%s, one at a time and together", async (query, expected) => {
    for (const count of [1, 3, 100]) expect((await pages(`${query}&_count=${count}`)).seen.join(" "), `${count}`).toBe(expected);
  });

  it("tell how many there are where that is asked for", async () => {
    expect((await pages("Observation?patient=anna&_count=3&_total=accurate")).totals).toEqual([4, 4]);
    expect((await pages("Observation?patient=anna&_count=3&_total=none")).totals).toEqual([undefined, undefined]);
    const counted = await search("Observation?patient=anna&_summary=count");
    expect([counted.total, counted.entry]).toEqual([4, undefined]);
  });

  it("refuse a cursor of another order", async () => {
    const { link } = await search("Patient?_sort=family&_count=1");
    const cursor = new URL(link.find(({ relation }) => relation === "next")?.url ?? "").searchParams.get("_cursor");
    expect((await record.call("GET", `/fhir/Patient?_sort=birthdate&_cursor=${cursor}`)).status).toBe(400);
  });
});

describe("Prefer", () => {
  it("says what a write answers with", async () => {
    const write = async (preference: string): Promise<unknown> => {
      const response = await record.call("POST", "/fhir/Patient", { body: { resourceType: "Patient" }, headers: { Prefer: preference } });
      expect([response.status, response.headers.has("Location"), response.headers.get("ETag")]).toEqual([201, true, 'W/"1"']);
      const text = await response.text();
      return text === "" ? undefined : (JSON.parse(text) as Resource).resourceType;
    };
    expect(await write("return=minimal")).toBeUndefined();
    expect(await write("return=representation")).toBe("Patient");
    expect(await write("return=OperationOutcome")).toBe("OperationOutcome");
    expect(await write("handling=strict; return=minimal")).toBeUndefined();
  });

  it("says whether what is unknown is refused", async () => {
    const ask = async (preference: string) =>
      (await record.call("GET", "/fhir/Patient?nonsense=1", { headers: { Prefer: preference } })).status;
    expect([await ask("handling=strict"), await ask("handling=lenient"), await ask("")]).toEqual([400, 200, 200]);
  });
});

describe("a condition", () => {
  const conditional = (condition: string): Promise<Response> =>
    record.call("POST", "/fhir/Patient", { body: { resourceType: "Patient" }, headers: { "If-None-Exist": condition } });

  it("of a create finds what is there, makes it where nothing is, and is refused where it is none or fits several", async () => {
    expect(((await (await conditional("identifier=urn:test:id|1")).json()) as Resource).id).toBe("anna");
    expect((await conditional("_tag=nobody-has-this")).status).toBe(201);
    expect((await conditional("family:contains=be")).status).toBe(412);
    expect((await conditional("")).status).toBe(400);
    expect((await conditional("nonsense=1")).status).toBe(400);
  });
});
