/** IHE MHD 4.2 from the Document Source's and the Document Consumer's side: https://profiles.ihe.net/ITI/MHD/ */
import { describe, expect, it } from "vitest";
import { useTestRecord } from "../testing/record.ts";

interface Attachment {
  url: string;
  contentType: string;
  data?: string;
  size?: number;
  hash?: string;
}
interface Document {
  resourceType: string;
  id: string;
  subject: { reference: string };
  content: { attachment: Attachment }[];
}
interface Bundle {
  type: string;
  entry?: { resource: Document; response: { status: string; location: string }; search?: { mode: string } }[];
}

const { postgres, issuer, record } = await useTestRecord();

const mhd = "https://profiles.ihe.net/ITI/MHD";
const uuid = () => `urn:uuid:${crypto.randomUUID()}`;
const coding = (code: string, system = "urn:test:codes") => ({ coding: [{ system, code }] });

async function create(resource: object): Promise<string> {
  const { resourceType } = resource as { resourceType: string };
  const response = await record.call("POST", `/fhir/${resourceType}`, { body: resource });
  expect(response.status, await response.clone().text()).toBe(201);
  return `${resourceType}/${((await response.json()) as { id: string }).id}`;
}

const patient = (value = crypto.randomUUID()) =>
  create({ resourceType: "Patient", name: [{ family: "Test-Weber" }], identifier: [{ system: "urn:test:person", value }] });

async function read(reference: string, headers: Record<string, string> = {}): Promise<Document> {
  return (await (await record.call("GET", `/fhir/${reference}`, { headers })).json()) as Document;
}

async function found(type: string, query: string, headers: Record<string, string> = {}): Promise<string[]> {
  const strict = { Prefer: "handling=strict", ...headers };
  const response = await record.call("GET", `/fhir/${type}?${query}`, { headers: strict });
  expect(response.status, `${query}: ${await response.clone().text()}`).toBe(200);
  const { entry = [] } = (await response.json()) as Bundle;
  return entry.filter(({ search }) => search?.mode === "match").map(({ resource }) => `${resource.resourceType}/${resource.id}`);
}

async function count(sql: string, values: unknown[]): Promise<number> {
  const [row] = await postgres.query<{ count: string }>(postgres.at(0), `SELECT count(*) FROM record.${sql}`, values);
  return Number(row?.count);
}

async function refusal(answer: Response | Promise<Response>): Promise<[number, string | undefined, string | undefined]> {
  const response = await answer;
  const { issue } = (await response.json()) as { issue: { code: string; expression?: string[] }[] };
  return [response.status, issue[0]?.code, issue[0]?.expression?.at(-1)];
}

async function patientHeaders(who: string): Promise<Record<string, string>> {
  const token = await issuer.token({ sub: `p-${who}`, role: "patient", scope: "patient/*.rs", patient: who.slice(8) });
  return { Authorization: `Bearer ${token}` };
}

/** A SubmissionSet or a Folder as a Document Source writes it. */
const list = (kind: "submissionset" | "folder", subject: string, items: string[], more: object = {}) => ({
  ...{ resourceType: "List", status: "current", mode: "working", subject: { reference: subject }, date: "2024-12-25T23:50:50-05:00" },
  code: coding(kind, `${mhd}/CodeSystem/MHDlistTypes`),
  identifier: [
    { use: "official", system: "urn:ietf:rfc:3986", value: uuid() },
    { use: "usual", system: "urn:ietf:rfc:3986", value: `urn:oid:2.25.${Date.now()}` },
  ],
  ...more,
  ...(items.length === 0 ? {} : { entry: items.map((reference) => ({ item: { reference } })) }),
});
const extensions = [
  { url: `${mhd}/StructureDefinition/ihe-sourceId`, valueIdentifier: { system: "urn:ietf:rfc:3986", value: "urn:oid:1.2.3.4" } },
  { url: `${mhd}/StructureDefinition/ihe-designationType`, valueCodeableConcept: coding("225728007", "http://snomed.info/sct") },
];

