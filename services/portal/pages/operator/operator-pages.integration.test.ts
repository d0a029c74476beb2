import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserSession } from "../../testing/browser-session.ts";
import { drillResults } from "../../testing/drill-results.ts";
import { seedOperator } from "../../testing/seed-operator.ts";
import type { Person } from "../../testing/test-identity.ts";
import { hoffmann, marie, operator, startTestPortal, type TestPortal } from "../../testing/test-portal.ts";

let portal: TestPortal;

beforeAll(async () => {
  portal = await startTestPortal();
  await seedOperator(portal);
}, 120_000);

afterAll(async () => {
  await portal?.stop();
});

async function signedIn(person: Person = operator): Promise<BrowserSession> {
  portal.identity.person = person;
  const session = new BrowserSession(portal.origin);
  await session.open("/portal/sign-in");
  return session;
}

async function audited(schema: "portal" | "record", where: string): Promise<number> {
  const [row] = await portal.postgres.query<{ count: number }>(
    portal.postgres.at(0),
    `SELECT count(*)::int AS count FROM ${schema}.audit_event WHERE ${where}`,
  );
  return row?.count ?? 0;
}

describe("operators' pages", () => {
  it.each(["", "/platform", "/drills", "/reviews", "/feedback", "/service-desk", "/audit"])("are for nobody else: %s", async (path) => {
    for (const person of [marie, hoffmann]) expect((await (await signedIn(person)).open(`/portal/operator${path}`)).status).toBe(403);
  });
});

describe("reports of drills", () => {
  const send = async (person: Person, body: string): Promise<Response> =>
    await fetch(`${portal.origin}/portal/operator/drill-reports`, {
      ...{
        method: "POST",
        body,
        headers: { Authorization: `Bearer ${await portal.identity.accessToken(person)}`, "Content-Type": "application/json" },
      },
    });

  it("are taken from an operator's software once, and the newest is shown", async () => {
    const body = JSON.stringify(drillResults("2026-11-27T08:00:00.000Z"));
    const [first, second] = [await send(operator, body), await send(operator, body)];
    expect([first.status, second.status]).toEqual([201, 200]);
    const { id, location } = (await first.json()) as { id: string; location: string };
    expect(location).toBe(`${portal.origin}/portal/operator/drills/${id}`);
    expect(first.headers.get("Location")).toBe(location);
    const { text } = await (await signedIn()).open("/portal/operator/drills");
    expect(text).toMatch(/did not keep their promise: 1 of 4[\s\S]*A whole site is killed[\s\S]*a client waited 6.1 s/);
    expect(text.match(/class="entry-title" href="\/portal\/operator\/drills\/[0-9a-f]+"/g)).toHaveLength(2);
    expect(
      await audited("portal", "resource_type = 'DrillReport' AND interaction = 'create' AND subject = 'operator'"),
    ).toBeGreaterThanOrEqual(2);
  });

  it("are refused from others, and when they are none", async () => {
    expect((await send(hoffmann, JSON.stringify(drillResults()))).status).toBe(403);
    const wrong = await send(operator, "{}");
    expect([wrong.status, ((await wrong.json()) as { resourceType: string }).resourceType]).toEqual([400, "OperationOutcome"]);
    const unknown = await fetch(`${portal.origin}/portal/operator/drill-reports`, {
      method: "POST",
      body: "{}",
      headers: { Authorization: "Bearer x" },
    });
    expect(unknown.status).toBe(401);
    expect(await audited("portal", "resource_type = 'DrillReport' AND outcome = '8'")).toBe(1);
  });

  it("are added by hand, but by no other site's page", async () => {
    const session = await signedIn();
    const { text } = await session.open("/portal/operator/drills");
    const [, token = ""] = /name="_token" value="([^"]+)"/.exec(text.split("drill-reports")[1] ?? "") ?? [];
    const [, key = ""] = /name="_key" value="([^"]+)"/.exec(text.split("drill-reports")[1] ?? "") ?? [];
    const form = (content: string, proof = token): FormData => {
      const data = new FormData();
      data.set("_token", proof);
      data.set("_key", key);
      data.set("file", new File([content], "results.json", { type: "application/json" }));
      return data;
    };
    const action = "/portal/operator/drill-reports";
    expect((await session.open(action, { method: "POST", body: form("no") })).text).toContain(
      "This file is no results.json of ./dsp drill",
    );
    expect((await session.open(action, { method: "POST", body: form(JSON.stringify(drillResults()), "x") })).status).toBe(403);
    const added = await session.open(action, { method: "POST", body: form(JSON.stringify(drillResults("2026-11-27T09:00:00.000Z"))) });
    expect(added).toMatchObject({ status: 200, path: expect.stringMatching(/drills\/[0-9a-f]{32}\?done=added/) });
    expect((await session.open("/portal/operator/drills/0000")).status).toBe(404);
  });
});

