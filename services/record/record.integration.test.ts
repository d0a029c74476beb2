import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validate } from "../lib/fhir/validate.ts";
import { anyText } from "../lib/testing/any-text.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { seed } from "./seed.ts";
import { useTestRecord } from "./testing/record.ts";

interface Resource {
  resourceType: string;
  id: string;
  meta: { versionId: string; lastUpdated: string };
}
interface Bundle {
  total?: number;
  link: { relation: string; url: string }[];
  entry?: { resource: Resource; response?: { status: string }; search?: { mode: string } }[];
}

const { postgres, issuer, record } = await useTestRecord();

const patient = { resourceType: "Patient", name: [{ family: "Test-Weber", given: ["Anna"] }], gender: "female", birthDate: "1980-02-03" };

async function create(resource: object): Promise<Resource> {
  const { resourceType } = resource as Resource;
  const response = await record.call("POST", `/fhir/${resourceType}`, { body: resource });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as Resource;
}

async function search(path: string, headers: Record<string, string> = {}): Promise<Bundle> {
  const response = await record.call("GET", path, { headers });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Bundle;
}

const ids = (bundle: Bundle): string[] =>
  (bundle.entry ?? []).filter(({ search: how }) => how?.mode === "match").map(({ resource }) => resource.id);

/** The status and the issue codes of a refusal; every refusal must be an OperationOutcome. */
async function refusal(answer: Response | Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  const body = (await response.json()) as { resourceType: string; issue: { code: string }[] };
  expect(body.resourceType).toBe("OperationOutcome");
  return [response.status, body.issue.map(({ code }) => code).join()];
}

async function audits(
  requestId: string,
): Promise<{ interaction: string; outcome: string; patient_id: string | null; subject: string; content: string }[]> {
  return await postgres.query(postgres.at(0), "SELECT * FROM record.audit_event WHERE request_id = $1 ORDER BY patient_id", [requestId]);
}

describe("create, read, update, delete, history", () => {
  it("keeps every version and gives it back byte for byte", async () => {
    const response = await record.call("POST", "/fhir/Patient", { body: patient });
    const text = await response.text();
    const { id } = JSON.parse(text) as Resource;
    expect([response.status, response.headers.get("ETag"), response.headers.get("Location")]).toEqual([
      201,
      'W/"1"',
      `https://dsp.test/fhir/Patient/${id}/_history/1`,
    ]);
    const read = await record.call("GET", `/fhir/Patient/${id}`);
    expect(await read.text()).toBe(text);
    expect([read.headers.get("DSP-Served-By"), read.headers.get("DSP-Site")]).toEqual(["primary", "site-a"]);
    expect((await record.call("GET", `/fhir/Patient/${id}`, { headers: { "If-None-Match": 'W/"1"' } })).status).toBe(304);

    const changed = { ...patient, id, gender: "other" };
    const updated = await record.call("PUT", `/fhir/Patient/${id}`, { body: changed, headers: { "If-Match": 'W/"1"' } });
    expect([updated.status, updated.headers.get("ETag")]).toEqual([200, 'W/"2"']);
    expect(await refusal(record.call("PUT", `/fhir/Patient/${id}`, { body: changed, headers: { "If-Match": 'W/"1"' } }))).toEqual([
      412,
      "conflict",
    ]);
    expect(await (await record.call("GET", `/fhir/Patient/${id}/_history/1`)).text()).toBe(text);

    expect((await record.call("DELETE", `/fhir/Patient/${id}`)).status).toBe(204);
    expect(await refusal(record.call("GET", `/fhir/Patient/${id}`))).toEqual([410, "deleted"]);
    expect(ids(await search(`/fhir/Patient?_id=${id}`))).toEqual([]);
    const history = await search(`/fhir/Patient/${id}/_history?_count=2`);
    expect([history.total, history.entry?.map(({ response: each }) => each?.status)]).toEqual([3, ["204", "200"]]);
    const next = history.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test", "") ?? "";
    expect((await search(next)).entry?.map(({ response: each }) => each?.status)).toEqual(["201"]);

    expect((await record.call("PUT", `/fhir/Patient/${id}`, { body: changed })).status).toBe(201);
    expect(((await (await record.call("GET", `/fhir/Patient/${id}`)).json()) as Resource).meta.versionId).toBe("4");
  });

  it("keeps decimals as they were written", async () => {
    const body = '{"resourceType":"Observation","status":"final","code":{"text":"t"},"valueQuantity":{"value":1.50}}';
    const response = await record.call("POST", "/fhir/Observation", { body });
    expect([response.status, (await response.text()).includes('"value":1.50')]).toEqual([201, true]);
  });

  it("answers as Prefer says", async () => {
    const minimal = await record.call("POST", "/fhir/Patient", { body: patient, headers: { Prefer: "return=minimal" } });
    expect([minimal.status, await minimal.text()]).toEqual([201, ""]);
  });

  it("creates on condition once, also when many try at once", async () => {
    const body = { ...patient, identifier: [{ system: "urn:c", value: "once" }] };
    const tries = Array.from({ length: 8 }, () =>
      record.call("POST", "/fhir/Patient", { body, headers: { "If-None-Exist": "identifier=urn:c|once" } }),
    );
    const answers = await Promise.all(tries);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
  });

  it("keeps a Binary and gives its bytes", async () => {
    const bytes = "%PDF-synthetic\n";
    const response = await record.call("POST", "/fhir/Binary", { body: bytes, headers: { "Content-Type": "application/pdf" } });
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as Resource;
    const raw = await record.call("GET", `/fhir/Binary/${id}`, { headers: { Accept: "application/pdf" } });
    expect([await raw.text(), raw.headers.get("Content-Type"), raw.headers.get("X-Content-Type-Options")]).toEqual([
      bytes,
      "application/pdf",
      "nosniff",
    ]);
    const json = await record.call("GET", `/fhir/Binary/${id}`, { headers: { Accept: "application/fhir+json" } });
    expect(((await json.json()) as { contentType: string }).contentType).toBe("application/pdf");
  });
});

