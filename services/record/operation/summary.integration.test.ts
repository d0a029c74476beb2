import { describe, expect, it } from "vitest";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { useTestRecord } from "../testing/record.ts";
import { summaryLimits } from "./summary.ts";

interface Section {
  title: string;
  code: { coding: { code: string }[] };
  text: { div: string };
  entry?: { reference: string }[];
  emptyReason?: object;
}
interface Document {
  resourceType: string;
  type: string;
  entry: { fullUrl: string; resource: AnyResource & { section?: Section[] } }[];
}

const { postgres, issuer, record } = await useTestRecord();

async function create(resource: object | string): Promise<string> {
  const body = typeof resource === "string" ? resource : JSON.stringify(resource);
  const { resourceType } = JSON.parse(body) as { resourceType: string };
  const response = await record.call("POST", `/fhir/${resourceType}`, { body });
  expect(response.status, await response.clone().text()).toBe(201);
  return `${resourceType}/${((await response.json()) as { id: string }).id}`;
}

const patient = () =>
  create({ resourceType: "Patient", name: [{ family: "Test-Weber", given: ["Anna"] }], gender: "female", birthDate: "1980-02-03" });

async function summarised(who: string, headers: Record<string, string> = {}, method = "GET", body?: unknown) {
  const response = await record.call(method, `/fhir/${who}/$summary`, { headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const document = JSON.parse(text) as Document;
  const sections = document.entry[0]?.resource.section ?? [];
  const references = (code: string) => {
    const found = sections.find((each) => each.code.coding[0]?.code === code);
    return found?.entry?.map(({ reference }) => reference.slice("https://dsp.test/fhir/".length));
  };
  const names = document.entry.map(({ fullUrl }) => fullUrl.replace("https://dsp.test/fhir/", ""));
  return { response, text, document, sections, references, names };
}

async function refusal(answer: Response | Promise<Response>): Promise<[number, string | undefined]> {
  const response = await answer;
  const { issue } = (await response.json()) as { issue: { code: string }[] };
  return [response.status, issue[0]?.code];
}

/** A patient with something in most sections. */
async function filledRecord() {
  const who = await patient();
  const [subject, status] = [{ reference: who }, "completed"];
  const practitioner = await create({ resourceType: "Practitioner", name: [{ family: "Test-Doctor" }] });
  const ward = await create({ resourceType: "Organization", name: "Test-Ward" });
  const role = await create({
    resourceType: "PractitionerRole",
    practitioner: { reference: practitioner },
    organization: { reference: ward },
  });
  const clinical = (code: string) => ({ coding: [{ system: "http://terminology.hl7.org/CodeSystem/condition-clinical", code }] });
  const problem = await create({
    ...{
      resourceType: "Condition",
      subject,
      code: { text: "Test-Asthma" },
      clinicalStatus: clinical("active"),
      recorder: { reference: role },
    },
  });
  const past = await create({ resourceType: "Condition", subject, code: { text: "Test-Measles" }, clinicalStatus: clinical("resolved") });
  await create({
    ...{ resourceType: "Condition", subject, code: { text: "Test-Mistake" } },
    verificationStatus: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/condition-ver-status", code: "entered-in-error" }] },
  });
  const vaccination = await create({
    ...{ resourceType: "Immunization", patient: subject, status, vaccineCode: { text: "Test-Tetanus" }, occurrenceDateTime: "2020-01-02" },
  });
  const category = [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "laboratory" }] }];
  const value = await create(
    JSON.stringify({ resourceType: "Observation", status: "final", subject, category, code: { text: "Test-CRP" } }).replace(
      /\}$/,
      ',"valueQuantity":{"value":1.50,"unit":"mg/L"}}',
    ),
  );
  return { who, practitioner, ward, role, problem, past, vaccination, value };
}

