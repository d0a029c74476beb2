import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { validate } from "../lib/fhir/validate.ts";
import { nationalNumber, nationalNumberSystem } from "../lib/national-number.ts";
import { anyText } from "../lib/testing/any-text.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { seed } from "./seed.ts";
import { type CallOptions, startTestRegistry, type TestRegistry } from "./testing/registry.ts";

interface Resource {
  resourceType: string;
  id: string;
  meta: { versionId: string };
  active?: boolean;
  link?: { other: { reference: string }; type: string }[];
  identifier?: { system?: string; value: string; use?: string }[];
}
interface Bundle {
  link: { relation: string; url: string }[];
  entry?: {
    resource: Resource;
    response?: { status: string };
    search?: { mode: string; score?: number; extension?: { url: string; valueCode?: string; valueString?: string }[] };
  }[];
}
interface Outcome {
  resourceType: string;
  issue: { code: string; details: { text: string }; expression?: string[] }[];
}

let postgres: TestPostgres;
let issuer: TestIssuer;
let registry: TestRegistry;
const headersOf: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  registry = await startTestRegistry({ postgres, issuer });
  const bearer = async (claims: Record<string, unknown>) => ({ Authorization: `Bearer ${await issuer.token(claims)}` });
  headersOf.operator = await bearer({ sub: "operator", role: "operator", scope: "openid" });
  headersOf.physician = await bearer({
    sub: "doc",
    role: "practitioner",
    scope: "user/*.rs",
    profession: "physician",
    organization: "demo-practice",
  });
  headersOf.software = await bearer({ sub: "soft", role: "system", scope: "system/*.cruds", organization: "demo-practice" });
  headersOf.patient = await bearer({
    sub: "me",
    role: "patient",
    scope: "patient/*.rs",
    patient: "own-patient",
    fhirUser: "Patient/own-patient",
  });
}, 60_000);

