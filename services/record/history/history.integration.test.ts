import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText } from "../../lib/testing/any-text.ts";
import { useTestRecord } from "../testing/record.ts";

interface Resource {
  resourceType: string;
  id: string;
  meta: { versionId: string; lastUpdated: string };
}
interface Bundle {
  type: string;
  total?: number;
  link: { relation: string; url: string }[];
  entry?: {
    fullUrl: string;
    resource?: Resource;
    request: { method: string; url: string };
    response: { etag: string; lastModified: string };
  }[];
}

const { postgres, issuer, record } = await useTestRecord();

async function write(method: "POST" | "PUT", resource: object): Promise<Resource> {
  const { resourceType, id } = resource as Resource;
  const response = await record.call(method, `/fhir/${resourceType}${method === "PUT" ? `/${id}` : ""}`, { body: resource });
  expect(response.ok, await response.clone().text()).toBe(true);
  return (await response.json()) as Resource;
}

const patient = { resourceType: "Patient", name: [{ family: "Test-Weber" }] };
const plan = (owner: string, more: object = {}) => ({
  ...{ resourceType: "CarePlan", status: "active", intent: "plan", subject: { reference: `Patient/${owner}` } },
  ...more,
});

async function history(path: string, headers: Record<string, string> = {}): Promise<Bundle> {
  const response = await record.call("GET", `/fhir/${path}`, { headers });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Bundle;
}

const next = ({ link }: Bundle): string | undefined =>
  link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test/fhir/", "");

/** Each version as `Type/id v1 POST`. */
const versions = ({ entry = [] }: Bundle): string[] =>
  entry.map(
    ({ fullUrl, request, response }) => `${fullUrl.replace("https://dsp.test/fhir/", "")} v${/\d+/.exec(response.etag)} ${request.method}`,
  );

async function everyPage(path: string, headers: Record<string, string> = {}, between?: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = [];
  for (let at: string | undefined = path; at !== undefined; ) {
    const page: Bundle = await history(at, headers);
    seen.push(...versions(page));
    at = next(page);
    if (at !== undefined) await between?.();
  }
  return seen;
}

async function refusal(answer: Promise<Response>): Promise<[number, string | undefined]> {
  const response = await answer;
  const body = (await response.json()) as { resourceType: string; issue: { code: string }[] };
  expect(body.resourceType).toBe("OperationOutcome");
  return [response.status, body.issue[0]?.code];
}

interface Audit {
  interaction: string;
  outcome: string;
  resource_type: string;
  patient_id: string | null;
}
async function audits(requestId: string): Promise<Audit[]> {
  const sql = "SELECT interaction, outcome, resource_type, patient_id FROM record.audit_event WHERE request_id = $1 ORDER BY patient_id";
  return await postgres.query(postgres.at(0), sql, [requestId]);
}

