/** Whether anything tells that something is hidden: each answer about a record with hidden parts must be the one about a record without them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import { TestIssuer } from "../../lib/testing/tokens.ts";
import { startTestRecord, type TestRecord } from "../testing/record.ts";

let postgres: TestPostgres;
let issuer: TestIssuer;
let record: TestRecord;
let physician: Record<string, string>;
/** Histories as a physician sees them, before there is anything hidden and after. */
let before: Answer[] = [];
let after: Answer[] = [];

/** Names of the same length: one record with hidden parts, one that never had them. */
const [hiding, plain] = ["leak-a", "leak-b"];

const secret = {
  security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "V" }],
  tag: [{ system: "urn:test:tag", code: "hidden" }],
  profile: ["urn:test:profile-hidden|1"],
  source: "urn:test:source-hidden",
};
const coded = (code: string) => ({ coding: [{ system: "http://loinc.org", code }] });
const vital = [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs" }] }];
const observation = (owner: string, code: string, more: object = {}) => ({
  ...{ resourceType: "Observation", status: "final", category: vital, code: coded(code), subject: { reference: `Patient/${owner}` } },
  ...{ effectiveDateTime: "2026-01-02T03:04:05Z", ...more },
});

async function put(id: string, resource: object): Promise<void> {
  const { resourceType } = resource as { resourceType: string };
  const response = await record.call("PUT", `/fhir/${resourceType}/${id}`, { body: { id, ...resource } });
  expect(response.status, await response.clone().text()).toBe(201);
}

/** What both records have. */
async function visible(owner: string): Promise<void> {
  await put(owner, { resourceType: "Patient", name: [{ family: "Test-Leak" }] });
  for (const number of [1, 2, 3]) await put(`${owner}-seen-${number}`, observation(owner, "8867-4"));
  await put(`${owner}-doc`, {
    ...{ resourceType: "DocumentReference", status: "current", type: coded("34133-9"), subject: { reference: `Patient/${owner}` } },
    content: [{ attachment: { contentType: "text/plain", url: `Binary/${owner}-doc-bin` } }],
  });
  await put(`${owner}-was`, observation(owner, "8867-4"));
  await remove(`Observation/${owner}-was`);
  await put(`${owner}-delegation`, {
    ...consent(owner),
    provision: {
      ...{ type: "permit", actor: [{ role: coded("x"), reference: { reference: "RelatedPerson/leak-delegate" } }] },
      class: ["administrative", "vital-signs"].map((code) => ({ system: "urn:dsp:document-type", code })),
    },
  });
}

async function remove(path: string): Promise<void> {
  expect((await record.call("DELETE", `/fhir/${path}`)).status).toBe(204);
}

const consent = (owner: string) => ({
  ...{ resourceType: "Consent", status: "active", scope: coded("x"), category: [coded("59284-0")], policyRule: coded("x") },
  patient: { reference: `Patient/${owner}` },
});

/** What only one has: secret by its label, hidden by the patient's denial of a document type, and what hangs on them. */
async function hidden(owner: string): Promise<void> {
  const subject = { reference: `Patient/${owner}` };
  await put(`${owner}-secret`, observation(owner, "hidden", { meta: secret, valueQuantity: { value: 140 } }));
  const depression = { coding: [{ system: "http://hl7.org/fhir/sid/icd-10", code: "F32.1" }] };
  await put(`${owner}-denied`, { resourceType: "Condition", code: depression, subject });
  await put(`${owner}-bin`, { resourceType: "Binary", contentType: "text/plain", data: "c2VjcmV0", securityContext: subject });
  await put(`${owner}-hdoc`, {
    ...{ resourceType: "DocumentReference", status: "current", type: coded("34133-9"), subject, meta: secret },
    content: [{ attachment: { contentType: "text/plain", url: `Binary/${owner}-bin` } }],
  });
  await put(`${owner}-prov`, {
    ...{ resourceType: "Provenance", target: [{ reference: `Observation/${owner}-secret` }], recorded: "2026-01-02T03:04:05Z" },
    agent: [{ who: { display: "Test" } }],
  });
  const [seen, unseen] = [{ reference: `Observation/${owner}-seen-1` }, { reference: `https://dsp.test/fhir/Observation/${owner}-secret` }];
  const report = (result: object[]) => ({ resourceType: "DiagnosticReport", status: "final", code: coded("11502-2"), subject, result });
  await put(`${owner}-report`, report([seen, unseen]));
  await put(`${owner}-panel`, observation(owner, "panel", { hasMember: [unseen] }));
  await put(`${owner}-panel-report`, report([{ reference: `Observation/${owner}-panel` }]));
  await put(`${owner}-denied-list`, {
    ...{ resourceType: "List", status: "current", mode: "working", subject },
    entry: [{ item: seen }, { item: { reference: `Condition/${owner}-denied` } }],
  });
  await put(`${owner}-letter`, {
    ...{ resourceType: "Composition", status: "final", type: coded("34133-9"), date: "2026-01-02", author: [{ display: "Test" }] },
    ...{ title: "Test-Letter", subject, section: [{ title: "t", section: [{ title: "t", entry: [unseen] }] }] },
  });
  await put(`${owner}-consent`, {
    ...consent(owner),
    provision: { type: "deny", class: [{ system: "urn:dsp:document-type", code: "mental-health" }] },
  });
  await put(`${owner}-gone`, observation(owner, "hidden", { meta: secret }));
  await remove(`Observation/${owner}-gone`);
}

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  record = await startTestRecord({ postgres, issuer });
  const claims = { sub: "doctor", role: "practitioner", profession: "physician", fhirUser: "Practitioner/doctor", scope: "user/*.cruds" };
  physician = { Authorization: `Bearer ${await issuer.token(claims)}` };
  for (const owner of [hiding, plain]) await visible(owner);
  before = await Promise.all(histories.map((path) => answer({ path: `/fhir/${path}` })));
  await hidden(hiding);
  after = await Promise.all(histories.map((path) => answer({ path: `/fhir/${path}` })));
}, 60_000);