describe("a Binary", () => {
  it("with a type no header can carry is given as bytes", async () => {
    for (const contentType of ["text/ä", "nonsense"]) {
      const { id } = await create({ resourceType: "Binary", contentType, data: "YQ==" });
      const raw = await record.call("GET", `/fhir/Binary/${id}`);
      expect([raw.status, raw.headers.get("Content-Type"), await raw.text()]).toEqual([200, "application/octet-stream", "a"]);
    }
  });

  it("of several megabytes is kept", async () => {
    record.deps.settings.bodyMaxBytes = 8 * 1024 * 1024;
    const body = Buffer.alloc(5.5 * 1024 * 1024, 7);
    const { id } = await create({ resourceType: "Binary", contentType: "application/octet-stream", data: body.toString("base64") });
    const raw = await record.call("GET", `/fhir/Binary/${id}`);
    expect(Buffer.from(await raw.arrayBuffer()).equals(body)).toBe(true);
    record.deps.settings.bodyMaxBytes = 1024 * 1024;
  });
});

describe("exactly once", () => {
  it("answers a repeated key with the first result and refuses it for another request", async () => {
    const headers = { "Idempotency-Key": "k-1" };
    const first = await record.call("POST", "/fhir/Patient", { body: patient, headers });
    const again = await record.call("POST", "/fhir/Patient", { body: patient, headers });
    expect([first.headers.get("DSP-Replayed"), again.headers.get("DSP-Replayed"), again.status]).toEqual([null, "true", 201]);
    expect(await again.text()).toBe(await first.text());
    expect(await refusal(record.call("POST", "/fhir/Patient", { body: { ...patient, gender: "male" }, headers }))).toEqual([
      422,
      "duplicate",
    ]);
    const other = { ...headers, Authorization: `Bearer ${await issuer.token({ sub: "somebody-else" })}` };
    expect((await record.call("POST", "/fhir/Patient", { body: patient, headers: other })).headers.get("DSP-Replayed")).toBe(null);
    expect(await refusal(record.call("POST", "/fhir/Patient", { body: patient, headers: { "Idempotency-Key": "with space" } }))).toEqual([
      400,
      "value",
    ]);
  });

  it("does one of many at the same moment, and gives all its result", async () => {
    const tries = Array.from({ length: 20 }, () =>
      record.call("POST", "/fhir/Patient", { body: patient, headers: { "Idempotency-Key": "same" } }),
    );
    const created = await Promise.all((await Promise.all(tries)).map(async (response) => ((await response.json()) as Resource).id));
    expect(new Set(created).size).toBe(1);
  });

  it("forgets the key of a request that was refused", async () => {
    const { id } = await create(patient);
    const put = (version: number) =>
      record.call("PUT", `/fhir/Patient/${id}`, {
        body: { ...patient, id },
        headers: { "If-Match": `W/"${version}"`, "Idempotency-Key": "retry" },
      });
    expect((await put(7)).status).toBe(412);
    expect((await put(1)).status).toBe(200);
    expect((await put(1)).headers.get("DSP-Replayed")).toBe("true");
  });
});

