import { describe, expect, it } from "vitest";
import { parseAfter, reindex } from "./reindex.ts";
import { useTestRecord } from "./testing/record.ts";

const { postgres, record } = await useTestRecord();

const sql = <R extends object>(text: string, values: unknown[] = []): Promise<R[]> => postgres.query<R>(postgres.at(0), text, values);

async function put(id: string, resource: object): Promise<void> {
  const { resourceType } = resource as { resourceType: string };
  const response = await record.call("PUT", `/fhir/${resourceType}/${id}`, { body: { id, ...resource } });
  expect([200, 201], await response.clone().text()).toContain(response.status);
}

const secret = { security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "V" }] };
const depression = { coding: [{ system: "http://hl7.org/fhir/sid/icd-10", code: "F32.1" }] };
const consent = (owner: string) => ({
  ...{ resourceType: "Consent", status: "active", scope: { text: "t" }, category: [{ text: "t" }], policyRule: { text: "t" } },
  patient: { reference: `Patient/${owner}` },
  provision: { type: "deny", class: [{ system: "urn:dsp:document-type", code: "laboratory" }] },
});

/** A record in which everything that rights depend on occurs. */
async function wholeRecord(owner: string): Promise<void> {
  const subject = { reference: `Patient/${owner}` };
  await put(owner, { resourceType: "Patient", name: [{ family: "Test-Reindex" }] });
  await put(`${owner}-condition`, { resourceType: "Condition", code: depression, subject });
  await put(`${owner}-gone`, { resourceType: "Condition", code: depression, subject });
  await put(`${owner}-secret`, { resourceType: "Observation", status: "final", code: { text: "t" }, subject, meta: secret });
  await put(`${owner}-binary`, { resourceType: "Binary", contentType: "text/plain", data: "dGVzdA==", securityContext: subject });
  await put(`${owner}-document`, {
    ...{ resourceType: "DocumentReference", status: "current", subject, meta: secret },
    content: [{ attachment: { contentType: "text/plain", url: `Binary/${owner}-binary` } }],
  });
  const target = [{ reference: `Observation/${owner}-secret` }];
  await put(`${owner}-provenance`, { resourceType: "Provenance", target, recorded: "2026-01-01T00:00:00Z", agent: [{ who: subject }] });
  await put(`${owner}-consent`, consent(owner));
  await put(`${owner}-withdrawn`, consent(owner));
  for (const path of [`Condition/${owner}-gone`, `Consent/${owner}-withdrawn`]) await record.call("DELETE", `/fhir/${path}`);
}

const labels = () => sql("SELECT type, id, version, category, level, patient_ids FROM record.resource ORDER BY type, id");
const rules = () => sql("SELECT * FROM record.access_rule ORDER BY source_type, source_id, actor");
const index = async () =>
  await Promise.all(
    ["token", "string", "date", "quantity"].map((table) => sql(`SELECT * FROM record.search_${table} ORDER BY 1, 2, 3, 4, 5, 6`)),
  );
const owners = () => sql("SELECT id, patient_ids FROM record.resource_version ORDER BY type, id, version");
const everything = async () => ({ labels: await labels(), rules: await rules(), index: await index() });

