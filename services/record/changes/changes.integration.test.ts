import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { backgroundContext } from "../../lib/context.ts";
import { useTestRecord } from "../testing/record.ts";
import { expireChanges } from "./store.ts";

interface Page {
  changes: { type: string; id: string; version: number; method: string; patientIds: string[]; category: string }[];
  cursor: string;
  more: boolean;
}

const { postgres, issuer, record } = await useTestRecord();

async function changes(after?: string, more = ""): Promise<Page> {
  const response = await record.call("GET", `/fhir/$changes?${after === undefined ? "" : `after=${after}`}${more}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Page;
}

async function create(resource: { resourceType: string }): Promise<string> {
  const response = await record.call("POST", `/fhir/${resource.resourceType}`, { body: resource });
  expect(response.status, await response.clone().text()).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

const patient = { resourceType: "Patient", name: [{ family: "Test-Feed" }] };
const observation = (id: string, more: object = {}) => ({
  ...{ resourceType: "Observation", status: "final", code: { text: "Test" }, subject: { reference: `Patient/${id}` } },
  ...more,
});

describe("the feed of changes", () => {
  it("tells each version once, in order, by type, id and patient, and no bytes of documents", async () => {
    const { cursor } = await changes();
    const id = await create(patient);
    const observed = await create(observation(id));
    await record.call("PUT", `/fhir/Observation/${observed}`, { body: observation(id, { id: observed, status: "amended" }) });
    await record.call("DELETE", `/fhir/Observation/${observed}`);
    const data = Buffer.from("synthetic").toString("base64");
    const content = [{ attachment: { contentType: "text/plain", data } }];
    await create({ resourceType: "DocumentReference", status: "current", subject: { reference: `Patient/${id}` }, content } as {
      resourceType: string;
    });
    const page = await changes(cursor, "&_count=4");
    expect(page.changes.map(({ type, method, version }) => `${method} ${type} ${version}`)).toEqual([
      "POST Patient 1",
      "POST Observation 1",
      "PUT Observation 2",
      "DELETE Observation 3",
    ]);
    expect([page.more, page.changes[1]?.patientIds]).toEqual([true, [id]]);
    const rest = await changes(page.cursor);
    expect(rest.changes.map(({ type }) => type).sort()).toEqual(["DocumentReference", "List"]);
    expect((await changes(rest.cursor)).changes).toEqual([]);
  });

  it("does not skip what commits late", async () => {
    const { cursor } = await changes();
    const late = new pg.Client({ host: "127.0.0.1", port: postgres.at(0).port, user: "postgres", database: "postgres" });
    await late.connect();
    await late.query("BEGIN");
    await late.query(
      "INSERT INTO record.change (type, id, version, method, patient_ids, category) VALUES ('Patient', 'late', 1, 'POST', '{late}', 'other')",
    );
    const early = await create(patient);
    const before = await changes(cursor);
    expect(before.changes).toEqual([]);
    await late.query("COMMIT");
    await late.end();
    expect((await changes(before.cursor)).changes.map(({ id }) => id)).toEqual(["late", early]);
  });

  it("goes by numbers, not by their texts", async () => {
    const add = (xid: number, sequence: number, id: string) =>
      postgres.query(
        postgres.at(0),
        `INSERT INTO record.change (xid, sequence, type, id, version, method, patient_ids, category) OVERRIDING SYSTEM VALUE
          VALUES ($1::text::xid8, $2, 'Patient', $3, 1, 'POST', '{}', 'other')`,
        [xid, sequence, id],
      );
    await postgres.query(postgres.at(0), "DELETE FROM record.change");
    for (const [xid, sequence, id] of [
      [9, 5, "a"],
      [10, 9, "b"],
      [10, 10, "c"],
      [99, 1, "d"],
      [100, 2, "e"],
    ] as const)
      await add(xid, sequence, id);
    const told: string[] = [];
    let cursor = "0-0";
    for (let pages = 0; pages < 5; pages++) {
      const page = await changes(cursor, "&_count=2");
      told.push(...page.changes.map(({ id }) => id));
      cursor = page.cursor;
    }
    expect(told).toEqual(["a", "b", "c", "d", "e"]);
    await postgres.query(postgres.at(0), "DELETE FROM record.change");
  });

  it("waits for news, and tells them soon", async () => {
    const { cursor } = await changes();
    const startedMs = performance.now();
    const waiting = changes(cursor, "&wait=5");
    await sleep(700);
    const id = await create(patient);
    expect((await waiting).changes.map((each) => each.id)).toEqual([id]);
    expect(performance.now() - startedMs).toBeLessThan(4500);
  });

  it("says when changes were deleted before they were read", async () => {
    const { cursor } = await changes();
    const id = await create(patient);
    await postgres.query(postgres.at(0), "UPDATE record.change SET changed = now() - interval '8 days' WHERE id = $1", [id]);
    const context = backgroundContext(record.deps.log, "test", 5000);
    expect(await record.deps.database.write(context, (transaction) => expireChanges(transaction, 7))).toBe(1);
    const response = await record.call("GET", `/fhir/$changes?after=${cursor}`);
    expect(response.status).toBe(410);
    expect((await changes((await changes()).cursor)).changes).toEqual([]);
  });

  it("is for the platform's own software only, and recorded once for a page", async () => {
    for (const claims of [{ organization: "demo-practice" }, { role: "practitioner", scope: "user/*.cruds" }, { role: "operator" }]) {
      const headers = { Authorization: `Bearer ${await issuer.token(claims)}` };
      expect((await record.call("GET", "/fhir/$changes", { headers })).status).toBe(403);
      expect((await record.call("POST", "/fhir/$visible", { headers, body: { principals: [], resources: [] } })).status).toBe(403);
    }
    const { cursor } = await changes();
    await create(patient);
    await record.call("GET", `/fhir/$changes?after=${cursor}`, { headers: { "X-Request-Id": "page" } });
    await record.call("GET", `/fhir/$changes?after=${cursor.replace(/^\d+/, "99999999")}`, { headers: { "X-Request-Id": "look" } });
    const audits = await postgres.query(postgres.at(0), "SELECT request_id FROM record.audit_event WHERE request_id IN ('page', 'look')");
    expect(audits).toEqual([{ request_id: "page" }]);
  });

  it.each(["x", "1-2-3", "-1-1", "1-99999999999999999999", "99999999999999999999-1"])("refuses the cursor %s", async (after) => {
    expect((await record.call("GET", `/fhir/$changes?after=${after}`)).status).toBe(400);
  });
});

describe("who may know", () => {
  it("is decided by the rights that decide every read", async () => {
    const id = await create(patient);
    const normal = await create(observation(id));
    const hidden = await create(
      observation(id, { meta: { security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "V" }] } }),
    );
    const principals = [
      { role: "practitioner", scope: "user/*.rs", profession: "physician", organizationId: "o", person: "Practitioner/1" },
      { role: "practitioner", scope: "user/Patient.rs", profession: "physician" },
      { role: "practitioner", scope: "user/*.rs", profession: "gardener" },
      { role: "patient", scope: "patient/*.rs", patientId: id },
      { role: "patient", scope: "patient/*.rs", patientId: "other" },
      { role: "system", scope: "system/*.rs" },
    ];
    const resources = [normal, hidden, "none"].map((each) => ({ type: "Observation", id: each }));
    const response = await record.call("POST", "/fhir/$visible", { body: { principals, resources } });
    const { visible } = (await response.json()) as { visible: string[][] };
    const both = [`Observation/${normal}`, `Observation/${hidden}`].sort();
    expect(visible.map((each) => each.sort())).toEqual([[`Observation/${normal}`], [], [], both, [], both]);
  });
});