describe("the history of a type", () => {
  it("has every version, the newest first, deletions too, each as its own history has it", async () => {
    const owner = (await write("POST", patient)).id;
    const [first, second] = [await write("POST", plan(owner)), await write("POST", plan(owner))];
    await write("PUT", plan(owner, { id: first.id, status: "completed" }));
    await record.call("DELETE", `/fhir/CarePlan/${second.id}`);
    const bundle = await history("CarePlan/_history");
    expect([bundle.type, bundle.total]).toEqual(["history", undefined]);
    expect(versions(bundle)).toEqual([
      `CarePlan/${second.id} v2 DELETE`,
      `CarePlan/${first.id} v2 PUT`,
      `CarePlan/${second.id} v1 POST`,
      `CarePlan/${first.id} v1 POST`,
    ]);
    const [own] = (await history(`CarePlan/${first.id}/_history?_count=1`)).entry ?? [];
    expect(bundle.entry?.[1]).toEqual(own);
    expect(bundle.entry?.[0]?.resource).toBeUndefined();
  });

  it("is paged, and what is written meanwhile does not move the pages behind", async () => {
    const owner = (await write("POST", patient)).id;
    const list = { resourceType: "List", status: "current", mode: "working", subject: { reference: `Patient/${owner}` } };
    // At the same moment, so that the instant alone does not order them.
    const made = await Promise.all(Array.from({ length: 7 }, () => write("POST", list)));
    const [kept] = made;
    const meanwhile = () => write("PUT", { ...list, id: kept?.id, title: "t" });
    const seen = await everyPage("List/_history?_count=2&_total=accurate", {}, meanwhile);
    expect([...seen].sort()).toEqual(made.map(({ id }) => `List/${id} v1 POST`).sort());
    expect((await history("List/_history?_count=1&_total=accurate")).total).toBe(7 + 3);
  });

  it("begins at _since, and holds what was current at _at", async () => {
    const owner = (await write("POST", patient)).id;
    const goal = { resourceType: "Procedure", status: "in-progress", subject: { reference: `Patient/${owner}` } };
    const made = await write("POST", goal);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const changed = await write("PUT", { ...goal, id: made.id, status: "completed" });
    const by = async (query: string) => versions(await history(`Procedure/_history?${query}`)).map((text) => text.split(" ")[1]);
    expect(await by(`_since=${made.meta.lastUpdated}`)).toEqual(["v2", "v1"]);
    expect(await by(`_since=${changed.meta.lastUpdated}`)).toEqual(["v2"]);
    expect(await by("_since=2999-01-01T00:00:00Z")).toEqual([]);
    expect(await by(`_at=${made.meta.lastUpdated}`)).toEqual(["v1"]);
    expect(await by(`_at=${changed.meta.lastUpdated}`)).toEqual(["v2"]);
    expect(await by(`_at=${made.meta.lastUpdated.slice(0, 4)}`)).toEqual(["v2", "v1"]);
    expect(await by("_at=1999")).toEqual([]);
    const links = (await history(`Procedure/_history?_since=${made.meta.lastUpdated}&_count=1&nonsense=1`)).link.map(
      ({ url }) => new URL(url),
    );
    expect(links.map(({ searchParams }) => [...searchParams.keys()])).toEqual([
      ["_since", "_count"],
      ["_since", "_count", "_cursor"],
    ]);
  });

  it.each<[string, [number, string]]>([
    ["Basic/_history", [404, "not-supported"]],
    ["CarePlan/_history?_count=0", [400, "value"]],
    ["CarePlan/_history?_since=yesterday", [400, "value"]],
    ["CarePlan/_history?_at=24", [400, "value"]],
    ["CarePlan/_history?_cursor=abc", [400, "value"]],
    ["CarePlan/_history?_total=all", [400, "value"]],
    ["CarePlan/_history?_summary=count", [400, "value"]],
    ["CarePlan/_history?_list=List/1", [400, "not-supported"]],
    ["_history?_list=List/1", [400, "not-supported"]],
  ])("refuses %s", async (path, expected) => {
    expect(await refusal(record.call("GET", `/fhir/${path}`, { headers: { Prefer: "handling=strict" } }))).toEqual(expected);
  });

  it("is only read", async () => {
    for (const path of ["CarePlan/_history", "_history"])
      expect(await refusal(record.call("PUT", `/fhir/${path}`, { body: patient })), path).toEqual([405, "not-supported"]);
  });
});

describe("the history of everything", () => {
  it("goes through all types, page by page, each version once, in the order of time", async () => {
    const [{ count } = { count: "" }] = await postgres.query<{ count: string }>(
      postgres.at(0),
      "SELECT count(*) FROM record.resource_version",
    );
    const seen = await everyPage("_history?_count=7");
    expect([seen.length, new Set(seen).size]).toEqual([Number(count), Number(count)]);
    const bundle = await history("_history?_count=100&_total=accurate");
    expect(bundle.total).toBe(Number(count));
    const instants = (bundle.entry ?? []).map(({ response }) => response.lastModified);
    expect(instants).toEqual(instants.toSorted().toReversed());
    expect(new Set((bundle.entry ?? []).map(({ fullUrl }) => fullUrl.split("/").at(-2))).size).toBeGreaterThan(2);
  });

  it("leaves out the types that the token's scopes do not", async () => {
    const headers = { Authorization: `Bearer ${await issuer.token({ scope: "user/List.s user/Patient.r" })}`, "X-Request-Id": "h-scope" };
    const seen = await everyPage("_history", headers);
    expect([...new Set(seen.map((text) => text.split("/")[0]))]).toEqual(["List"]);
    const none = { Authorization: `Bearer ${await issuer.token({ scope: "user/*.r" })}`, "X-Request-Id": "h-none" };
    expect(await refusal(record.call("GET", "/fhir/_history", { headers: none }))).toEqual([403, "forbidden"]);
    expect(await refusal(record.call("GET", "/fhir/List/_history", { headers: none }))).toEqual([403, "forbidden"]);
    expect((await audits("h-none")).map(({ interaction, outcome }) => [interaction, outcome]).sort()).toEqual([
      ["history-system", "8"],
      ["history-type", "8"],
    ]);
  });
});