/** Provide Document Bundle: a document, its description, the SubmissionSet and a Folder; the Binary does not say whose it is. */
function provideBundle(subject: string, further: object[] = []) {
  const [document, binary, folder] = [uuid(), uuid(), uuid()];
  const bytes = "%PDF-1.4 synthetic\n";
  const post = (fullUrl: string, resource: { resourceType: string }) => ({
    ...{ fullUrl, resource, request: { method: "POST", url: resource.resourceType } },
  });
  return {
    resourceType: "Bundle",
    meta: { profile: [`${mhd}/StructureDefinition/IHE.MHD.Minimal.ProvideBundle`] },
    type: "transaction",
    entry: [
      post(uuid(), list("submissionset", subject, [document, folder], { extension: extensions })),
      post(document, {
        ...{ resourceType: "DocumentReference", status: "current" },
        ...{ masterIdentifier: { system: "urn:ietf:rfc:3986", value: uuid() }, subject: { reference: subject } },
        content: [{ attachment: { contentType: "application/pdf", url: binary, size: bytes.length } }],
      } as { resourceType: string }),
      post(binary, { resourceType: "Binary", contentType: "application/pdf", data: Buffer.from(bytes).toString("base64") } as {
        resourceType: string;
      }),
      post(folder, list("folder", subject, [document])),
      ...further,
    ],
  };
}

async function provide(bundle: object, headers: Record<string, string> = {}): Promise<{ response: Response; names: string[] }> {
  const response = await record.call("POST", "/fhir", { body: bundle, headers });
  expect(response.status, await response.clone().text()).toBe(200);
  const { type, entry = [] } = (await response.clone().json()) as Bundle;
  expect(type).toBe("transaction-response");
  return { response, names: entry.map((each) => /fhir\/(.*)\/_history/.exec(each.response.location)?.[1] ?? "") };
}

describe("Provide Document Bundle [ITI-65]", () => {
  it("keeps the set, once for its key; the document is the patient's and is retrieved by its full URL", async () => {
    const who = await patient();
    const bundle = provideBundle(who);
    const headers = { "Idempotency-Key": `iti-65-${who}` };
    const first = await provide(bundle, headers);
    const [set = "", document = "", binary = "", folder = ""] = first.names;
    expect(first.names.map((name) => name.split("/")[0])).toEqual(["List", "DocumentReference", "Binary", "List"]);
    const again = await provide(bundle, headers);
    expect([again.response.headers.get("DSP-Replayed"), again.names]).toEqual(["true", first.names]);
    expect(await read(document)).toMatchObject({ content: [{ attachment: { url: `https://dsp.test/fhir/${binary}` } }] });
    expect(await read(set)).toMatchObject({ entry: [{ item: { reference: document } }, { item: { reference: folder } }] });
    expect(await read(binary, { Accept: "application/fhir+json" })).toMatchObject({ securityContext: { reference: who } });
    const own = await patientHeaders(who);
    const pdf = await record.call("GET", `/fhir/${binary}`, { headers: { ...own, Accept: "application/pdf" } });
    expect([pdf.status, await pdf.text()]).toEqual([200, "%PDF-1.4 synthetic\n"]);
    const stranger = await patientHeaders(await patient());
    expect((await record.call("GET", `/fhir/${binary}`, { headers: { ...stranger, Accept: "application/pdf" } })).status).toBe(404);
  });

  it("takes a patient within the Bundle, and one by this server's full address", async () => {
    const fullUrl = uuid();
    const resource = { resourceType: "Patient", name: [{ family: "Test-Carried" }] };
    const { names } = await provide(provideBundle(fullUrl, [{ fullUrl, resource, request: { method: "POST", url: "Patient" } }]));
    const [, document = "", binary = "", , who = ""] = names;
    expect(await read(document)).toMatchObject({ subject: { reference: who } });
    expect(await read(binary, { Accept: "application/fhir+json" })).toMatchObject({ securityContext: { reference: who } });
    const known = await patient();
    const [, second = ""] = (await provide(provideBundle(`https://dsp.test/fhir/${known}`))).names;
    expect(await read(second)).toMatchObject({ subject: { reference: known } });
    expect(await found("DocumentReference", `patient=${known}&status=current`)).toEqual([second]);
  });

  it("replaces a document: the old one is superseded in the same transaction", async () => {
    const who = await patient();
    const [, old = ""] = (await provide(provideBundle(who))).names;
    const superseded = { ...(await read(old)), status: "superseded", meta: undefined };
    const { names } = await provide(provideBundle(who, [{ fullUrl: uuid(), resource: superseded, request: { method: "PUT", url: old } }]));
    expect(await found("DocumentReference", `patient=${who}&status=current`)).toEqual([names[1]]);
    expect(await found("DocumentReference", `patient=${who}&status=superseded`)).toEqual([old]);
  });
});

