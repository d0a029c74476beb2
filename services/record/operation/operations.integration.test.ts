/** $validate in its modes, and $everything's bounds. */
import { beforeAll, describe, expect, it } from "vitest";
import { useTestRecord } from "../testing/record.ts";

const { postgres, issuer, record } = await useTestRecord();

const label = (code: string) => [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code }];
const subject = { reference: "Patient/owner" };
const observation = (more: object = {}) => ({ resourceType: "Observation", status: "final", code: { text: "t" }, subject, ...more });

async function put(id: string, resource: object): Promise<void> {
  const { resourceType } = resource as { resourceType: string };
  const response = await record.call("PUT", `/fhir/${resourceType}/${id}`, { body: { id, ...resource } });
  expect(response.status, await response.clone().text()).toBe(201);
}

async function count(table: string): Promise<number> {
  const [row] = await postgres.query<{ count: string }>(postgres.at(0), `SELECT count(*) FROM record.${table}`);
  return Number(row?.count);
}

beforeAll(async () => {
  await put("owner", { resourceType: "Patient", name: [{ family: "Test-Owner" }] });
  await put("seen", observation());
  await put("secret", observation({ meta: { security: label("V") } }));
  await put("january", observation({ effectiveDateTime: "2024-01-10" }));
  await put("stay", {
    ...{ resourceType: "Encounter", status: "finished", class: { code: "IMP" }, subject },
    period: { start: "2024-01-20", end: "2024-02-10" },
  });
  await put("onset", { resourceType: "Condition", subject, onsetDateTime: "2024-03-01" });
  await put("prescription", {
    ...{ resourceType: "MedicationRequest", status: "active", intent: "order", subject, medicationCodeableConcept: { text: "t" } },
    authoredOn: "2024-04-01",
  });
});