describe("every type of the catalogue", () => {
  it("can be created and found by what it must have", async () => {
    const owner = { reference: `Patient/${(await create(patient)).id}` };
    const code = { text: "t" };
    const active = { coding: [{ system: "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", code: "active" }] };
    const minimal: Record<string, object> = {
      ...{ Patient: {}, Practitioner: {}, PractitionerRole: {}, Organization: { name: "Test" }, RelatedPerson: { patient: owner } },
      ...{ AllergyIntolerance: { patient: owner, clinicalStatus: active }, Condition: { subject: owner } },
      MedicationStatement: { status: "active", subject: owner, medicationCodeableConcept: code },
      MedicationRequest: { status: "active", intent: "order", subject: owner, medicationCodeableConcept: code },
      Immunization: { status: "completed", vaccineCode: code, patient: owner, occurrenceString: "once" },
      ...{ Procedure: { status: "completed", subject: owner }, Observation: { status: "final", code, subject: owner } },
      DiagnosticReport: { status: "final", code, subject: owner },
      Encounter: { status: "finished", class: { code: "AMB" }, subject: owner },
      CarePlan: { status: "active", intent: "plan", subject: owner },
      Composition: { status: "final", type: code, subject: owner, date: "2026-01-01", author: [{ display: "t" }], title: "t" },
      DocumentReference: { status: "current", subject: owner, content: [{ attachment: { title: "t" } }] },
      Consent: { status: "active", scope: code, category: [code], patient: owner, policyRule: code },
      ...{ Task: { status: "requested", intent: "order", for: owner }, Communication: { status: "completed", subject: owner } },
      Provenance: { target: [owner], recorded: "2026-01-01T00:00:00Z", agent: [{ who: { display: "t" } }] },
      List: { status: "current", mode: "working", subject: owner },
      Binary: { contentType: "text/plain", securityContext: owner },
    };
    expect(Object.keys(minimal).sort()).toEqual([...record.deps.catalogue.types.keys()].sort());
    for (const [resourceType, content] of Object.entries(minimal)) {
      const { id } = await create({ resourceType, ...content });
      const belongs = resourceType !== "Patient" && !record.deps.catalogue.types.get(resourceType)?.isDirectory;
      const by = belongs && record.deps.catalogue.types.get(resourceType)?.parameters.has("patient") ? `&patient=${owner.reference}` : "";
      expect(ids(await search(`/fhir/${resourceType}?_id=${id}${by}`)), resourceType).toEqual([id]);
    }
  });
});