const hello = { contentType: "text/plain", data: "SGVsbG8gV29ybGQ=" };
const publication = (who: string, attachment: object = hello, more: object = {}) => ({
  ...{ resourceType: "DocumentReference", status: "current", subject: { reference: who }, content: [{ attachment }] },
  masterIdentifier: { system: "urn:ietf:rfc:3986", value: uuid() },
  ...more,
});

describe("Simplified Publish [ITI-105]", () => {
  it("keeps the document as a Binary of the patient's and makes its SubmissionSet, all once for the key", async () => {
    const who = await patient();
    const body = publication(who, hello, { type: coding("34133-9", "http://loinc.org") });
    const headers = { "Idempotency-Key": `iti-105-${who}`, "X-Request-Id": `iti-105-${who.slice(8)}` };
    const response = await record.call("POST", "/fhir/DocumentReference", { body, headers });
    expect(response.status, await response.clone().text()).toBe(201);
    const made = (await response.json()) as Document;
    const { attachment } = made.content[0] ?? { attachment: { url: "", contentType: "" } };
    expect(response.headers.get("Location")).toBe(`https://dsp.test/fhir/DocumentReference/${made.id}/_history/1`);
    expect(attachment).toEqual({
      ...{ contentType: "text/plain", size: 11, hash: "Ck1VqNd45QIvq3AZd8XYQLvEhtA=" },
      url: expect.stringMatching(/^https:\/\/dsp\.test\/fhir\/Binary\/[0-9a-f-]{36}$/),
    });
    const binary = attachment.url.slice("https://dsp.test/fhir/".length);
    const retrieved = await record.call("GET", `/fhir/${binary}`, { headers: { ...(await patientHeaders(who)), Accept: "text/plain" } });
    expect([retrieved.status, retrieved.headers.get("Content-Type"), await retrieved.text()]).toEqual([200, "text/plain", "Hello World"]);
    const sets = await found("List", `patient=${who}&code=submissionset&status=current&designationType=http://loinc.org|34133-9`);
    expect(sets).toHaveLength(1);
    expect(await read(sets[0] ?? "")).toMatchObject({ entry: [{ item: { reference: `DocumentReference/${made.id}` } }] });
    expect(await found("List", `patient=${who}&sourceId=https://identity.test|test-client`)).toEqual(sets);

    const again = await record.call("POST", "/fhir/DocumentReference", { body, headers });
    expect([again.status, again.headers.get("DSP-Replayed"), await again.json()]).toEqual([201, "true", made]);
    for (const [type, expected] of Object.entries({ DocumentReference: 1, Binary: 1, List: 1 })) {
      expect(await count("resource WHERE type = $1 AND $2 = ANY (patient_ids)", [type, who.slice(8)]), type).toBe(expected);
    }
    expect(
      await count("audit_event WHERE request_id = $1 AND interaction = 'create' AND patient_id = $2", [
        headers["X-Request-Id"],
        who.slice(8),
      ]),
    ).toBe(3);
    const other = record.call("POST", "/fhir/DocumentReference", { body: { ...body, description: "Test" }, headers });
    expect((await refusal(other)).slice(0, 2)).toEqual([422, "duplicate"]);
  });

  it("makes one of many at the same moment, and none beside one that meets the condition", async () => {
    const who = await patient();
    const body = publication(who);
    const publish = (headers: Record<string, string>) => record.call("POST", "/fhir/DocumentReference", { body, headers });
    const tries = await Promise.all(Array.from({ length: 8 }, () => publish({ "Idempotency-Key": `race-${who}` })));
    expect(new Set(await Promise.all(tries.map(async (each) => ((await each.json()) as Document).id))).size).toBe(1);
    const condition = { "If-None-Exist": `identifier=urn:ietf:rfc:3986|${body.masterIdentifier.value}` };
    expect((await publish(condition)).status).toBe(200);
    expect(await count("resource WHERE $1 = ANY (patient_ids) AND type <> 'Patient'", [who.slice(8)])).toBe(3);
  });

  it("does the same for an entry of a batch, and leaves a DocumentReference without data as it was sent", async () => {
    const who = await patient();
    const elsewhere = publication(who, { contentType: "text/plain", url: "https://other.test/doc" });
    const entry = [publication(who), elsewhere].map((resource) => ({ resource, request: { method: "POST", url: "DocumentReference" } }));
    const response = await record.call("POST", "/fhir", { body: { resourceType: "Bundle", type: "batch", entry } });
    const answer = (await response.json()) as Bundle;
    expect(answer.entry?.map((each) => each.response.status)).toEqual(["201", "201"]);
    expect(answer.entry?.[0]?.resource.content[0]?.attachment.url).toContain("/Binary/");
    expect(answer.entry?.[1]?.resource.content).toEqual(elsewhere.content);
    expect(await count("resource WHERE $1 = ANY (patient_ids) AND type = 'List'", [who.slice(8)])).toBe(1);
  });

  it("refuses what it cannot keep, and keeps nothing of it", async () => {
    const who = await patient();
    const publish = (body: object, headers: Record<string, string> = {}) =>
      refusal(record.call("POST", "/fhir/DocumentReference", { body, headers }));
    const at = (element: string) => `DocumentReference.content[0].attachment.${element}`;
    expect(await publish(publication(who, { data: hello.data }))).toEqual([400, "required", at("contentType")]);
    expect(await publish(publication(who, { ...hello, data: "no base64!" }))).toEqual([400, "structure", at("data")]);
    expect(await publish(publication(who, { ...hello, data: "SGVsbG8=SGVs" }))).toEqual([400, expect.any(String), at("data")]);
    expect(await publish(publication(who, { ...hello, hash: "AAAA" }))).toEqual([400, "value", at("hash")]);
    expect(await publish(publication("Group/1"))).toEqual([400, "required", "DocumentReference.subject"]);
    expect(await publish({ ...publication(who), status: "nonsense" })).toEqual([400, "code-invalid", "DocumentReference.status"]);
    const large = "QUFB".repeat(record.deps.settings.bodyMaxBytes / 4);
    expect((await publish(publication(who, { ...hello, data: large }))).slice(0, 2)).toEqual([413, "too-long"]);
    const token = await issuer.token({ sub: "writer", role: "patient", scope: "patient/*.cruds", patient: who.slice(8) });
    const own = { Authorization: `Bearer ${token}` };
    expect((await publish(publication(await patient()), own)).slice(0, 2)).toEqual([403, "forbidden"]);
    expect((await record.call("POST", "/fhir/DocumentReference", { body: publication(who), headers: own })).status).toBe(201);
    expect(await count("resource WHERE $1 = ANY (patient_ids) AND type <> 'Patient'", [who.slice(8)])).toBe(3);
    expect(await count("audit_event WHERE subject = 'writer' AND outcome = '8' AND resource_type = 'DocumentReference'", [])).toBe(1);
  });
});