afterAll(async () => {
  record?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

interface Asked {
  method?: string;
  path: string;
  body?: object;
  headers?: Record<string, string>;
}

interface Answer {
  status: number;
  headers: object;
  text: string;
}

/** An answer without what differs between any two records: names, instants, ids that the server makes. */
async function answer({ method = "GET", path, body, headers }: Asked): Promise<Answer> {
  const response = await record.call(method, path, { ...(body ? { body } : {}), headers: { ...physician, ...headers } });
  const neutral = (text: string): string =>
    text
      .replace(/leak-[ab]/g, "leak-x")
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>")
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<instant>")
      .replace(/_cursor=[\w%-]+/g, "_cursor=<cursor>")
      .replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, "<instant>");
  const told = [...response.headers].map(([name, value]) => [name, neutral(value)]).filter(([name]) => name !== "x-request-id");
  return { status: response.status, headers: Object.fromEntries(told), text: neutral(await response.text()) };
}

async function next(path: string, headers = physician): Promise<string> {
  const bundle = (await (await record.call("GET", path, { headers })).json()) as { link: { relation: string; url: string }[] };
  return bundle.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test", "") ?? "/fhir/no-next-page";
}

/** All that there is or was of a type, or of any: asked of every record at once. */
const histories = [
  ...[
    "Observation",
    "Condition",
    "Consent",
    "DocumentReference",
    "Provenance",
    "Binary",
    "Patient",
    "DiagnosticReport",
    "Composition",
    "List",
  ].map((type) => `${type}/_history?_total=accurate&_count=50`),
  ...[
    "_history?_total=accurate&_count=50",
    "_history?_total=accurate&_count=2",
    "_history?_summary=true",
    "Observation/_history?_elements=code",
  ],
  ...["_history?_at=2999&_total=accurate", "Observation/_history?_since=2000-01-01&_count=1"],
];

/** Somebody whom the patient lets see some kinds of documents: bound to the record and within it. */
async function delegate(owner: string): Promise<Record<string, string>> {
  const claims = { sub: "d", role: "patient", scope: "patient/*.cruds", patient: owner, fhirUser: "RelatedPerson/leak-delegate" };
  return { Authorization: `Bearer ${await issuer.token(claims)}` };
}

const patch = [{ op: "replace", path: "/status", value: "amended" }];
const patchHeaders = { "Content-Type": "application/json-patch+json" };
const patchBinary = (operations: object) => ({
  ...{ resourceType: "Binary", contentType: "application/json-patch+json" },
  data: Buffer.from(JSON.stringify(operations)).toString("base64"),
});

const everyOther = (query: string) => (owner: string) => ({ path: `/fhir/${query.replaceAll("OWNER", owner)}` });
const batch = (type: string, entry: object[]) => ({ method: "POST", path: "/fhir", body: { resourceType: "Bundle", type, entry } });

/** Reads first: what is written afterwards is written to both. */
const questions: [string, (owner: string) => Asked | Promise<Asked>][] = [
  ...[
    "Patient/OWNER",
    "Patient/OWNER/_history",
    "Patient/OWNER/$everything",
    "Patient/OWNER/$everything?_count=2",
    "Patient/OWNER/$everything?start=2026-01-02&end=2026-01-03",
    "Observation/OWNER-secret/_history?_at=2999",
    "Observation?patient=OWNER&_sort=value-string",
    "Composition?patient=OWNER&_sort=title&_total=accurate",
    "Patient/OWNER/$everything?_type=Observation,Condition,Provenance,Consent,Binary",
    "Patient/OWNER/$summary",
    "Observation?patient=OWNER",
    "Observation?patient=OWNER&_total=accurate",
    "Observation?patient=OWNER&_summary=count",
    "Observation?patient=OWNER&_count=0",
    "Observation?patient=OWNER&_sort=-date",
    "Observation?patient=OWNER&_lastUpdated=gt2000-01-01",
    "Observation?patient=OWNER&code=hidden",
    "Observation?patient=OWNER&code:not=8867-4",
    "Observation?patient=OWNER&category:missing=true",
    "Observation?_id=OWNER-secret",
    "Observation?_id=OWNER-secret,OWNER-seen-1&_total=accurate",
    "Observation?subject:Patient.name=Test-Leak&patient=OWNER",
    "Patient?_id=OWNER&_has:Observation:subject:code=hidden",
    "Patient?_id=OWNER&_revinclude=Observation:subject",
    "Patient?_id=OWNER&_revinclude=Condition:subject&_revinclude=Consent:patient&_revinclude=DocumentReference:subject",
    "Patient?_id=OWNER&_revinclude=Observation:subject&_revinclude:iterate=Provenance:target",
    "Condition?patient=OWNER&_total=accurate",
    "Consent?patient=OWNER&_total=accurate",
    "DocumentReference?patient=OWNER&_total=accurate",
    "Provenance?target=Observation/OWNER-secret&_total=accurate",
    "Provenance?patient=OWNER&_total=accurate",
    "Provenance?_include=Provenance:target&target=Observation/OWNER-secret",
    ...[
      "_summary=true",
      "_summary=text",
      "_summary=data",
      "_summary=count",
      "_elements=code,value",
      "_elements=status&_total=accurate",
    ].flatMap((part) => [
      `Observation?patient=OWNER&${part}`,
      `Patient?_id=OWNER&${part}${part === "_summary=text" ? "" : "&_revinclude=Observation:subject"}`,
      `Observation/OWNER-secret?${part}`,
      `Observation/OWNER-secret/_history?${part}`,
    ]),
    ...[
      ...[
        "_security=V",
        "_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|",
        "_security:not=V",
        "_security:missing=false",
      ],
      ...["_tag=hidden", "_tag=urn:test:tag|hidden", "_tag:not=hidden", "_tag:missing=false"],
      ...["_profile=urn:test:profile-hidden", "_profile:missing=false", "_source=urn:test:source-hidden", "_source:missing=true"],
    ].flatMap((label) => [
      `Observation?patient=OWNER&${label}&_total=accurate`,
      `DocumentReference?patient=OWNER&${label}&_summary=count`,
      `Patient?_id=OWNER&_has:Observation:subject:${label}`,
      `DiagnosticReport?patient=OWNER&result:Observation.${label}`,
      `Patient?_id=OWNER&${label}&_revinclude=Observation:subject`,
    ]),
    "Observation?patient=OWNER&code-value-quantity=hidden$gt100",
    "Observation?patient=OWNER&code-value-quantity=hidden$gt100&_total=accurate",
    "Observation?patient=OWNER&code-value-quantity:missing=false&_total=accurate",
    "Patient?_id=OWNER&_has:Observation:subject:code-value-quantity=hidden$gt100",
    ...[
      "DiagnosticReport/OWNER-report",
      "DiagnosticReport/OWNER-panel-report",
      "Observation/OWNER-panel",
      "List/OWNER-denied-list",
    ].flatMap((one) => [one, `${one}/_history`, `${one}/_history/1`]),
    ...["DiagnosticReport", "Composition", "List"].map((type) => `${type}?patient=OWNER&_total=accurate`),
    "Composition/OWNER-letter",
    "DiagnosticReport?result=Observation/OWNER-secret",
    "DiagnosticReport?result=Observation/OWNER-seen-1&_total=accurate",
    "Composition?entry=Observation/OWNER-secret",
    "Observation?_id=OWNER-seen-1&_has:DiagnosticReport:result:status=final",
    "Observation?_id=OWNER-seen-1&_revinclude=DiagnosticReport:result&_revinclude=List:item",
    "Patient?_id=OWNER&_revinclude=DiagnosticReport:subject&_revinclude=Composition:subject&_revinclude=List:subject",
    "Observation/OWNER-gone",
    "Observation/OWNER-gone/_history",
    "Observation/OWNER-gone/_history/1",
    "Observation/OWNER-was",
    "Observation/OWNER-was/_history",
    "AuditEvent?patient=OWNER",
    "Patient/OWNER/$access-log",
    ...["Observation/OWNER-secret", "Condition/OWNER-denied", "DocumentReference/OWNER-hdoc"],
    ...["Provenance/OWNER-prov", "Consent/OWNER-consent", "Binary/OWNER-bin"].flatMap((one) => [
      one,
      `${one}/_history`,
      `${one}/_history/1`,
    ]),
  ].map((query): [string, (owner: string) => Asked] => [`GET ${query}`, everyOther(query)]),
  ["the second page", async (owner) => ({ path: await next(`/fhir/Observation?patient=${owner}&_count=2`) })],
  ["the second page of everything", async (owner) => ({ path: await next(`/fhir/Patient/${owner}/$everything?_count=3`) })],
  ...histories.map((path): [string, (owner: string) => Promise<Asked>] => [
    `a delegate's GET ${path}`,
    async (owner) => ({ path: `/fhir/${path}`, headers: await delegate(owner) }),
  ]),
  [
    "the second page of a delegate's history",
    async (owner) => ({ path: await next("/fhir/_history?_count=3", await delegate(owner)), headers: await delegate(owner) }),
  ],
  ["the bytes of a hidden document", (owner) => ({ path: `/fhir/Binary/${owner}-bin`, headers: { Accept: "text/plain" } })],
  ["a read with an ETag", (owner) => ({ path: `/fhir/Observation/${owner}-secret`, headers: { "If-None-Match": 'W/"1"' } })],
  [
    "reads in a batch",
    (owner) =>
      batch(
        "batch",
        [`Observation/${owner}-secret`, `Observation?patient=${owner}&_total=accurate`].map((url) => ({ request: { method: "GET", url } })),
      ),
  ],
  [
    "a conditional reference",
    (owner) =>
      batch("transaction", [
        {
          resource: observation(owner, "8867-4", { hasMember: [{ reference: `Observation?code=hidden&patient=${owner}` }] }),
          request: { method: "POST", url: "Observation" },
        },
      ]),
  ],
  [
    "an update",
    (owner) => ({
      method: "PUT",
      path: `/fhir/Observation/${owner}-secret`,
      body: { id: `${owner}-secret`, ...observation(owner, "8867-4") },
    }),
  ],
  [
    "an update of a version",
    (owner) => ({
      ...{ method: "PUT", path: `/fhir/Observation/${owner}-secret`, headers: { "If-Match": 'W/"1"' } },
      body: { id: `${owner}-secret`, ...observation(owner, "8867-4") },
    }),
  ],
  ["a patch", (owner) => ({ method: "PATCH", path: `/fhir/Observation/${owner}-secret`, headers: patchHeaders, body: patch })],
  [
    "a patch of a version",
    (owner) => ({
      ...{ method: "PATCH", path: `/fhir/Observation/${owner}-secret`, headers: { ...patchHeaders, "If-Match": 'W/"1"' } },
      body: patch,
    }),
  ],
  [
    "a patch that tests a value",
    (owner) => ({
      ...{ method: "PATCH", path: `/fhir/Observation/${owner}-secret`, headers: patchHeaders },
      body: [{ op: "test", path: "/status", value: "nonsense" }],
    }),
  ],
  [
    "a patch of what was deleted",
    (owner) => ({ method: "PATCH", path: `/fhir/Observation/${owner}-gone`, headers: patchHeaders, body: patch }),
  ],
  [
    "a conditional patch",
    (owner) => ({ method: "PATCH", path: `/fhir/Observation?code=hidden&patient=${owner}`, headers: patchHeaders, body: patch }),
  ],
  [
    "a conditional patch by a composite",
    (owner) => ({
      ...{ method: "PATCH", path: `/fhir/Observation?code-value-quantity=hidden$gt100&patient=${owner}`, headers: patchHeaders },
      body: patch,
    }),
  ],
  [
    "a patch in a batch",
    (owner) => batch("batch", [{ resource: patchBinary(patch), request: { method: "PATCH", url: `Observation/${owner}-secret` } }]),
  ],
  [
    "a patch in a transaction",
    (owner) => batch("transaction", [{ resource: patchBinary(patch), request: { method: "PATCH", url: `Observation/${owner}-secret` } }]),
  ],
  [
    "a patch that puts in a conditional reference",
    (owner) =>
      batch("transaction", [
        {
          resource: patchBinary([{ op: "add", path: "/hasMember", value: [{ reference: `Observation?code=hidden&patient=${owner}` }] }]),
          request: { method: "PATCH", url: `Observation/${owner}-seen-1` },
        },
      ]),
  ],
  ...["update", "delete"].map((mode): [string, (owner: string) => Asked] => [
    `whether it could be done: ${mode}`,
    (owner) => ({
      ...{ method: "POST", path: `/fhir/Observation/${owner}-secret/$validate?mode=${mode}` },
      body: { id: `${owner}-secret`, ...observation(owner, "8867-4") },
    }),
  ]),
  ["a delete", (owner) => ({ method: "DELETE", path: `/fhir/Observation/${owner}-secret` })],
  ["a delete of a version", (owner) => ({ method: "DELETE", path: `/fhir/Observation/${owner}-secret`, headers: { "If-Match": 'W/"1"' } })],
  ["a conditional delete by a label", (owner) => ({ method: "DELETE", path: `/fhir/Observation?_security=V&patient=${owner}` })],
  [
    "a conditional patch by a tag",
    (owner) => ({ method: "PATCH", path: `/fhir/Observation?_tag=hidden&patient=${owner}`, headers: patchHeaders, body: patch }),
  ],
  [
    "a conditional create by a tag",
    (owner) => ({
      ...{ method: "POST", path: "/fhir/Observation", headers: { "If-None-Exist": `_tag=hidden&patient=${owner}` } },
      body: observation(owner, "8867-4"),
    }),
  ],
  ["a conditional delete", (owner) => ({ method: "DELETE", path: `/fhir/Observation?code=hidden&patient=${owner}` })],
  [
    "a conditional update",
    (owner) => ({ method: "PUT", path: `/fhir/Observation?code=hidden&patient=${owner}`, body: observation(owner, "8867-4") }),
  ],
  [
    "a conditional create",
    (owner) => ({
      ...{ method: "POST", path: "/fhir/Observation", headers: { "If-None-Exist": `code=hidden&patient=${owner}` } },
      body: observation(owner, "8867-4"),
    }),
  ],
];

describe("nothing tells that something is hidden", () => {
  it.each(questions)("%s", async (_title, ask) => {
    const [withHidden, without] = [await answer(await ask(hiding)), await answer(await ask(plain))];
    expect(withHidden).toEqual(without);
    expect(JSON.stringify(withHidden)).not.toMatch(/c2VjcmV0|F32/);
  });

  it.each(histories.map((path, place) => [path, place] as const))("%s is as it was before anything was hidden", (_path, place) => {
    expect(before[place]?.status).toBe(200);
    expect(after[place]).toEqual(before[place]);
  });

  it("and what is not hidden is in a history", () => {
    expect(after[0]?.text).toMatch(/"total":10,/);
    expect(after[0]?.text).toContain('"fullUrl":"https://dsp.test/fhir/Observation/leak-x-was","request":{"method":"DELETE"');
  });

  it("nor does the time that an answer takes", async () => {
    const medianMs = async (path: string): Promise<number> => {
      const tookMs: number[] = [];
      for (let times = 0; times < 31; times++) {
        const startedMs = performance.now();
        await (await record.call("GET", path, { headers: physician })).text();
        tookMs.push(performance.now() - startedMs);
      }
      return tookMs.sort((left, right) => left - right)[15] ?? 0;
    };
    const [there, nowhere] = [await medianMs(`/fhir/Observation/${hiding}-secret`), await medianMs(`/fhir/Observation/${plain}-secret`)];
    expect(Math.abs(there - nowhere)).toBeLessThan(Math.max(10, nowhere / 2));
  });

  it("and yet it is there for the patient, and each attempt is in the patient's log", async () => {
    const patient = {
      Authorization: `Bearer ${await issuer.token({ sub: "a", role: "patient", scope: "patient/*.cruds", patient: hiding })}`,
    };
    for (const path of ["Observation/leak-a-secret", "Condition/leak-a-denied", "Binary/leak-a-bin", "Consent/leak-a-consent"]) {
      expect((await record.call("GET", `/fhir/${path}`, { headers: patient })).status, path).toBe(200);
    }
    const attempts = await postgres.query<{ count: string }>(
      postgres.at(0),
      "SELECT count(*) FROM record.audit_event WHERE patient_id = 'leak-a' AND resource_id = 'leak-a-secret' AND outcome = '8' AND subject = 'doctor'",
    );
    expect(Number(attempts[0]?.count)).toBeGreaterThanOrEqual(6);
  });
});