describe("search", () => {
  it("finds by patient, code, date and type", async () => {
    const { id } = await create(patient);
    const subject = { reference: `Patient/${id}` };
    const observation = (code: string, effectiveDateTime: string) =>
      create({
        resourceType: "Observation",
        status: "final",
        code: { coding: [{ system: "http://loinc.org", code }] },
        subject,
        effectiveDateTime,
      });
    const [first, second] = [await observation("8867-4", "2024-01-10T08:00:00Z"), await observation("8310-5", "2024-03-01")];
    const document = await create({
      resourceType: "DocumentReference",
      status: "current",
      type: { coding: [{ system: "http://loinc.org", code: "34133-9" }] },
      subject,
      content: [{ attachment: { contentType: "text/plain" } }],
    });
    const found = async (query: string) => ids(await search(`/fhir/Observation?patient=${id}&${query}`));
    expect(await found("code=8867-4")).toEqual([first.id]);
    expect(await found("code=http://loinc.org|8310-5")).toEqual([second.id]);
    expect(await found("code=8867-4,8310-5")).toEqual([first.id, second.id]);
    expect(await found("code=urn:other|8310-5")).toEqual([]);
    expect(await found("code:not=8310-5")).toEqual([first.id]);
    expect(await found("date=2024")).toEqual([first.id, second.id]);
    expect(await found("date=2024-01")).toEqual([first.id]);
    expect(await found("date=ge2024-02")).toEqual([second.id]);
    expect(await found("date=gt2024-01-10&date=lt2024-03-01")).toEqual([]);
    expect(await found("date=le2024-01-10T08:00:00Z")).toEqual([first.id]);
    expect(await found("_sort=-date")).toEqual([second.id, first.id]);
    expect(await found("status=final,amended&category:missing=true")).toEqual([first.id, second.id]);
    expect(ids(await search(`/fhir/Observation?subject=Patient/${id}&code=8867-4`))).toEqual([first.id]);
    expect(ids(await search(`/fhir/Observation?patient=https://dsp.test/fhir/Patient/${id}&code=8867-4`))).toEqual([first.id]);
    expect(ids(await search(`/fhir/DocumentReference?patient=${id}&type=34133-9`))).toEqual([document.id]);
    expect(ids(await search(`/fhir/Patient?_id=${id}&birthdate=1980-02&name=anna&family:exact=Test-Weber`))).toEqual([id]);
    expect(ids(await search(`/fhir/Patient?_id=${id}&family:contains=WEB&_lastUpdated=ge2020`))).toEqual([id]);
    const posted = await record.call("POST", "/fhir/Observation/_search", {
      body: `patient=${id}&code=8310-5`,
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    });
    expect(ids((await posted.json()) as Bundle)).toEqual([second.id]);
  });

  it("pages through everything once, in each order, while resources change", async () => {
    const { id } = await create(patient);
    const made: Resource[] = [];
    for (let day = 1; day <= 9; day++) {
      const effective = day % 4 === 0 ? {} : { effectiveDateTime: `2023-05-0${day}` };
      made.push(
        await create({
          resourceType: "Observation",
          status: "final",
          code: { text: "t" },
          subject: { reference: `Patient/${id}` },
          ...effective,
        }),
      );
    }
    for (const order of ["", "&_sort=date", "&_sort=-date", "&_sort=_lastUpdated", "&_sort=-_lastUpdated"]) {
      const seen: string[] = [];
      let path = `/fhir/Observation?patient=${id}&_count=2&_total=accurate${order}`;
      while (path) {
        const page = await search(path);
        if (order === "") {
          const { meta: _meta, ...touched } = page.entry?.[0]?.resource ?? ({} as Resource);
          await record.call("PUT", `/fhir/Observation/${touched.id}`, { body: touched });
        }
        expect(page.total).toBe(9);
        seen.push(...ids(page));
        path = page.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test", "") ?? "";
      }
      expect([...seen].sort(), order).toEqual(made.map((each) => each.id).sort());
    }
    expect(await search(`/fhir/Observation?patient=${id}&_count=0`)).toMatchObject({ total: 9 });
  });

  it("cuts a page that would carry too much, and goes on after it", async () => {
    const owner = (await create(patient)).id;
    const document = {
      resourceType: "Observation",
      status: "final",
      code: { text: "x".repeat(900_000) },
      subject: { reference: `Patient/${owner}` },
    };
    for (let number = 0; number < 12; number++) await create(document);
    const first = await search(`/fhir/Observation?patient=${owner}&_count=100`);
    expect(ids(first).length).toBe(10);
    const next = first.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test", "") ?? "";
    expect(ids(await search(next)).length).toBe(2);
    expect(record.deps.bodies.taken).toBe(0);
  });

  it("finds by quantity, along references and against them", async () => {
    const weber = await create(patient);
    const other = await create({ ...patient, name: [{ family: "Test-Other" }] });
    const ward = await create({ resourceType: "Organization", name: `Test-Ward ${weber.id}` });
    const encounter = await create({
      ...{ resourceType: "Encounter", status: "finished", class: { code: "AMB" }, subject: { reference: `Patient/${weber.id}` } },
      serviceProvider: { reference: `Organization/${ward.id}` },
    });
    const weigh = (owner: Resource, value: number, more: object = {}) =>
      create({
        ...{ resourceType: "Observation", status: "final", code: { coding: [{ system: "http://loinc.org", code: "29463-7" }] } },
        valueQuantity: { value, unit: "kg", system: "http://unitsofmeasure.org", code: "kg" },
        subject: { reference: `Patient/${owner.id}` },
        ...more,
      });
    const light = await weigh(weber, 64.26, { encounter: { reference: `Encounter/${encounter.id}` } });
    const heavy = await weigh(weber, 81);
    await weigh(other, 81);
    const found = async (query: string) => ids(await search(`/fhir/Observation?patient=${weber.id}&${query}`));
    expect(await found("value-quantity=64.3||kg")).toEqual([light.id]);
    expect(await found("value-quantity=64.2||kg")).toEqual([]);
    expect(await found("value-quantity=gt70|http://unitsofmeasure.org|kg")).toEqual([heavy.id]);
    expect(await found("value-quantity=ap60")).toEqual([light.id]);
    expect(await found("value-quantity=lt1000||g")).toEqual([]);
    expect(ids(await search(`/fhir/Observation?patient._id=${weber.id}&patient.family=test-weber`))).toEqual([light.id, heavy.id]);
    expect(ids(await search(`/fhir/Observation?encounter.service-provider.name=Test-Ward ${weber.id}`))).toEqual([light.id]);
    expect(ids(await search(`/fhir/Patient?_id=${weber.id},${other.id}&_has:Observation:patient:value-quantity=lt70`))).toEqual([weber.id]);
    expect(ids(await search(`/fhir/Organization?_has:Encounter:service-provider:patient=${weber.id}`))).toEqual([ward.id]);
  });

  it("includes what the matches refer to and what refers to them, once each, and records every patient shown", async () => {
    const owner = await create(patient);
    const subject = { reference: `Patient/${owner.id}` };
    const author = await create({ resourceType: "Practitioner", name: [{ family: "Test-Author" }] });
    const note = (code: string) =>
      create({
        resourceType: "Observation",
        status: "final",
        code: { text: code },
        subject,
        performer: [{ reference: `Practitioner/${author.id}` }],
      });
    const [first, second] = [await note("a"), await note("b")];
    const trace = await create({
      ...{ resourceType: "Provenance", recorded: "2026-01-01T00:00:00Z", target: [{ reference: `Observation/${first.id}` }] },
      agent: [{ who: { reference: `Practitioner/${author.id}` } }],
    });
    const headers = { "X-Request-Id": `include-${owner.id}` };
    const query = "_include=Observation:subject&_include=Observation:performer:Practitioner&_revinclude=Provenance:target";
    const bundle = await search(`/fhir/Observation?patient=${owner.id}&${query}`, headers);
    const shown = (bundle.entry ?? []).map(({ resource, search: how }) => `${how?.mode} ${resource.resourceType}/${resource.id}`);
    expect(shown.slice(0, 2)).toEqual([`match Observation/${first.id}`, `match Observation/${second.id}`]);
    expect(shown.slice(2).sort()).toEqual(
      [`include Patient/${owner.id}`, `include Practitioner/${author.id}`, `include Provenance/${trace.id}`].sort(),
    );
    expect((await audits(`include-${owner.id}`)).map(({ patient_id }) => patient_id)).toEqual([owner.id]);
    const iterated = await search(`/fhir/Provenance?_id=${trace.id}&_include=Provenance:target&_include:iterate=Observation:subject`);
    expect((iterated.entry ?? []).map(({ resource }) => resource.resourceType)).toEqual(["Provenance", "Observation", "Patient"]);
  });

  it("tells of unknown parameters, and refuses them when asked to be strict", async () => {
    const bundle = await search("/fhir/Patient?nonsense=1&_count=1");
    expect(bundle.entry?.at(-1)).toMatchObject({ search: { mode: "outcome" }, resource: { resourceType: "OperationOutcome" } });
    expect(bundle.link[0]?.url).toBe("https://dsp.test/fhir/Patient?_count=1");
    expect(await refusal(record.call("GET", "/fhir/Patient?nonsense=1", { headers: { Prefer: "handling=strict" } }))).toEqual([
      400,
      "not-supported",
    ]);
  });
});