describe("Find Document References [ITI-67]", () => {
  it("finds by each parameter of the transaction", async () => {
    const person = crypto.randomUUID();
    const who = await patient(person);
    const doctor = await create({ resourceType: "Practitioner", name: [{ family: `Test-Meyer`, given: ["Zoé"] }] });
    const full = await create({
      ...publication(who, { contentType: "text/plain", url: "https://other.test/doc", creation: "2024-03-04T05:06:07Z" }),
      ...{ identifier: [{ system: "urn:test:doc", value: person }], date: "2024-03-05T00:00:00Z", author: [{ reference: doctor }] },
      ...{ type: coding("type"), category: [coding("category")], securityLabel: [coding("R")] },
      context: {
        ...{ event: [coding("event")], facilityType: coding("facility"), practiceSetting: coding("setting") },
        period: { start: "2024-02-01", end: "2024-02-10" },
        related: [{ identifier: { system: "urn:test:case", value: "case-1" } }, { reference: "Encounter/e1" }],
      },
      content: [
        {
          attachment: { contentType: "text/plain", creation: "2024-03-04T05:06:07Z" },
          format: { system: "urn:test:codes", code: "format" },
        },
      ],
    });
    const other = await create(publication(who, { contentType: "text/plain", creation: "2020" }));
    const self = await create(publication(who, { contentType: "text/plain" }, { author: [{ reference: who }] }));
    const contained = await create({
      ...publication(who, { contentType: "text/plain" }),
      contained: [
        { resourceType: "Practitioner", id: "a", name: [{ family: "Test-Contained", given: ["Ida"] }] },
        { resourceType: "Patient", id: "s", name: [{ family: "Test-Source" }] },
      ],
      ...{ author: [{ reference: "#a" }], context: { sourcePatientInfo: { reference: "#s" } } },
    });
    const cases: [string, string[]][] = [
      ["status=current", [full, other, self, contained]],
      ["status=superseded", []],
      [`identifier=urn:test:doc|${person}`, [full]],
      ["date=2024-03-05", [full]],
      ["creation=2024-03-04", [full]],
      ["creation=ge2024-01-01&creation=lt2025-01-01", [full]],
      ["creation=lt2021", [other]],
      ["author.family=Test-Meyer", [full]],
      ["author.given=zoe&author.family=test-meyer", [full]],
      ["author.family=Test-Weber", [self]],
      ["author.family=Test-Contained&author.given=Ida", [contained]],
      ["author.family=Test-Source", []],
      ["author:Practitioner.family=Test-Meyer", [full]],
      ["category=urn:test:codes|category", [full]],
      ["type=type", [full]],
      ["setting=setting", [full]],
      ["facility=facility", [full]],
      ["event=event", [full]],
      ["security-label=R", [full]],
      ["format=urn:test:codes|format", [full]],
      ["period=ge2024-02-05&period=lt2024-03-01", [full]],
      ["period=ge2024-02-11", []],
      ["related:identifier=urn:test:case|case-1", [full]],
      ["related=Encounter/e1", [full]],
    ];
    for (const [query, expected] of cases) {
      expect(await found("DocumentReference", `patient=${who}&${query}`), query).toEqual(expected);
    }
    expect(await found("DocumentReference", `patient.identifier=urn:test:person|${person}&status=current`)).toHaveLength(4);
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    const posted = await record.call("POST", "/fhir/DocumentReference/_search", {
      body: `patient=${who}&creation=2024-03-04`,
      headers: form,
    });
    expect(((await posted.json()) as Bundle).entry?.map(({ resource }) => resource.id)).toEqual([full.split("/")[1]]);
    const narrow = { Authorization: `Bearer ${await issuer.token({ scope: "user/DocumentReference.rs user/Practitioner.rs" })}` };
    expect((await record.call("GET", `/fhir/DocumentReference?author.family=a`, { headers: narrow })).status).toBe(403);
    expect(await found("DocumentReference", `patient=${who}&author:Practitioner.family=Test-Meyer`, narrow)).toEqual([full]);
  });
});