describe("feedback", () => {
  it("is listed without a name, marked and opened again, and each look recorded", async () => {
    const session = await signedIn();
    const before = await audited("portal", "resource_type = 'Feedback'");
    const page = await session.open("/portal/operator/feedback");
    expect(page.text).toContain("To be answered (2)");
    expect(page.text).toContain("Test &lt;b&gt;schnell&lt;/b&gt; &amp; gut.");
    expect(page.text).not.toContain("hoffmann");
    const action = "/portal/operator/feedback/00000000-0000-4000-8000-000000000002";
    const marked = await session.submit(page.text, action, {});
    expect(marked.path).toBe("/portal/operator/feedback?done=marked");
    expect(marked.text).toContain("To be answered (1)");
    expect((await session.submit(marked.text, action, {})).text).toContain("To be answered (2)");
    expect(await audited("portal", "resource_type = 'Feedback'")).toBe(before + 5);
  });
});

describe("reports and emergencies", () => {
  it("are listed, looked into without medical data, and answered where the patient reads it", async () => {
    const session = await signedIn();
    const queue = await session.open("/portal/operator/reviews");
    expect(queue.text).toMatch(/Emergency access[\s\S]*unconscious[\s\S]*Reported access[\s\S]*I was not treated there/);
    const [, path = ""] = /href="(\/portal\/operator\/reviews\/[^"?]+)">Reported access/.exec(queue.text) ?? [];
    const page = await session.open(path);
    expect(page.text).toMatch(/Dr Claire Test-Hoffmann[\s\S]*Physicians[\s\S]*reading/);
    expect(page.text).not.toMatch(/Penicillin|Diabetes|Marie Test/);
    const empty = await session.submit(page.text, path, { text: "" });
    expect([empty.status, empty.text.includes("Write an answer"), empty.text.includes("Choose what happens then")]).toEqual([
      422,
      true,
      true,
    ]);
    const sent = await session.submit(page.text, path, { text: "Test: a substitute physician.", next: "completed" });
    expect(sent).toMatchObject({ status: 200, path: `${path}?done=sent` });
    expect(sent.text).not.toContain("<textarea");
    expect((await session.open("/portal/operator/reviews?show=done")).text).toContain("Reported access");
    const patient = await (await signedIn(marie)).open("/portal/patient/accesses?show=everything");
    expect(patient.text).toContain("Test: a substitute physician.");
    expect(patient.text).toContain("Max Test-Betrieb (operator of the platform)");
  });
});

describe("the audit trail", () => {
  it("is verified when an operator wants it, once for one wish, and each look is recorded", async () => {
    const session = await signedIn();
    const looks = "subject = 'operator' AND interaction = 'operation' AND resource_type = 'AuditEvent'";
    const before = await audited("record", looks);
    const page = await session.open("/portal/operator/audit");
    expect(page.text).toContain("The chain was never verified from here.");
    expect(page.text).toMatch(/<code>\d+:[0-9a-f]{64}<\/code>/);
    expect(await audited("record", looks)).toBe(before + 1);
    const action = "/portal/operator/audit/walks";
    for (let times = 0; times < 2; times++) {
      const done = await session.submit(page.text, action, {});
      expect(done.text).toMatch(/The chain is whole[\s\S]*entries were verified/);
    }
    expect(await portal.postgres.query(portal.postgres.at(0), "SELECT FROM portal.audit_walk")).toHaveLength(1);
    expect(await audited("portal", looks)).toBe(1);
  });

  it("goes on where a walk stopped, and shows what was found", async () => {
    const session = await signedIn();
    const [{ head } = { head: "" }] = await portal.postgres.query<{ head: string }>(
      portal.postgres.at(0),
      "SELECT head FROM portal.audit_walk",
    );
    await portal.postgres.query(
      portal.postgres.at(0),
      `INSERT INTO portal.audit_walk (id, begun_at, begun_by, stepped_at, head, defects)
        VALUES (gen_random_uuid(), now() + interval '1 s', 'operator', now() - interval '1 min', '${head}', '[{"kind":"removed","sequence":7}]')`,
    );
    const page = await session.open("/portal/operator/audit");
    expect(page.text).toContain("A verification stopped after");
    const done = await session.submit(page.text, "/portal/operator/audit/walks", {});
    expect(done.text).toMatch(/The chain is broken[\s\S]*Defects found: 1\.[\s\S]*>7<[\s\S]*An entry was removed/);
  });
});