describe("$validate", () => {
  type Told = [number, string | undefined, string | undefined];
  async function validate(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Told> {
    const response = await record.call("POST", `/fhir/${path}`, { ...(body === undefined ? {} : { body }), headers });
    const { resourceType, issue } = (await response.json()) as { resourceType: string; issue: { severity: string; code: string }[] };
    expect(resourceType).toBe("OperationOutcome");
    return [response.status, issue[0]?.severity, issue[0]?.code];
  }
  const fine: Told = [200, "information", "informational"];
  const parameters = (...parameter: object[]) => ({ resourceType: "Parameters", parameter });
  const profile = "http://hl7.org/fhir/StructureDefinition/Observation";
  const objection = {
    resourceType: "Consent",
    status: "active",
    scope: { text: "t" },
    category: [{ text: "t" }],
    policyRule: { text: "t" },
  };
  const notHeld = { ...objection, patient: subject, provision: { type: "deny", action: [{ text: "t" }] } };

  it.each<[string, string, unknown, Told]>([
    ["a resource", "Observation/$validate", observation(), fine],
    ["what is wrong", "Observation/$validate", observation({ status: "nonsense" }), [200, "error", "code-invalid"]],
    ["a resource in Parameters", "Observation/$validate", parameters({ name: "resource", resource: observation() }), fine],
    [
      "what is wrong in Parameters",
      "Observation/$validate",
      parameters({ name: "resource", resource: { resourceType: "Observation" } }),
      [200, "error", "structure"],
    ],
    ["nothing", "Observation/$validate", parameters(), [200, "error", "required"]],
    ["an unknown mode", "Observation/$validate?mode=nonsense", observation(), [400, "error", "value"]],
    ["a create", "Observation/$validate?mode=create", observation(), fine],
    [
      "a create, said in Parameters",
      "Observation/$validate",
      parameters({ name: "mode", valueCode: "create" }, { name: "resource", resource: observation() }),
      fine,
    ],
    ["a consent that is valid and would be refused", "Consent/$validate", notHeld, fine],
    ["the same as a create", "Consent/$validate?mode=create", notHeld, [200, "error", "not-supported"]],
    ["an update", "Observation/seen/$validate?mode=update", observation({ id: "seen" }), fine],
    ["an update of nothing in particular", "Observation/$validate?mode=update", observation(), [400, "error", "required"]],
    ["an update of another", "Observation/seen/$validate?mode=update", observation({ id: "other" }), [200, "error", "invalid"]],
    ["a deletion", "Observation/seen/$validate?mode=delete", undefined, fine],
    ["a deletion, said in Parameters", "Observation/seen/$validate", parameters({ name: "mode", valueCode: "delete" }), fine],
    ["a deletion of what is not there", "Observation/nobody/$validate?mode=delete", undefined, [200, "error", "not-found"]],
    ["FHIR's own profile", `Observation/$validate?profile=${profile}`, observation(), fine],
    ["the same by its mode", `Observation/$validate?mode=profile&profile=${profile}|4.0.1`, observation(), fine],
    ["a profile that is not known", "Observation/$validate?profile=http://test.example/p", observation(), [200, "error", "not-supported"]],
    ["a profile that is not named", "Observation/$validate?mode=profile", observation(), [400, "error", "required"]],
  ])("tells of %s", async (_title, path, body, expected) => {
    const before = [await count("resource_version"), await count("change"), await count("access_rule")];
    expect(await validate(path, body)).toEqual(expected);
    expect([await count("resource_version"), await count("change"), await count("access_rule")]).toEqual(before);
  });

  it("tells no more than the write itself would, and is audited as an attempt", async () => {
    const claims = { sub: "d", role: "practitioner", profession: "physician", fhirUser: "Practitioner/d", scope: "user/*.cruds" };
    const physician = { Authorization: `Bearer ${await issuer.token(claims)}`, "X-Request-Id": "validate-hidden" };
    for (const id of ["secret", "never"]) {
      expect(await validate(`Observation/${id}/$validate?mode=update`, observation({ id }), physician)).toEqual([
        200,
        "error",
        "not-found",
      ]);
      expect(await validate(`Observation/${id}/$validate?mode=delete`, undefined, physician)).toEqual([200, "error", "not-found"]);
    }
    const rows = await postgres.query(
      postgres.at(0),
      "SELECT DISTINCT interaction, outcome, patient_id FROM record.audit_event WHERE request_id = 'validate-hidden' ORDER BY outcome DESC",
    );
    expect(rows).toEqual([
      { interaction: "operation", outcome: "8", patient_id: "owner" },
      { interaction: "operation", outcome: "4", patient_id: null },
    ]);
    const reader = { Authorization: `Bearer ${await issuer.token({ ...claims, scope: "user/*.rs" })}` };
    expect(await validate("Observation/$validate?mode=create", observation(), reader)).toEqual([200, "error", "forbidden"]);
  });
});

describe("$everything", () => {
  const ask = async (query: string): Promise<string> => {
    const seen: string[] = [];
    for (let at: string | undefined = `/fhir/Patient/owner/$everything?${query}`; at !== undefined; ) {
      const response: Response = await record.call("GET", at);
      expect(response.status, await response.clone().text()).toBe(200);
      const bundle = (await response.json()) as { link: { relation: string; url: string }[]; entry?: { resource: { id: string } }[] };
      seen.push(...(bundle.entry ?? []).map(({ resource }) => resource.id));
      at = bundle.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test", "");
    }
    return seen.join(" ");
  };

  // What has no date of care belongs to all of a record's time.
  it.each([
    ["", "owner seen secret january stay onset prescription"],
    ["start=2024-02-01", "owner seen secret stay onset prescription"],
    ["end=2024-02-01", "owner seen secret january stay"],
    ["start=2024-02&end=2024-03", "owner seen secret stay onset"],
    ["start=2024-02&end=2024-03&_count=2", "owner seen secret stay onset"],
    ["start=2024-04-01&_type=MedicationRequest,Condition", "prescription"],
    ["_since=2999", ""],
    ["_type=Encounter", "stay"],
  ])("?%s", async (query, expected) => {
    expect(await ask(query)).toBe(expected);
  });

  it("refuses what is no date", async () => {
    for (const query of ["start=yesterday", "end=2024-13", "_since=x"])
      expect((await record.call("GET", `/fhir/Patient/owner/$everything?${query}`)).status, query).toBe(400);
  });
});

describe("one resource's history", () => {
  it("holds what was current at a time, page by page", async () => {
    const ask = async (query: string) => {
      const bundle = (await (await record.call("GET", `/fhir/Observation/seen/_history?${query}`)).json()) as {
        total: number;
        link: { url: string }[];
        entry?: { resource: { meta: { versionId: string; lastUpdated: string } } }[];
      };
      return { ...bundle, versions: (bundle.entry ?? []).map(({ resource }) => resource.meta.versionId).join(" ") };
    };
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await record.call("PUT", "/fhir/Observation/seen", { body: observation({ id: "seen", status: "amended" }) })).status).toBe(200);
    const all = await ask("");
    const [second, first] = (all.entry ?? []).map(({ resource }) => resource.meta.lastUpdated);
    expect([all.versions, all.total]).toEqual(["2 1", 2]);
    const then = await ask(`_at=${first}&_count=1`);
    expect([then.versions, then.total]).toEqual(["1", 1]);
    expect(then.link[0]?.url).toContain("_at=");
    expect((await ask(`_at=${second}`)).versions).toBe("2");
    expect((await ask(`_at=1999`)).versions).toBe("");
    expect((await ask(`_since=${second}`)).versions).toBe("2");
    expect((await record.call("GET", "/fhir/Observation/seen/_history?_at=then")).status).toBe(400);
  });
});