describe("Find Document Lists [ITI-66]", () => {
  it("finds SubmissionSets and Folders by each parameter of the transaction", async () => {
    const person = crypto.randomUUID();
    const who = await patient(person);
    const doctor = await create({ resourceType: "Practitioner", name: [{ family: "Test-Sender", given: ["Ugo"] }] });
    const set = await create(list("submissionset", who, [], { extension: extensions, source: { reference: doctor } }));
    const folder = await create(list("folder", who, [], { extension: extensions.slice(1), date: "2020-01-01" }));
    const cases: [string, string[]][] = [
      ["code=submissionset&status=current", [set]],
      [`code=${mhd}/CodeSystem/MHDlistTypes|folder&status=current`, [folder]],
      ["designationType=http://snomed.info/sct|225728007", [set, folder]],
      ["designationType=225728007&code=folder", [folder]],
      ["sourceId=urn:ietf:rfc:3986|urn:oid:1.2.3.4", [set]],
      ["sourceId=urn:oid:9.9", []],
      ["source.family=Test-Sender&source.given=Ugo", [set]],
      ["date=ge2024-12-01", [set]],
    ];
    for (const [query, expected] of cases) expect(await found("List", `patient=${who}&${query}`), query).toEqual(expected);
    expect(await found("List", `patient.identifier=urn:test:person|${person}&code=folder&status=current`)).toEqual([folder]);
    const { identifier } = (await read(set)) as unknown as { identifier: { value: string }[] };
    expect(await found("List", `identifier=urn:ietf:rfc:3986|${identifier[0]?.value}`)).toEqual([set]);
  });
});