describe("refusals are OperationOutcomes", () => {
  const cases: [string, string, string, { body?: unknown; headers?: Record<string, string> }, [number, string]][] = [
    ["malformed JSON", "POST", "/fhir/Patient", { body: "{" }, [400, "structure"]],
    ["no object", "POST", "/fhir/Patient", { body: "[]" }, [400, "structure"]],
    ["another type in the body", "POST", "/fhir/Patient", { body: { resourceType: "Observation" } }, [400, "invalid"]],
    ["an unknown property", "POST", "/fhir/Patient", { body: { ...patient, colour: "red" } }, [400, "structure"]],
    ["a bad code", "POST", "/fhir/Patient", { body: { ...patient, gender: "xyz" } }, [400, "code-invalid"]],
    [
      "a character PostgreSQL cannot hold",
      "POST",
      "/fhir/Patient",
      { body: '{"resourceType":"Patient","name":[{"family":"a\\u0000"}]}' },
      [400, "value"],
    ],
    ["half a surrogate", "POST", "/fhir/Patient", { body: '{"resourceType":"Patient","name":[{"family":"a\\ud800"}]}' }, [400, "value"]],
    ["deep nesting", "POST", "/fhir/Patient", { body: `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}` }, [400, "too-long"]],
    ["an id in the URL that cannot be", "GET", "/fhir/Patient/a_b", {}, [400, "value"]],
    ["another id in the body", "PUT", "/fhir/Patient/a", { body: { ...patient, id: "b" } }, [400, "invalid"]],
    ["no such resource", "GET", "/fhir/Patient/none", {}, [404, "not-found"]],
    ["no such version", "GET", "/fhir/Patient/none/_history/x", {}, [404, "not-found"]],
    ["no such type", "GET", "/fhir/Basic/1", {}, [404, "not-supported"]],
    ["no such address", "GET", "/elsewhere", {}, [404, "not-found"]],
    ["a method that is not there", "POST", "/fhir/Patient/1", { body: {} }, [405, "not-supported"]],
    ["an unacceptable Accept", "GET", "/fhir/Patient/1", { headers: { Accept: "application/fhir+xml" } }, [406, "not-supported"]],
    [
      "another media type",
      "POST",
      "/fhir/Patient",
      { body: "<a/>", headers: { "Content-Type": "application/fhir+xml" } },
      [415, "not-supported"],
    ],
    ["too long a body", "POST", "/fhir/Patient", { body: " ".repeat(1024 * 1024 + 1) }, [413, "too-long"]],
    ["a path that does not decode", "GET", "/fhir/Patient/%E0%A4%A", {}, [400, "value"]],
    ["a NUL in the path", "GET", "/fhir/Patient/%00", {}, [400, "value"]],
    ["a bad date", "GET", "/fhir/Patient?birthdate=yesterday", {}, [400, "value"]],
    ["a bad cursor", "GET", "/fhir/Patient?_cursor=abc", {}, [400, "value"]],
    ["no token", "GET", "/fhir/Patient/1", { headers: { Authorization: "" } }, [401, "login"]],
  ];
  it.each(cases)("%s", async (_title, method, path, options, expected) => {
    expect(await refusal(record.call(method, path, options))).toEqual(expected);
  });
});