describe("$summary", () => {
  it("is a valid document of the record, with whom it refers to, decimals as written, and audited once", async () => {
    const { who, practitioner, ward, role, problem, past, vaccination, value } = await filledRecord();
    const { response, text, document, references, names } = await summarised(who, { "X-Request-Id": `summary-${who.slice(8)}` });
    expect([response.headers.get("Content-Type"), response.headers.get("DSP-Served-By"), response.headers.get("Content-Language")]).toEqual(
      ["application/fhir+json; charset=utf-8", "primary", "en"],
    );
    validate(record.deps.catalogue.definitions, document as unknown as AnyResource);
    expect(references("11450-4")).toEqual([problem]);
    expect(references("11348-0")).toEqual([past]);
    expect(references("11369-6")).toEqual([vaccination]);
    expect(references("30954-2")).toEqual([value]);
    expect(names.slice(1, -1)).toEqual([who, problem, vaccination, value, past, role, practitioner, ward]);
    expect(text).toContain('"value":1.50');
    expect(text).toContain(await (await record.call("GET", `/fhir/${value}`)).text());
    expect(text).not.toContain("Test-Mistake");
    const rows = await postgres.query<{ interaction: string; outcome: string; patient_id: string; resource_type: string }>(
      postgres.at(0),
      "SELECT interaction, outcome, patient_id, resource_type FROM record.audit_event WHERE request_id = $1",
      [`summary-${who.slice(8)}`],
    );
    expect(rows).toEqual([{ interaction: "operation", outcome: "0", patient_id: who.slice(8), resource_type: "Patient" }]);
  });

  it("is in the language asked for, by GET and by POST, with parameters or without", async () => {
    const who = await patient();
    const french = await summarised(who, { "Accept-Language": "fr-LU, de;q=0.5" });
    expect([french.response.headers.get("Content-Language"), french.response.headers.get("Vary")]).toEqual(["fr", "Accept-Language"]);
    expect(french.sections.map(({ title }) => title)).toEqual(["Liste des problèmes", "Allergies et intolérances", "Médicaments"]);
    expect((await summarised(who, { "Accept-Language": "de" }, "POST")).sections[0]?.title).toBe("Problemliste");
    const profile = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips";
    const parameters = (valueUri: string) => ({ resourceType: "Parameters", parameter: [{ name: "profile", valueUri }] });
    expect((await summarised(who, {}, "POST", parameters(profile))).document.type).toBe("document");
    const other = record.call("POST", `/fhir/${who}/$summary`, { body: parameters("urn:other") });
    expect(await refusal(other)).toEqual([400, "not-supported"]);
    expect(await refusal(record.call("GET", `/fhir/${who}/$summary?graph=urn:other`))).toEqual([400, "not-supported"]);
    expect(await refusal(record.call("POST", `/fhir/${who}/$summary`, { body: { resourceType: "Patient" } }))).toEqual([400, "invalid"]);
  });

  it("is nobody else's, and does not tell whom there is", async () => {
    const { who } = await filledRecord();
    const other = await patient();
    const token = (claims: object) => issuer.token({ sub: "p", role: "patient", scope: "patient/*.rs", ...claims });
    const own = { Authorization: `Bearer ${await token({ patient: who.slice(8) })}` };
    expect((await summarised(who, own)).references("11450-4")).toHaveLength(1);
    expect(await refusal(record.call("GET", `/fhir/${other}/$summary`, { headers: own }))).toEqual([404, "not-found"]);
    expect(await refusal(record.call("GET", "/fhir/Patient/nobody/$summary"))).toEqual([404, "not-found"]);
    expect(await refusal(record.call("GET", "/fhir/Patient/a_b/$summary"))).toEqual([400, "value"]);
    expect(await refusal(record.call("GET", `/fhir/${who}/$summary`, { headers: { Authorization: "" } }))).toEqual([401, "login"]);
    await record.call("DELETE", `/fhir/${other}`);
    expect(await refusal(record.call("GET", `/fhir/${other}/$summary`))).toEqual([410, "deleted"]);
    const rows = await postgres.query<{ outcome: string }>(
      postgres.at(0),
      "SELECT outcome FROM record.audit_event WHERE interaction = 'operation' AND subject = 'p' AND patient_id = $1",
      [other.slice(8)],
    );
    expect(rows.map(({ outcome }) => outcome)).toEqual(["8"]);
  });

  it("holds what the scopes allow, and says of the rest that nothing is known", async () => {
    const { who, practitioner, vaccination } = await filledRecord();
    const narrow = { Authorization: `Bearer ${await issuer.token({ scope: "user/Patient.r user/Immunization.r" })}` };
    const { names, sections, references } = await summarised(who, narrow);
    expect(names.slice(1, -1)).toEqual([who, vaccination]);
    expect(names).not.toContain(practitioner);
    expect(references("11369-6")).toEqual([vaccination]);
    expect(sections.filter(({ emptyReason }) => emptyReason !== undefined)).toHaveLength(3);
    const none = { Authorization: `Bearer ${await issuer.token({ scope: "user/Immunization.r" })}` };
    expect(await refusal(record.call("GET", `/fhir/${who}/$summary`, { headers: none }))).toEqual([403, "forbidden"]);
  });

  it("reads page after page up to its bounds, and says where a record has more", async () => {
    const who = await patient();
    const entry = Array.from({ length: 450 }, (_, number) => ({
      resource: {
        ...{ resourceType: "Procedure", status: "completed", subject: { reference: who }, code: { text: `Test-${number}` } },
        performedDateTime: `20${String(10 + (number % 15))}`,
      },
      request: { method: "POST", url: "Procedure" },
    }));
    const made = await record.call("POST", "/fhir", { body: { resourceType: "Bundle", type: "transaction", entry } });
    expect(made.status, await made.clone().text()).toBe(200);
    expect((await summarised(who)).references("47519-4")).toHaveLength(450);
    const { resourcesMax, contentMaxBytes } = summaryLimits;
    try {
      summaryLimits.resourcesMax = 449;
      expect(await refusal(record.call("GET", `/fhir/${who}/$summary`))).toEqual([413, "too-costly"]);
      summaryLimits.resourcesMax = resourcesMax;
      summaryLimits.contentMaxBytes = 10_000;
      expect(await refusal(record.call("GET", `/fhir/${who}/$summary`))).toEqual([413, "too-costly"]);
    } finally {
      Object.assign(summaryLimits, { resourcesMax, contentMaxBytes });
    }
  });

  it("is listed among what the server can do", async () => {
    const { rest } = (await (await record.call("GET", "/fhir/metadata")).json()) as {
      rest: { resource: { type: string; operation: { name: string; definition: string }[] }[] }[];
    };
    expect(rest[0]?.resource.find(({ type }) => type === "Patient")?.operation).toContainEqual({
      ...{ name: "summary", definition: "http://hl7.org/fhir/uv/ips/OperationDefinition/summary" },
    });
  });
});