afterAll(async () => {
  registry?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

let counter = 0;
/** A person whom nobody resembles. */
function person(changes: object = {}): Record<string, unknown> & { birthDate: string } {
  counter++;
  const letters = [...String(counter)].map((digit) => "bdfgklmnrs"[Number(digit)]).join("o");
  const birthDate = new Date(Date.UTC(1930, 0, 1 + counter * 97)).toISOString().slice(0, 10);
  return {
    resourceType: "Patient",
    active: true,
    name: [{ family: `Test-Q${letters}a`, given: [`Z${letters}e`] }],
    gender: "female",
    birthDate,
    identifier: [{ system: nationalNumberSystem, value: nationalNumber(birthDate, counter % 1000) }],
    ...changes,
  };
}

async function create(resource: object, headers: Record<string, string> = {}): Promise<Resource> {
  const response = await registry.call("POST", `/registry/fhir/${(resource as Resource).resourceType}`, { body: resource, headers });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as Resource;
}

async function get<T>(path: string, headers: Record<string, string> = {}): Promise<T> {
  const response = await registry.call("GET", `/registry${path}`, { headers });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

const ids = (bundle: Bundle): string[] =>
  (bundle.entry ?? []).filter(({ search }) => search?.mode === "match").map(({ resource }) => resource.id);

async function found(query: string, headers: Record<string, string> = {}): Promise<string[]> {
  return ids(await get<Bundle>(`/fhir/${query}`, headers));
}

async function refusal(answer: Response | Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  const body = (await response.json()) as Outcome;
  expect(body.resourceType).toBe("OperationOutcome");
  expect(body.issue.every(({ details }) => details.text.length > 0)).toBe(true);
  return [response.status, body.issue.map(({ code }) => code).join()];
}

async function audits(requestId: string): Promise<{ interaction: string; outcome: string; patient_id: string | null }[]> {
  return await postgres.query(
    postgres.at(0),
    "SELECT interaction, outcome, patient_id FROM registry.audit_event WHERE request_id = $1 ORDER BY patient_id",
    [requestId],
  );
}

describe("patients", () => {
  it("keeps every version and gives it back byte for byte", async () => {
    const body = person();
    const response = await registry.call("POST", "/registry/fhir/Patient", { body });
    const text = await response.text();
    const { id } = JSON.parse(text) as Resource;
    expect([response.status, response.headers.get("ETag"), response.headers.get("Location")]).toEqual([
      201,
      'W/"1"',
      `https://dsp.test/registry/fhir/Patient/${id}/_history/1`,
    ]);
    const read = await registry.call("GET", `/registry/fhir/Patient/${id}`);
    expect([await read.text(), read.headers.get("DSP-Served-By")]).toEqual([text, "primary"]);
    expect((await registry.call("GET", `/registry/fhir/Patient/${id}`, { headers: { "If-None-Match": 'W/"1"' } })).status).toBe(304);

    const changed = { ...body, id, gender: "other" };
    const put = (headers: Record<string, string>) => registry.call("PUT", `/registry/fhir/Patient/${id}`, { body: changed, headers });
    expect(await refusal(put({}))).toEqual([400, "required"]);
    expect((await put({ "If-Match": 'W/"1"' })).headers.get("ETag")).toBe('W/"2"');
    expect(await refusal(put({ "If-Match": 'W/"1"' }))).toEqual([412, "conflict"]);
    expect(await (await registry.call("GET", `/registry/fhir/Patient/${id}/_history/1`)).text()).toBe(text);
    const history = await get<Bundle>(`/fhir/Patient/${id}/_history?_count=1`);
    expect(history.entry?.map(({ response: each }) => each?.status)).toEqual(["200"]);
    const next = history.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test/registry", "") ?? "";
    expect((await get<Bundle>(next)).entry?.map(({ response: each }) => each?.status)).toEqual(["201"]);
    expect(await refusal(registry.call("GET", "/registry/fhir/Patient/nobody"))).toEqual([404, "not-found"]);
    expect(await refusal(registry.call("DELETE", `/registry/fhir/Patient/${id}`))).toEqual([405, "not-supported"]);
  });

  it("does a write once for each key, however often it is sent", async () => {
    const body = person();
    const send = () => registry.call("POST", "/registry/fhir/Patient", { body, headers: { "Idempotency-Key": "patient-once" } });
    const answers = await Promise.all([send(), send(), send(), send()]);
    const written = await Promise.all(answers.map(async (answer) => ((await answer.json()) as Resource).id));
    expect([new Set(written).size, answers.map(({ status }) => status)]).toEqual([1, [201, 201, 201, 201]]);
    const other = registry.call("POST", "/registry/fhir/Patient", { body: person(), headers: { "Idempotency-Key": "patient-once" } });
    expect(await refusal(other)).toEqual([422, "duplicate"]);
  });

  it("refuses a wrong national number with an issue for each defect, in the caller's language", async () => {
    const value = nationalNumber("1958-03-14", 5);
    const wrong = value.slice(0, 11) + ((Number(value[11]) + 1) % 10) + ((Number(value[12]) + 1) % 10);
    const body = person({ birthDate: "1958-03-14", identifier: [{ system: nationalNumberSystem, value: wrong }] });
    for (const [language, word] of [
      ["fr", "clé"],
      ["de", "Prüfziffer"],
      ["en", "check digit"],
    ] as const) {
      const response = await registry.call("POST", "/registry/fhir/Patient", { body, headers: { "Accept-Language": language } });
      const { issue } = (await response.json()) as Outcome;
      expect([response.status, issue.length, issue.every(({ details }) => details.text.includes(word))]).toEqual([400, 2, true]);
      expect(issue[0]?.expression).toEqual(["Patient.identifier[0].value"]);
    }
    const other = person({ birthDate: "1958-03-15", identifier: [{ system: nationalNumberSystem, value }] });
    expect(await refusal(registry.call("POST", "/registry/fhir/Patient", { body: other }))).toEqual([400, "invariant"]);
    expect(await refusal(registry.call("POST", "/registry/fhir/Patient", { body: person({ gender: "yes" }) }))).toEqual([
      400,
      "code-invalid",
    ]);
    expect(await refusal(registry.call("POST", "/registry/fhir/Patient", { body: "{" }))).toEqual([400, "structure"]);
  });

  it("never gives one national number to two patients, also when both come at once", async () => {
    const body = person();
    const twin = person({ birthDate: body.birthDate, identifier: body.identifier });
    const answers = await Promise.all([body, twin].map((each) => registry.call("POST", "/registry/fhir/Patient", { body: each })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const second = await create(person({ birthDate: body.birthDate, identifier: [] }));
    const update = { ...second, identifier: body.identifier };
    const put = registry.call("PUT", `/registry/fhir/Patient/${second.id}`, { body: update, headers: { "If-Match": 'W/"1"' } });
    expect(await refusal(put)).toEqual([409, "duplicate"]);
  });
});

describe("searching patients", () => {
  let id: string;
  const born = "1949-07-23";
  const value = nationalNumber(born, 77);

  beforeAll(async () => {
    const names = [{ family: "Test-Größmüller-Thill", given: ["Jean-Pierre", "Émile"] }];
    const body = person({ name: names, birthDate: born, identifier: [{ system: nationalNumberSystem, value }], gender: "male" });
    id = (await create({ ...body, address: [{ city: "Beispielingen" }] })).id;
  });

  it.each([
    ["the number with its system", `identifier=${nationalNumberSystem}|${value}`],
    ["the number alone", `identifier=${value}`],
    ["the number with spaces", `identifier=${value.slice(0, 8)} ${value.slice(8)}`],
    ["the name as it is", "family=Test-Größmüller-Thill"],
    ["without diacritics, ß and ü written out", "family=test-groessmueller-thill"],
    ["without the umlaut", "family=Grossmuller"],
    ["by its beginning", "family=Test-Grö"],
    ["by the second part of a double name", "family=Thill"],
    ["by its sound", "family=Krossmüler"],
    ["by a part's sound", "family=Til"],
    ["another form of the given name", "given=Johann&family=Thill"],
    ["one of several given names", "given=Emil"],
    ["names in each other's place", "family=Jean-Pierre&given=Thill"],
    ["words of the name in any order", "name=Thill Jean"],
    ["a date", "birthdate=1949-07-23"],
    ["a month", "birthdate=1949-07"],
    ["a range", "birthdate=ge1949-07-23&birthdate=lt1949-07-24"],
    ["a city and a gender", "address-city=Beispiel&gender=male&family=Thill"],
    ["exactly", "family:exact=Test-Größmüller-Thill"],
  ])("finds by %s", async (_, query) => {
    expect(await found(`Patient?${query.replaceAll("|", "%7C").replaceAll(" ", "+")}`)).toContain(id);
  });

  it.each([
    ["another number", `identifier=${nationalNumber(born, 78)}`],
    ["another name", "family=Test-Zimmermann"],
    ["the exact name in another spelling", "family:exact=Test-Groessmueller-Thill"],
    ["the name with another day", "family=Thill&birthdate=1949-07-24"],
    ["the other gender", "family=Thill&gender=female"],
    ["a later date", "birthdate=gt1949-07-23&family=Thill"],
    ["those not active", "active=false&family=Thill"],
  ])("does not find by %s", async (_, query) => {
    expect(await found(`Patient?${query}`)).not.toContain(id);
  });

  it("takes the search as a form, and says what it does not understand", async () => {
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const posted = await registry.call("POST", "/registry/fhir/Patient/_search", { body: `identifier=${value}`, headers });
    expect(ids((await posted.json()) as Bundle)).toEqual([id]);
    expect(await refusal(registry.call("GET", "/registry/fhir/Patient?shoe-size=44"))).toEqual([400, "not-supported"]);
    expect(await refusal(registry.call("GET", "/registry/fhir/Patient?birthdate=yesterday"))).toEqual([400, "value"]);
    expect(await refusal(registry.call("GET", "/registry/fhir/Patient?family=Thill&_sort=shoe"))).toEqual([400, "not-supported"]);
    expect(await refusal(registry.call("GET", "/registry/fhir/Patient?family=Thill&_cursor=x"))).toEqual([400, "value"]);
    for (const cursor of [["a\0", "b"], ["yesterday", "b"], [1, 2], null]) {
      const text = Buffer.from(JSON.stringify(cursor)).toString("base64url");
      expect(await refusal(registry.call("GET", `/registry/fhir/Patient?_sort=_lastUpdated&_cursor=${text}`))).toEqual([400, "value"]);
    }
    const lenient = await get<Bundle>("/fhir/Patient?family=Thill&_elements=id");
    expect(lenient.entry?.at(-1)?.search?.mode).toBe("outcome");
  });

  it("pages through all of them, each once, in the order of their names, also backwards", async () => {
    const family = "Test-Pagingfamily";
    const made: string[] = [];
    for (const given of ["Clea", "Ada", "Ben", "Eva", "Dan"]) made.push((await create(person({ name: [{ family, given: [given] }] }))).id);
    const walk = async (sort: string): Promise<string[]> => {
      const all: string[] = [];
      let path: string | undefined = `/fhir/Patient?family=${family}&_count=2&_sort=${sort}`;
      while (path) {
        const page: Bundle = await get<Bundle>(path);
        all.push(...ids(page));
        path = page.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test/registry", "");
      }
      return all;
    };
    const byName = [1, 2, 0, 4, 3].map((place) => made[place]);
    expect(await walk("name")).toEqual(byName);
    expect(await walk("-name")).toEqual(byName.toReversed());
    expect(await walk("_lastUpdated")).toEqual(made);
  });

  it("survives any text", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyText,
        fc.constantFrom("family", "name", "given", "identifier", "birthdate", "address-city", "_cursor", "_id"),
        async (text, name) => {
          const response = await registry.call("GET", `/registry/fhir/Patient?${new URLSearchParams([[name, text]])}`);
          expect([200, 400]).toContain(response.status);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("who may do what", () => {
  const as = (who: string, method: string, path: string, options: CallOptions = {}): Promise<Response> =>
    registry.call(method, `/registry${path}`, { ...options, headers: { ...headersOf[who], ...options.headers } });
  let stranger: Resource;
  let birthDate: string;

  beforeAll(async () => {
    const own = person();
    const response = await registry.call("PUT", "/registry/fhir/Patient/own-patient", { body: { ...own, id: "own-patient" } });
    expect(response.status).toBe(201);
    const body = person({ name: [{ family: "Test-Fremdling", given: ["Ada"] }] });
    birthDate = body.birthDate;
    stranger = await create(body);
  });

  it("lets a patient read the own entry and nothing else", async () => {
    expect((await as("patient", "GET", "/fhir/Patient/own-patient")).status).toBe(200);
    for (const path of [
      `/fhir/Patient/${stranger.id}`,
      "/fhir/Patient?family=Test-Fremdling",
      "/fhir/Practitioner",
      "/duplicates",
      "/outbox",
    ]) {
      expect(await refusal(as("patient", "GET", path)), path).toEqual([403, "forbidden"]);
    }
    expect(await refusal(as("patient", "POST", "/fhir/Patient", { body: person() }))).toEqual([403, "forbidden"]);
  });

  it("lets a professional find whom they know, and not browse", async () => {
    const enough = [`family=Fremdling&birthdate=${birthDate}`, `name=Ada+Fremdling&birthdate=eq${birthDate}`];
    const number = stranger.identifier?.[0]?.value;
    enough.push(`identifier=${number}`, `identifier=${nationalNumberSystem}%7C${number}`, `_id=${stranger.id}`);
    for (const query of enough) expect(await found(`Patient?${query}`, headersOf.physician), query).toEqual([stranger.id]);
    const browsing = [
      "",
      "?family=Fremdling",
      `?birthdate=${birthDate}`,
      `?name=A&birthdate=${birthDate}`,
      "?family=Fremdling&birthdate=1950",
      "?gender=female",
      "?identifier=17",
      "?identifier=urn:x%7C17",
      "?_id=a,b",
      `?identifier=${nationalNumber(birthDate, 1)},${nationalNumber(birthDate, 2)}`,
    ];
    for (const query of browsing) {
      expect(await refusal(as("physician", "GET", `/fhir/Patient${query}`)), query).toEqual([400, "required"]);
    }
    for (const [method, path] of [
      ["POST", "/fhir/Patient/$merge"],
      ["GET", "/duplicates"],
      ["POST", "/imports"],
      ["GET", "/outbox"],
    ] as const) {
      expect(await refusal(as("physician", method, path, method === "POST" ? { body: {} } : {})), path).toEqual([403, "forbidden"]);
    }
    expect(await refusal(as("physician", "POST", "/fhir/Patient", { body: person() }))).toEqual([403, "forbidden"]);
    expect((await as("physician", "GET", "/fhir/Practitioner")).status).toBe(200);
  });

  it("bounds what is shown of many who fit", async () => {
    const given =
      "Ada Bernd Clea Dagmar Egon Fatima Gustav Hedwig Igor Jolanda Kurt Leonie Moritz Nadine Oskar Petra Quirin Rosa Sven Tamara Ulrich Vera Walter";
    for (const name of given.split(" ")) {
      await create({ ...person(), name: [{ family: "Test-Vielling", given: [name] }], birthDate: "1977-07-07", identifier: [] });
    }
    const bundle = await get<Bundle>("/fhir/Patient?family=Vielling&birthdate=1977-07-07&_count=50", headersOf.physician);
    expect([ids(bundle).length, bundle.link.map(({ relation }) => relation)]).toEqual([20, ["self"]]);
    expect(bundle.entry?.at(-1)?.search?.mode).toBe("outcome");
  });

  it("lets the software of an organisation match and create, not change", async () => {
    const created = await create(person(), headersOf.software);
    const put = as("software", "PUT", `/fhir/Patient/${created.id}`, { body: created, headers: { "If-Match": 'W/"1"' } });
    expect(await refusal(put)).toEqual([403, "forbidden"]);
    expect(await refusal(as("software", "GET", "/fhir/Patient?family=x"))).toEqual([403, "forbidden"]);
    expect(await refusal(as("software", "POST", "/fhir/Practitioner", { body: { resourceType: "Practitioner" } }))).toEqual([
      403,
      "forbidden",
    ]);
  });

  it("needs the token's scopes, and a token", async () => {
    const token = await issuer.token({ scope: "system/Practitioner.rs" });
    const read = registry.call("GET", `/registry/fhir/Patient/${stranger.id}`, { headers: { Authorization: `Bearer ${token}` } });
    expect(await refusal(read)).toEqual([403, "forbidden"]);
    expect(await refusal(registry.call("GET", "/registry/fhir/Patient", { headers: { Authorization: "" } }))).toEqual([401, "login"]);
  });

  it("records one event for each patient touched, refusals included", async () => {
    const first = await create(person({ name: [{ family: "Test-Auditling", given: ["Ada"] }] }));
    const second = await create(person({ name: [{ family: "Test-Auditling", given: ["Ben"] }] }));
    await get("/fhir/Patient?family=Auditling", { "X-Request-Id": "audit-search", ...headersOf.operator });
    const expected = [first.id, second.id].sort().map((patient_id) => ({ interaction: "search-type", outcome: "0", patient_id }));
    expect(await audits("audit-search")).toEqual(expected);
    await as("patient", "GET", `/fhir/Patient/${first.id}`, { headers: { "X-Request-Id": "audit-refused" } });
    expect(await audits("audit-refused")).toEqual([{ interaction: "read", outcome: "8", patient_id: first.id }]);
    await as("physician", "GET", "/fhir/Patient?family=Auditling", { headers: { "X-Request-Id": "audit-browsing" } });
    expect(await audits("audit-browsing")).toEqual([{ interaction: "search-type", outcome: "4", patient_id: null }]);
  });
});

describe("matching", () => {
  const match = (patient: object, more: object[] = [], headers: Record<string, string> = {}): Promise<Response> =>
    registry.call("POST", "/registry/fhir/Patient/$match", {
      body: { resourceType: "Parameters", parameter: [{ name: "resource", resource: patient }, ...more] },
      headers,
    });

  it("grades those who may be the person, the likeliest first, and says why", async () => {
    const body = person({ name: [{ family: "Test-Matchweber", given: ["Marie"] }] });
    const same = await create(body);
    const alike = await create({
      ...person(),
      name: [{ family: "Test-Matchveber", given: ["Maria"] }],
      birthDate: body.birthDate,
      identifier: [],
    });
    const response = await match({ resourceType: "Patient", name: body.name, birthDate: body.birthDate, gender: "female" }, [], {
      "Accept-Language": "de",
      "X-Request-Id": "match-1",
    });
    const bundle = (await response.json()) as Bundle;
    expect([response.status, ids(bundle)]).toEqual([200, [same.id, alike.id]]);
    const [first] = bundle.entry ?? [];
    const grade = first?.search?.extension?.find(({ url }) => url.endsWith("/match-grade"))?.valueCode;
    const words = first?.search?.extension?.flatMap(({ valueString }) => valueString ?? []);
    expect([grade, (first?.search?.score ?? 0) > 0.99, words]).toEqual([
      "certain",
      true,
      expect.arrayContaining(["gleiches Geburtsdatum"]),
    ]);
    expect((await audits("match-1")).map(({ patient_id }) => patient_id)).toEqual([same.id, alike.id].sort());
    const certain = await match(body, [{ name: "onlyCertainMatches", valueBoolean: true }], headersOf.physician);
    expect(ids((await certain.json()) as Bundle)).toEqual([same.id]);
    const one = await match(body, [{ name: "count", valueInteger: 1 }], headersOf.software);
    expect(ids((await one.json()) as Bundle)).toEqual([same.id]);
    const typed = bundle as unknown as { resourceType: string };
    expect(() => validate(registry.deps.definitions, typed)).not.toThrow();
  });

  it("gives none to whom wants certainty where two are certain", async () => {
    const body = { ...person({ name: [{ family: "Test-Doppelgang", given: ["Ada"] }] }), identifier: [] };
    const first = await create(body);
    await create(body, { "DSP-Duplicates-Reviewed": first.id });
    const bundle = (await (await match(body, [{ name: "onlyCertainMatches", valueBoolean: true }])).json()) as Bundle;
    expect([ids(bundle), bundle.entry?.[0]?.search?.mode]).toEqual([[], "outcome"]);
  });

  it("refuses what tells too little, and what is no Parameters", async () => {
    expect(await refusal(match({ resourceType: "Patient", name: [{ family: "Test-Weber" }] }))).toEqual([400, "required"]);
    expect(await refusal(registry.call("POST", "/registry/fhir/Patient/$match", { body: person() }))).toEqual([400, "invalid"]);
    const wrong = { resourceType: "Patient", identifier: [{ system: nationalNumberSystem, value: "123" }] };
    expect(await refusal(match(wrong))).toEqual([400, "value"]);
    const local = { resourceType: "Patient", identifier: [{ system: "urn:practice", value: "17" }] };
    expect(await refusal(match(local, [], headersOf.software))).toEqual([400, "required"]);
    expect((await match(local)).status).toBe(200);
  });

  it("refuses a certain duplicate, names it, and takes it once somebody looked", async () => {
    const body = { ...person(), identifier: [] };
    const first = await create(body);
    const response = await registry.call("POST", "/registry/fhir/Patient", {
      body,
      headers: { "X-Request-Id": "duplicate-1", ...headersOf.software },
    });
    const { issue } = (await response.json()) as Outcome;
    expect([response.status, issue.map(({ code, expression }) => [code, expression])]).toEqual([
      409,
      [["duplicate", [`Patient/${first.id}`]]],
    ]);
    expect(await audits("duplicate-1")).toEqual([{ interaction: "create", outcome: "4", patient_id: first.id }]);
    const wrong = registry.call("POST", "/registry/fhir/Patient", { body, headers: { "DSP-Duplicates-Reviewed": "somebody-else" } });
    expect(await refusal(wrong)).toEqual([409, "duplicate"]);
    const second = await create(body, { "DSP-Duplicates-Reviewed": `Patient/${first.id}` });
    const { pairs } = await get<{ pairs: { id: string; grade: string; reasons: string[]; patients: Resource[] }[] }>(
      "/duplicates?count=100",
      headersOf.operator,
    );
    const pair = pairs.find(({ patients }) => patients.some(({ id }) => id === second.id));
    expect([pair?.grade, pair?.patients.map(({ id }) => id).sort(), pair?.reasons.includes("same birth date")]).toEqual([
      "certain",
      [first.id, second.id].sort(),
      true,
    ]);
    const dismissed = await registry.call("POST", `/registry/duplicates/${pair?.id}/dismiss`);
    expect(dismissed.status).toBe(204);
    const list = async (state: string) => await get<{ pairs: { id: string }[] }>(`/duplicates?count=100&state=${state}`);
    expect((await list("open")).pairs.map(({ id }) => id)).not.toContain(pair?.id);
    expect((await list("dismissed")).pairs.map(({ id }) => id)).toContain(pair?.id);
  });

  it("takes one of two equal newcomers who come at the same moment", async () => {
    const body = { ...person(), identifier: [] };
    const answers = await Promise.all(Array.from({ length: 5 }, () => registry.call("POST", "/registry/fhir/Patient", { body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  it("forgets a pair once the two no longer look alike", async () => {
    const body = { ...person(), identifier: [] };
    const first = await create(body);
    const second = await create(body, { "DSP-Duplicates-Reviewed": first.id });
    const changed = { ...second, ...person({ identifier: [] }), id: second.id };
    const put = await registry.call("PUT", `/registry/fhir/Patient/${second.id}`, { body: changed, headers: { "If-Match": 'W/"1"' } });
    expect(put.status, await put.clone().text()).toBe(200);
    const rows = await postgres.query(postgres.at(0), "SELECT 1 FROM registry.duplicate_pair WHERE $1 IN (left_id, right_id)", [second.id]);
    expect(rows).toEqual([]);
  });
});

describe("the directory", () => {
  beforeAll(async () => {
    await seed(registry.deps);
  });

  it("finds professionals by name, profession, organisation and city", async () => {
    expect(await found("Practitioner?name=hofmann", headersOf.physician)).toEqual(["demo-hoffmann"]);
    expect(await found("Practitioner?address-city=beispielingen", headersOf.physician)).toEqual(["demo-lentz", "demo-reuter"]);
    expect(await found("PractitionerRole?role=physician", headersOf.physician)).toEqual(["demo-hoffmann-role", "demo-lentz-role"]);
    expect(await found("PractitionerRole?role=urn:dsp:profession%7Cnurse", headersOf.physician)).toEqual(["demo-reuter-role"]);
    expect(await found("PractitionerRole?organization=Organization/demo-hospital&active=true", headersOf.physician)).toEqual([
      "demo-lentz-role",
      "demo-reuter-role",
    ]);
    expect(await found("PractitionerRole?organization.address-city=Musterdorf&role=pharmacist", headersOf.physician)).toEqual([
      "demo-faber-role",
    ]);
    expect(await found("PractitionerRole?practitioner.name=Reuter", headersOf.physician)).toEqual(["demo-reuter-role"]);
    expect(await found("Organization?name=hopital", headersOf.physician)).toEqual(["demo-hospital"]);
    expect(await found("Organization?identifier=demo-pharmacy", headersOf.physician)).toEqual(["demo-pharmacy"]);
    expect(await found("Organization?_count=2", headersOf.physician)).toEqual(["demo-hospital", "demo-laboratory"]);
    const bundle = await get<Bundle>(
      "/fhir/PractitionerRole?role=nurse&_include=PractitionerRole:practitioner&_include=PractitionerRole:organization",
    );
    const included = (bundle.entry ?? []).filter(({ search }) => search?.mode === "include").map(({ resource }) => resource.id);
    expect(included.sort()).toEqual(["demo-hospital", "demo-reuter"]);
  });

  it("is changed by the administration", async () => {
    const made = await create({ resourceType: "Organization", name: "Test-Neu", active: true }, headersOf.operator);
    const body = { ...made, active: false };
    const put = await registry.call("PUT", `/registry/fhir/Organization/${made.id}`, {
      body,
      headers: { "If-Match": 'W/"1"', ...headersOf.operator },
    });
    expect(put.status).toBe(200);
    expect(await found("Organization?name=Test-Neu&active=true")).toEqual([]);
    expect(await found("Organization?name=Test-Neu&active=false")).toEqual([made.id]);
  });
});

describe("the seed", () => {
  it("writes everything once, the two deliberate duplicates on the work list", async () => {
    const { written, present } = await seed(registry.deps);
    expect([written, present > 10]).toEqual([0, true]);
    const named: string[] = [];
    let path: string | undefined = "/duplicates?count=2";
    while (path) {
      const page: { pairs: { patients: Resource[] }[]; next?: string } = await get(path);
      named.push(...page.pairs.map(({ patients }) => patients.map(({ id }) => id).join(" ")));
      path = page.next?.replace("https://dsp.test/registry", "");
    }
    expect(new Set(named).size).toBe(named.length);
    expect(named).toEqual(expect.arrayContaining(["demo-marie demo-marie-again", "demo-lucas demo-lucas-again"]));
    expect(await found(`Patient?identifier=${nationalNumber("2019-05-05", 950)}`)).toEqual(["demo-noah"]);
  });
});

describe("what the service says of itself", () => {
  it("is a valid CapabilityStatement whose search parameters all work", async () => {
    const response = await registry.call("GET", "/registry/fhir/metadata", { headers: { Authorization: "" } });
    const statement = (await response.json()) as {
      resourceType: string;
      rest: { resource: { type: string; searchParam: { name: string; type: string }[]; searchInclude?: string[] }[] }[];
    };
    validate(registry.deps.definitions, statement);
    for (const { type, searchParam, searchInclude } of statement.rest[0]?.resource ?? []) {
      for (const { name, type: kind } of searchParam) {
        const value = kind === "date" ? "1958-03-14" : name === "active" ? "true" : "demo";
        expect(
          (await registry.call("GET", `/registry/fhir/${type}?${name}=${value}`, { headers: { Prefer: "handling=strict" } })).status,
          `${type} ${name}`,
        ).toBe(200);
      }
      for (const name of searchInclude ?? []) await get(`/fhir/${type}?_include=${name}`);
    }
  });

  it("is an OpenAPI document whose paths are there", async () => {
    const document = await get<{ openapi: string; paths: Record<string, Record<string, object>> }>("/openapi.json", { Authorization: "" });
    expect(document.openapi).toBe("3.1.0");
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of Object.keys(methods)) {
        const url = `/registry${path.replace("{id}", "12345678-1234-1234-1234-123456789012")}`;
        const response = await registry.call(method.toUpperCase(), url, method === "post" ? { body: {} } : {});
        const text = await response.text();
        expect(text, `${method} ${path}`).not.toContain("There is nothing at this address");
        expect(response.status, `${method} ${path}`).not.toBe(500);
      }
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? "");
    for (const reference of references) {
      const target = reference.split("/").reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
      expect(target, reference).toBeDefined();
    }
  });
});