describe("access and audit", () => {
  const as = async (claims: Record<string, unknown>, requestId: string) => ({
    Authorization: `Bearer ${await issuer.token(claims)}`,
    "X-Request-Id": requestId,
  });

  it("holds a patient to the own record, without telling what else there is", async () => {
    const [own, other] = [await create(patient), await create(patient)];
    const observation = (id: string) =>
      create({ resourceType: "Observation", status: "final", code: { text: "t" }, subject: { reference: `Patient/${id}` } });
    const [mine, theirs] = [await observation(own.id), await observation(other.id)];
    const headers = await as({ sub: "p", role: "patient", scope: "patient/*.rs", patient: own.id }, "r-own");
    expect((await record.call("GET", `/fhir/Observation/${mine.id}`, { headers })).status).toBe(200);
    expect(ids(await search("/fhir/Observation", headers))).toEqual([mine.id]);
    expect(ids(await search(`/fhir/Observation?patient=${other.id}`, headers))).toEqual([]);
    expect(await refusal(record.call("POST", "/fhir/Patient", { body: patient, headers }))).toEqual([403, "forbidden"]);
    const refusedHeaders = { ...headers, "X-Request-Id": "r-refused" };
    expect(await refusal(record.call("GET", `/fhir/Observation/${theirs.id}`, { headers: refusedHeaders }))).toEqual([404, "not-found"]);
    expect(await audits("r-refused")).toMatchObject([{ interaction: "read", outcome: "8", patient_id: other.id, subject: "p" }]);
  });

  it("sees nothing beyond the own record along chains and inclusions, and may read the directory", async () => {
    const [own, other] = [await create(patient), await create({ ...patient, name: [{ family: "Test-Hidden" }] })];
    const author = await create({ resourceType: "Practitioner", name: [{ family: "Test-Doctor" }] });
    const about = (id: string, more: object = {}) =>
      create({ resourceType: "Observation", status: "final", code: { text: "t" }, subject: { reference: `Patient/${id}` }, ...more });
    // Both refer to the other patient's resources: what these hold must not show.
    const theirs = await about(other.id, { valueString: "hidden" });
    const mine = await about(own.id, {
      performer: [{ reference: `Practitioner/${author.id}` }],
      derivedFrom: [{ reference: `Observation/${theirs.id}` }],
    });
    await about(other.id, { derivedFrom: [{ reference: `Observation/${mine.id}` }] });
    const headers = await as({ sub: "p", role: "patient", scope: "patient/*.rs", patient: own.id }, `r-chain-${own.id}`);
    expect(ids(await search("/fhir/Observation?derived-from:Observation.value-string=hidden", headers))).toEqual([]);
    expect(ids(await search(`/fhir/Observation?_has:Observation:derived-from:status=final`, headers))).toEqual([]);
    expect(ids(await search(`/fhir/Observation?_has:Observation:derived-from:subject.family=Test-Hidden`, headers))).toEqual([]);
    const bundle = await search(
      "/fhir/Observation?_include=Observation:derived-from&_include=Observation:performer&_revinclude=Observation:derived-from",
      headers,
    );
    expect((bundle.entry ?? []).map(({ resource }) => resource.id)).toEqual([mine.id, author.id]);
    expect((await record.call("GET", `/fhir/Practitioner/${author.id}`, { headers })).status).toBe(200);
    const writes = await as({ sub: "p", role: "patient", scope: "patient/*.cruds", patient: own.id }, "r-directory");
    expect(await refusal(record.call("POST", "/fhir/Practitioner", { body: { resourceType: "Practitioner" }, headers: writes }))).toEqual([
      403,
      "forbidden",
    ]);
    const narrow = await as({ scope: "user/Observation.rs" }, "r-narrow");
    for (const query of ["_include=Observation:subject", "patient.name=a", "_has:Provenance:target:recorded=2026"])
      expect(await refusal(record.call("GET", `/fhir/Observation?${query}`, { headers: narrow })), query).toEqual([403, "forbidden"]);
  });

  it("does not let a patient's token change other records", async () => {
    const [own, other] = [await create(patient), await create(patient)];
    const headers = await as({ sub: "p", role: "patient", scope: "patient/*.cruds", patient: own.id }, "r-write");
    expect(await refusal(record.call("PUT", `/fhir/Patient/${other.id}`, { body: { ...patient, id: other.id }, headers }))).toEqual([
      403,
      "forbidden",
    ]);
    // As if there were none: a 403 would tell that there is.
    expect(await refusal(record.call("DELETE", `/fhir/Patient/${other.id}`, { headers }))).toEqual([404, "not-found"]);
    expect((await audits("r-write")).map(({ interaction, outcome }) => [interaction, outcome]).sort()).toEqual([
      ["delete", "8"],
      ["update", "8"],
    ]);
  });

  it("records refusals of tokens that are the issuer's own, and only those", async () => {
    const expired = await as({ exp: 1_700_000_000 }, "r-expired");
    expect(await refusal(record.call("GET", "/fhir/Patient/1", { headers: expired }))).toEqual([401, "login"]);
    expect(await audits("r-expired")).toMatchObject([{ outcome: "8", subject: "tester" }]);
    const stranger = await TestIssuer.create();
    const forged = { Authorization: `Bearer ${await stranger.token()}`, "X-Request-Id": "r-forged" };
    expect(await refusal(record.call("GET", "/fhir/Patient/1", { headers: forged }))).toEqual([401, "login"]);
    expect(await audits("r-forged")).toEqual([]);
    await stranger.remove();
    const scoped = await as({ scope: "user/Patient.rs" }, "r-scope");
    expect(await refusal(record.call("GET", "/fhir/Observation/1", { headers: scoped }))).toEqual([403, "forbidden"]);
    expect(await audits("r-scope")).toMatchObject([{ outcome: "8" }]);
  });

  it("writes valid AuditEvents: one for a write, one for each patient a search shows", async () => {
    const { id } = await create(patient);
    const headers = { "X-Request-Id": "r-audit" };
    await record.call("PUT", `/fhir/Patient/${id}`, { body: { ...patient, id }, headers });
    const rows = await audits("r-audit");
    expect(rows).toMatchObject([{ interaction: "update", outcome: "0", patient_id: id }]);
    validate(record.deps.catalogue.definitions, JSON.parse(rows[0]?.content ?? ""));
    const bundle = await search("/fhir/Patient?_count=3", { "X-Request-Id": "r-search" });
    expect((await audits("r-search")).map((row) => row.patient_id)).toEqual(ids(bundle).sort());
  });
});