describe("Retrieve Document [ITI-68]", () => {
  it("gives the bytes in the type they are of, and 406 where another is asked for", async () => {
    const who = await patient();
    const body = publication(who, { contentType: "application/pdf", data: Buffer.from("%PDF-synthetic").toString("base64") });
    const made = (await (await record.call("POST", "/fhir/DocumentReference", { body })).json()) as Document;
    const path = new URL(made.content[0]?.attachment.url ?? "").pathname;
    for (const accept of ["application/pdf", "*/*", "text/html, application/*;q=0.2"]) {
      const answer = await record.call("GET", path, { headers: { Accept: accept } });
      expect([answer.status, answer.headers.get("Content-Type"), await answer.text()]).toEqual([200, "application/pdf", "%PDF-synthetic"]);
    }
    const wrong = await record.call("GET", path, { headers: { Accept: "text/plain" } });
    expect((await refusal(wrong)).slice(0, 2)).toEqual([406, "not-supported"]);
    expect((await record.call("GET", `${path}?_format=application/pdf`, { headers: { Accept: "text/plain" } })).status).toBe(200);
    expect((await refusal(record.call("GET", "/fhir/Binary/nowhere"))).slice(0, 2)).toEqual([404, "not-found"]);
    await record.call("DELETE", path);
    expect((await refusal(record.call("GET", path))).slice(0, 2)).toEqual([410, "deleted"]);
  });
});

describe("the capability statement", () => {
  it("lists MHD's search parameters, and claims no actor, since these must read and write XML too", async () => {
    const statement = (await (await record.call("GET", "/fhir/metadata")).json()) as {
      instantiates?: unknown;
      implementationGuide?: unknown;
      rest: { documentation: string; resource: { type: string; searchParam: { name: string; definition: string }[] }[] }[];
    };
    expect([statement.instantiates, statement.implementationGuide]).toEqual([undefined, undefined]);
    expect(statement.rest[0]?.documentation).toContain("ITI-105");
    const definitions = statement.rest[0]?.resource.flatMap(({ searchParam }) => searchParam.map(({ definition }) => definition));
    for (const name of ["DocumentReference-Creation", "List-DesignationType", "List-SourceId"]) {
      expect(definitions).toContain(`${mhd}/SearchParameter/${name}`);
    }
  });
});
