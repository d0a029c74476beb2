import { beforeAll, describe, expect, it } from "vitest";
import { seed } from "./seed.ts";
import { useTestRecord } from "./testing/record.ts";

const { postgres, issuer, record } = await useTestRecord();

type Headers = Record<string, string>;
interface Bundle {
  entry?: { resource: { resourceType: string; id: string; status?: string; text?: { div: string }; [element: string]: unknown } }[];
}

const as = async (claims: Record<string, unknown>): Promise<Headers> => ({ Authorization: `Bearer ${await issuer.token(claims)}` });
const patient = (login: string, id = `demo-${login}`): Promise<Headers> =>
  as({ sub: login, role: "patient", scope: "patient/*.cruds", patient: id, fhirUser: `Patient/demo-${login}` });
const professional = (login: string, profession: string, organization: string): Promise<Headers> =>
  as({ sub: login, role: "practitioner", scope: "user/*.cruds", fhirUser: `Practitioner/demo-${login}`, profession, organization });

async function ids(path: string, headers: Headers): Promise<string[]> {
  const response = await record.call("GET", path, { headers });
  expect(response.status, path).toBe(200);
  return (((await response.json()) as Bundle).entry ?? []).map(({ resource }) => resource.id).toSorted();
}

const documentsOfMarie = ["demo-marie-discharge", "demo-marie-knee", "demo-marie-own", "demo-marie-talk"];
const documents = "/fhir/DocumentReference?patient=demo-marie";

beforeAll(async () => {
  await seed(record.deps);
}, 60_000);

describe("the stories", () => {
  it("Marie sees her whole record, and her summary has what matters", async () => {
    const headers = { ...(await patient("marie")), "Accept-Language": "fr" };
    expect(await ids(documents, headers)).toEqual(documentsOfMarie);
    expect(await ids("/fhir/DiagnosticReport?patient=demo-marie", headers)).toHaveLength(5);
    const response = await record.call("GET", "/fhir/Patient/demo-marie/$summary", { headers });
    const summary = await response.text();
    for (const words of ["Pénicilline", "Metformine", "Diabète de type 2", "Pneumocoques"]) expect(summary).toContain(words);
  });

  it("the note of the talk is hidden from her practice, the pharmacist sees the laboratory until she ends it, her daughter all that is restricted", async () => {
    const hoffmann = await professional("hoffmann", "physician", "demo-practice");
    expect(await ids(documents, hoffmann)).toEqual(documentsOfMarie.filter((id) => id !== "demo-marie-talk"));
    const faber = await professional("faber", "pharmacist", "demo-pharmacy");
    expect(await ids("/fhir/DiagnosticReport?patient=demo-marie", faber)).toHaveLength(5);
    const emma = await patient("emma", "demo-marie");
    expect(await ids(documents, emma)).toEqual(documentsOfMarie);
  });

  it("a mother sees her child's record, and what is secret only its owner sees", async () => {
    expect(await ids("/fhir/Immunization?patient=demo-noah", await patient("emma", "demo-noah"))).toHaveLength(3);
    const secret = "/fhir/DocumentReference?patient=demo-emma";
    expect(await ids(secret, await patient("emma"))).toEqual(["demo-emma-secret"]);
    expect(await ids(secret, await professional("hoffmann", "physician", "demo-practice"))).toEqual([]);
  });

  it("the emergency stands in the access log with its reason, the patient and the general practitioner are told, a review waits, once", async () => {
    await seed(record.deps);
    const marie = { ...(await patient("marie")), "Accept-Language": "fr" };
    const response = await record.call("GET", "/fhir/AuditEvent?patient=demo-marie&_count=200", { headers: marie });
    const { entry = [] } = (await response.json()) as Bundle;
    const sentences = entry.map(({ resource }) => resource.text?.div ?? JSON.stringify(resource));
    expect(sentences.filter((sentence) => sentence.includes("en urgence") && sentence.includes("inconsciente"))).toHaveLength(1);
    expect(sentences.filter((sentence) => /Paul Test-Lentz.* a lu /.test(sentence))).toHaveLength(3);
    expect(sentences.filter((sentence) => /Claire Test-Hoffmann.* a lu /.test(sentence))).toHaveLength(2);
    expect(await ids("/fhir/Task?patient=demo-marie", marie)).toHaveLength(1);
    const told = "/fhir/Communication?category=urn:dsp:notice%7Cbreak-glass";
    expect(await ids(told, await professional("hoffmann", "physician", "demo-practice"))).toHaveLength(1);
    // Open to the hospital for a while, and only to the one who gave the reason.
    expect(await ids(documents, await professional("lentz", "physician", "demo-hospital"))).toEqual(documentsOfMarie);
    expect(await ids(documents, await professional("other", "physician", "demo-hospital"))).not.toContain("demo-marie-talk");
    const rows = await postgres.query(postgres.at(0), "SELECT FROM record.audit_event WHERE content LIKE '%ETREAT%'");
    expect(rows).toHaveLength(1);
  });

  it("Lucas has objected to emergencies", async () => {
    const headers = await professional("lentz", "physician", "demo-hospital");
    const body = { resourceType: "Parameters", parameter: [{ name: "reason", valueString: "Test: an emergency" }] };
    expect((await record.call("POST", "/fhir/Patient/demo-lucas/$break-glass", { headers, body })).status).toBe(403);
  });

  it("the practice has visits today", async () => {
    const day = new Date().toISOString().slice(0, 10);
    const path = `/fhir/Encounter?service-provider=Organization/demo-practice&date=ge${day}&date=lt${day}T23:59:59Z`;
    expect(await ids(path, await professional("hoffmann", "physician", "demo-practice"))).toEqual([1, 2, 3].map((n) => `demo-agenda-${n}`));
  });
});