describe("seed", () => {
  it("is all valid and can be repeated", async () => {
    const first = await seed(record.deps);
    expect(first).toMatchObject({ present: 0 });
    expect(await seed(record.deps)).toEqual({ written: 0, present: first.written });
    expect((await search("/fhir/Patient?family=test-0&_total=accurate&_count=0")).total).toBe(9);
  }, 30_000);
});

describe("whatever is sent", () => {
  const name = fc.oneof(
    fc.constantFrom("code", "date", "patient", "_id", "_sort", "_count", "_cursor", "code:not", "date:missing", "_lastUpdated"),
    fc.constantFrom("value-quantity", "patient.name", "_has:Provenance:target:recorded", "_include", "_revinclude", "_include:iterate"),
    fc.string(),
  );
  const value = fc.oneof(
    anyText,
    fc.constantFrom(
      "Observation:subject",
      "Provenance:target",
      "ap1e-20||kg",
      "|",
      "ge2024",
      "a|b|c",
      "\\",
      "2024-02-30",
      "9999",
      "0001-01-01",
    ),
  );

  it("a search is never a server error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 4 }), async (parameters) => {
        const query = parameters
          .map(([key, text]) => `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(text.toWellFormed())}`)
          .join("&");
        const response = await record.call("GET", `/fhir/Observation?${query}`);
        expect([query, response.status < 500]).toEqual([query, true]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it("a body is never a server error", async () => {
    const element = fc.constantFrom(
      "id",
      "name",
      "meta",
      "identifier",
      "gender",
      "birthDate",
      "contained",
      "extension",
      "text",
      "contact",
      "link",
      "_birthDate",
      "deceasedBoolean",
    );
    const body = fc.oneof(
      fc.json(),
      fc.dictionary(element, fc.jsonValue()).map((object) => JSON.stringify({ ...object, resourceType: "Patient" })),
      anyText,
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const response = await record.call("POST", "/fhir/Patient", { body: text });
        expect([text, response.status < 500]).toEqual([text, true]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

describe("conditional update and delete", () => {
  it("change the one resource that meets the condition, or make it, or refuse where there are several", async () => {
    const value = crypto.randomUUID();
    const path = `/fhir/Patient?identifier=urn:test|${value}`;
    const body = { ...patient, identifier: [{ system: "urn:test", value }] };
    const put = async (more: object = {}, headers: Record<string, string> = {}) => {
      const response = await record.call("PUT", path, { body: { ...body, ...more }, headers });
      return [response.status, ((await response.json()) as Resource).id, response.headers.get("ETag")] as const;
    };
    const [created, id] = await put();
    expect(created).toBe(201);
    expect(await put({ gender: "male" })).toEqual([200, id, 'W/"2"']);
    expect(await put({ id, gender: "other" }, { "If-Match": 'W/"2"' })).toEqual([200, id, 'W/"3"']);
    expect((await put({}, { "If-Match": 'W/"1"' }))[0]).toBe(412);
    expect((await put({ id: "other" }))[0]).toBe(400);
    expect(await refusal(record.call("PUT", "/fhir/Patient", { body }))).toEqual([400, "required"]);
    expect(await refusal(record.call("PUT", "/fhir/Patient?nonsense=1", { body }))).toEqual([400, "not-supported"]);
    await create(body);
    expect((await put())[0]).toBe(412);
    expect(await refusal(record.call("DELETE", path))).toEqual([412, "duplicate"]);
    expect((await record.call("DELETE", `/fhir/Patient/${id}`)).status).toBe(204);
    expect((await record.call("DELETE", path)).status).toBe(204);
    expect(await refusal(record.call("DELETE", path))).toEqual([404, "not-found"]);
  });

  it("meet only what the token's patient may change", async () => {
    const [own, other] = [
      await create(patient),
      await create({ ...patient, identifier: [{ system: "urn:test", value: `h${Date.now()}` }] }),
    ];
    const headers = {
      Authorization: `Bearer ${await issuer.token({ sub: "p", role: "patient", scope: "patient/*.cruds", patient: own.id })}`,
    };
    expect(await refusal(record.call("DELETE", `/fhir/Patient?_id=${other.id}`, { headers }))).toEqual([404, "not-found"]);
    expect(await refusal(record.call("PUT", `/fhir/Patient?_id=${other.id}`, { body: { ...patient, id: other.id }, headers }))).toEqual([
      403,
      "forbidden",
    ]);
  });
});

describe("operations", () => {
  it("gives a patient's whole record, page by page, and nobody else's", async () => {
    const [owner, other] = [await create(patient), await create(patient)];
    const about = (id: string, more: object = {}) =>
      create({ resourceType: "Observation", status: "final", code: { text: "t" }, subject: { reference: `Patient/${id}` }, ...more });
    const [first, second] = [await about(owner.id), await about(owner.id)];
    await about(other.id);
    const gone = await about(owner.id);
    await record.call("DELETE", `/fhir/Observation/${gone.id}`);
    const list = await create({ resourceType: "List", status: "current", mode: "working", subject: { reference: `Patient/${owner.id}` } });
    const whole = [owner.id, first.id, second.id, list.id];
    const seen: string[] = [];
    let path = `/fhir/Patient/${owner.id}/$everything?_count=3`;
    while (path) {
      const page = await search(path, { "X-Request-Id": `everything-${owner.id}` });
      seen.push(...ids(page));
      path = page.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test", "") ?? "";
    }
    expect(seen).toEqual(whole);
    expect((await audits(`everything-${owner.id}`)).map((row) => [row.interaction, row.outcome, row.patient_id])).toEqual(
      [1, 2].map(() => ["operation", "0", owner.id]),
    );
    expect(ids(await search(`/fhir/Patient/${owner.id}/$everything?_type=List,Patient`))).toEqual([owner.id, list.id]);
    expect(ids(await search(`/fhir/Patient/${owner.id}/$everything?_since=2999`))).toEqual([]);
    const own = { Authorization: `Bearer ${await issuer.token({ sub: "p", role: "patient", scope: "patient/*.rs", patient: other.id })}` };
    expect(await refusal(record.call("GET", `/fhir/Patient/${owner.id}/$everything`, { headers: own }))).toEqual([404, "not-found"]);
    const narrow = { Authorization: `Bearer ${await issuer.token({ scope: "user/Patient.r user/List.r" })}` };
    expect(ids(await search(`/fhir/Patient/${owner.id}/$everything`, narrow))).toEqual([owner.id, list.id]);
    expect(await refusal(record.call("GET", "/fhir/Patient/nobody/$everything"))).toEqual([404, "not-found"]);
    expect(await refusal(record.call("GET", `/fhir/Patient/${owner.id}/$everything?_since=then`))).toEqual([400, "value"]);
  });

  it("tells what is wrong with a resource, and stores nothing", async () => {
    const validated = async (body: unknown) => {
      const response = await record.call("POST", "/fhir/Patient/$validate", { body });
      const { issue } = (await response.json()) as { issue: { severity: string; code: string }[] };
      return [response.status, issue[0]?.severity, issue[0]?.code];
    };
    expect(await validated(patient)).toEqual([200, "information", "informational"]);
    expect(await validated({ ...patient, gender: "nobody" })).toEqual([200, "error", "code-invalid"]);
    expect(await validated("{")).toEqual([200, "error", "structure"]);
    expect(await refusal(record.call("POST", "/fhir/Claim/$validate", { body: patient }))).toEqual([404, "not-supported"]);
  });
});