describe("reindex", () => {
  it("gives what was written before there were rights its document type, its level and its rules", async () => {
    await wholeRecord("old");
    const whole = await everything();
    expect(whole.rules).toHaveLength(1);
    await sql("UPDATE record.resource SET category = 'other', level = 0");
    await sql("DELETE FROM record.access_rule");
    const report = await reindex(record.deps);
    expect(report).toMatchObject({ resources: whole.labels.length, notHeld: [], isComplete: true });
    expect(await everything()).toEqual(whole);
    expect(report.relabelled).toBeGreaterThan(5);
    expect((await reindex(record.deps)).relabelled).toBe(0);
  });

  it("makes nothing less confidential, and leaves a Binary what its description made it", async () => {
    await wholeRecord("kept");
    await sql("UPDATE record.resource SET level = 2 WHERE id = 'kept-condition'");
    await sql("UPDATE record.resource SET category = 'imaging' WHERE id = 'kept-binary'");
    await reindex(record.deps);
    expect(await sql("SELECT id, category, level FROM record.resource WHERE id IN ('kept-condition', 'kept-binary') ORDER BY id")).toEqual([
      { id: "kept-binary", category: "imaging", level: 2 },
      { id: "kept-condition", category: "mental-health", level: 2 },
    ]);
  });

  it("puts into a record what an older version kept outside of it", async () => {
    await wholeRecord("outside");
    const [before, owned] = [await everything(), await owners()];
    await sql("UPDATE record.resource SET patient_ids = '{}' WHERE type = 'Provenance'");
    await sql("UPDATE record.resource_version SET patient_ids = '{}' WHERE type = 'Provenance'");
    await sql("DELETE FROM record.search_token WHERE type = 'Provenance' AND parameter = '_patient'");
    await reindex(record.deps);
    expect([await everything(), await owners()]).toEqual([before, owned]);
    expect(owned).toContainEqual({ id: "outside-provenance", patient_ids: ["outside"] });
  });

  it("stops when it is told to, and goes on where it stopped", async () => {
    await wholeRecord("resumed");
    const stopping = new AbortController();
    const first = await reindex(record.deps, {
      signal: stopping.signal,
      onProgress: ({ resources }) => {
        if (resources === 4) stopping.abort();
      },
    });
    expect(first).toMatchObject({ resources: 4, isComplete: false });
    const rest = await reindex(record.deps, { after: first.after });
    expect(rest).toMatchObject({ resources: (await labels()).length - 4, isComplete: true });
    expect(parseAfter(rest.after)).toBe(rest.after);
    expect(() => parseAfter("all")).toThrow("--after must be a number");
  });

  it("harms nothing that is written meanwhile", async () => {
    await wholeRecord("busy");
    let isDone = false;
    const writing = (async () => {
      for (let round = 1; !isDone || round < 3; round++) {
        await Promise.all(["busy-secret", "busy-condition", "busy-binary", "busy-document"].map((id) => touch(id)));
      }
    })();
    for (let times = 0; times < 3; times++) expect((await reindex(record.deps)).isComplete).toBe(true);
    isDone = true;
    await writing;
    const whole = await everything();
    await reindex(record.deps);
    expect(await everything()).toEqual(whole);
    const twice = `SELECT resource_key FROM record.search_token GROUP BY resource_key, parameter, system, code, occurrence HAVING count(*) > 1`;
    expect(await sql(twice)).toEqual([]);
  });

  it("goes on past a consent that it could not hold to, which then means nothing, and says which it is", async () => {
    await put("odd", { resourceType: "Patient", name: [{ family: "Test-Reindex" }] });
    await put("odd-consent", consent("odd"));
    const text = `UPDATE record.resource_version SET content = replace(content, '"type":"deny"', '"type":"deny","action":[{"text":"t"}]') WHERE id = 'odd-consent'`;
    await sql(text);
    expect(await reindex(record.deps)).toMatchObject({ notHeld: ["Consent/odd-consent"], isComplete: true });
    expect(await sql("SELECT * FROM record.access_rule WHERE source_id = 'odd-consent'")).toEqual([]);
    const found = (await (await record.call("GET", "/fhir/Consent?patient=odd&status=active")).json()) as { entry?: unknown[] };
    expect(found.entry).toHaveLength(1);
  });
});

/** Writes a resource again as it is. */
async function touch(id: string): Promise<void> {
  const [row] = await sql<{ type: string; content: string }>(
    "SELECT type, content FROM record.resource_version WHERE id = $1 ORDER BY version DESC LIMIT 1",
    [id],
  );
  if (row) await put(id, JSON.parse(row.content) as object);
}