describe("a patient's token", () => {
  it("sees the own record's versions and the directory's, and no total tells of more", async () => {
    const [own, other] = [(await write("POST", patient)).id, (await write("POST", patient)).id];
    const doctor = await write("POST", { resourceType: "Practitioner", name: [{ family: "Test-Doctor" }] });
    const [mine, gone, theirs] = [await write("POST", plan(own)), await write("POST", plan(own)), await write("POST", plan(other))];
    await record.call("DELETE", `/fhir/CarePlan/${gone.id}`);
    const token = await issuer.token({ sub: "p", role: "patient", scope: "patient/*.rs", patient: own });
    const headers = { Authorization: `Bearer ${token}`, "X-Request-Id": `h-${own}` };
    const plans = [`CarePlan/${gone.id} v2 DELETE`, `CarePlan/${gone.id} v1 POST`, `CarePlan/${mine.id} v1 POST`];
    const bundle = await history("CarePlan/_history?_total=accurate", headers);
    expect([versions(bundle), bundle.total]).toEqual([plans, 3]);
    const all = await everyPage("_history?_count=2", { ...headers, "X-Request-Id": `h-all-${own}` });
    expect(all).toEqual([...plans, `Practitioner/${doctor.id} v1 POST`, `Patient/${own} v1 POST`]);
    expect((await history("_history?_total=accurate&_count=1", headers)).total).toBe(5);
    expect(all.join()).not.toContain(theirs.id);
    expect(await audits(`h-all-${own}`)).toEqual(
      [1, 2, 3].map(() => ({ interaction: "history-system", outcome: "0", resource_type: "Resource", patient_id: own })),
    );
  });

  it("sees of a resource that came from another record only what it was in the own one", async () => {
    const [from, to] = [(await write("POST", patient)).id, (await write("POST", patient)).id];
    const moved = await write("POST", plan(from));
    await write("PUT", plan(to, { id: moved.id }));
    const seenBy = async (id: string) => {
      const token = await issuer.token({ sub: "p", role: "patient", scope: "patient/*.rs", patient: id });
      return versions(await history("CarePlan/_history", { Authorization: `Bearer ${token}` }));
    };
    expect(await seenBy(from)).toEqual([]);
    expect(await seenBy(to)).toEqual([`CarePlan/${moved.id} v2 PUT`]);
  });
});

describe("the audit of a history", () => {
  it("has one record for each patient whose data are shown", async () => {
    const owners = [(await write("POST", patient)).id, (await write("POST", patient)).id];
    for (const owner of [...owners, ...owners]) await write("POST", { ...plan(owner), resourceType: "CarePlan" });
    await history("CarePlan/_history?_count=4", { "X-Request-Id": `h-audit-${owners[0]}` });
    expect(await audits(`h-audit-${owners[0]}`)).toEqual(
      owners.toSorted().map((patient_id) => ({ interaction: "history-type", outcome: "0", resource_type: "CarePlan", patient_id })),
    );
  });
});

describe("whatever is asked for", () => {
  it("is never a server error", async () => {
    const name = fc.oneof(fc.constantFrom("_count", "_since", "_at", "_cursor", "_total", "_summary", "_elements"), fc.string());
    const cursor = fc
      .tuple(
        fc.constantFrom("2024-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2024"),
        anyText,
        anyText,
        fc.integer(),
      )
      .map((parts) => Buffer.from(JSON.stringify(parts)).toString("base64url"));
    const value = fc.oneof(anyText, cursor, fc.constantFrom("1", "2024", "9999", "0001-01-01", "2024-01-01T00:00:00Z", "true", "accurate"));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("CarePlan/_history", "_history"),
        fc.array(fc.tuple(name, value), { maxLength: 4 }),
        async (path, parameters) => {
          const query = parameters
            .map(([key, text]) => `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(text.toWellFormed())}`)
            .join("&");
          const response = await record.call("GET", `/fhir/${path}?${query}`);
          expect([query, response.status < 500]).toEqual([query, true]);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});
