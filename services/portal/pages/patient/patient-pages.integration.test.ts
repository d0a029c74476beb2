import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bundle } from "@medplum/fhirtypes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserSession, hiddenFields } from "../../testing/browser-session.ts";
import { hoffmann, marie, startTestPortal, type TestPortal } from "../../testing/test-portal.ts";

let portal: TestPortal;
let session: BrowserSession;

beforeAll(async () => {
  portal = await startTestPortal();
  portal.identity.person = marie;
  session = new BrowserSession(portal.origin);
  await session.open("/portal/sign-in");
}, 120_000);

afterAll(async () => {
  await portal?.stop();
});

/** How many documents of the patient a physician finds. */
async function seenByPhysician(type = "DocumentReference"): Promise<number> {
  const { body } = await portal.record.get(`/fhir/${type}?patient=demo-marie&_count=100`, hoffmann);
  return ((body as unknown as Bundle).entry ?? []).length;
}

async function send(page: string, action: string, fields: Record<string, string | string[]>) {
  const { text } = await session.open(page);
  return await session.submit(text, action, fields);
}

describe("documents and results", () => {
  it("stand in one order, the newest first, and can be searched", async () => {
    const { text } = await session.open("/portal/patient/documents");
    const titles = [...text.matchAll(/class="entry-title" href="[^"]+">([^<]+)</g)].map(([, title]) => title);
    expect(titles.slice(0, 4)).toEqual(["Note of a conversation", "Radiology: knee", "Discharge letter", "Laboratory report"]);
    expect(text).toContain("October 2026");
    const found = await session.open("/portal/patient/documents?words=RADIO%20claire&kind=document");
    expect([...found.text.matchAll(/class="entry-title"/g)].length).toBe(1);
    const period = await session.open("/portal/patient/documents?from=2026-08-01&to=2026-08-31");
    expect([...period.text.matchAll(/class="entry-title"/g)].length).toBe(1);
    expect((await session.open("/portal/patient/documents?words=nothing-like-it")).text).toContain("Nothing was found");
  });

  it("are shown as text, whatever they contain", async () => {
    const { text } = await session.open("/portal/patient/documents/marie-letter");
    expect(text).toContain("&lt;b&gt;Test&lt;/b&gt; letter");
    const content = await session.request("/portal/patient/documents/marie-scan/content");
    expect(content.headers.get("Content-Type")).toBe("application/pdf");
    expect(content.headers.get("Content-Disposition")).toContain("inline");
    expect((await content.arrayBuffer()).byteLength).toBeGreaterThan(100);
    const saved = await session.request("/portal/patient/documents/marie-letter/content?download=1");
    expect(saved.headers.get("Content-Disposition")).toBe("attachment; filename*=UTF-8''letter.txt");
    expect(saved.headers.get("Content-Security-Policy")).toContain("sandbox");
    await saved.arrayBuffer();
  });

  it("are hidden and shown again, one by one", async () => {
    const before = await seenByPhysician();
    const page = "/portal/patient/documents/marie-letter";
    expect((await send(page, `${page}/visibility`, { level: "secret" })).text).toMatch(/Saved\.[\s\S]*value="secret" checked/);
    expect(await seenByPhysician()).toBe(before - 1);
    await send(page, `${page}/visibility`, { level: "normal" });
    expect(await seenByPhysician()).toBe(before);
  });

  it("show a result with its course", async () => {
    const { text } = await session.open("/portal/patient/results/marie-hba1c-3");
    expect(text).toMatch(/6\.9 %[\s\S]*4 % – 6 %[\s\S]*Earlier results/);
    expect((await session.open("/portal/patient/reports/marie-report")).text).toMatch(/no need to act[\s\S]*HbA1c/);
  });

  it("of others are not there", async () => {
    await portal.record.put({ resourceType: "Patient", id: "other", name: [{ family: "Test-Other" }] });
    await portal.record.put({
      ...{ resourceType: "DocumentReference", id: "other-letter", status: "current", subject: { reference: "Patient/other" } },
      ...{ content: [{ attachment: { contentType: "text/plain", data: "eA==" } }] },
    });
    expect((await session.open("/portal/patient/documents/other-letter")).status).toBe(404);
  });
});

describe("own documents", () => {
  const fields = { name: "Letter from the eye clinic", date: "2026-11-01", note: "All is well.\n<i>" };

  it("come into the record once, however often they are sent", async () => {
    const { text } = await session.open("/portal/patient/upload");
    const first = await session.submit(text, "/portal/patient/upload", fields);
    expect(first.path).toBe("/portal/patient/documents?done=added");
    await session.submit(text, "/portal/patient/upload", fields);
    const found = await session.open("/portal/patient/documents?words=eye%20clinic");
    expect([...found.text.matchAll(/class="entry-title"/g)].length).toBe(1);
    const path = /class="entry-title" href="([^"]+)"/.exec(found.text)?.[1] ?? "";
    const document = await session.open(path);
    expect(document.text).toContain("All is well.\n&lt;i&gt;");
    expect((await session.submit(document.text, `${path}/remove`, {})).path).toBe("/portal/patient/documents?done=removed");
    expect((await session.open(path)).status).toBe(404);
  });

  it("are checked, and what was typed stays", async () => {
    const wrong = await send("/portal/patient/upload", "/portal/patient/upload", { name: "", date: "2999-01-01", note: 'kept "text"' });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toMatch(/href="#field-name"[\s\S]*href="#field-date"/);
    expect(wrong.text).toContain("kept &quot;text&quot;");
  });

  it("may be files of a few kinds, told by what they are", async () => {
    const { text } = await session.open("/portal/patient/upload");
    const upload = async (bytes: Uint8Array<ArrayBuffer>, name: string) => {
      const body = new FormData();
      for (const [field, value] of hiddenFields(text, "/portal/patient/upload")) body.append(field, value);
      body.append("name", name);
      body.append("date", "2026-10-10");
      body.append("file", new Blob([bytes], { type: "text/plain" }), "scan.pdf");
      return await session.open("/portal/patient/upload", { method: "POST", body });
    };
    expect((await upload(new Uint8Array([0x4d, 0x5a, 0, 1]), "program")).status).toBe(422);
    expect((await upload(new Uint8Array(5 * 1024 * 1024 + 1).fill(65), "large")).status).toBe(422);
    expect((await upload(new Uint8Array(Buffer.from("%PDF-1.4 test")), "A scan")).path).toBe("/portal/patient/documents?done=added");
    expect((await session.open("/portal/patient/documents?words=a%20scan")).text).toContain("A scan");
  });

  it("are not lost when the record is away for a while", async () => {
    const { text } = await session.open("/portal/patient/upload");
    portal.record.freeze();
    const sent = session.submit(text, "/portal/patient/upload", { ...fields, name: "Sent while it burned" });
    await sleep(3000);
    portal.record.thaw();
    expect((await sent).path).toBe("/portal/patient/documents?done=added");
    const found = await session.open("/portal/patient/documents?words=burned");
    expect([...found.text.matchAll(/class="entry-title"/g)].length).toBe(1);
  });
});

describe("rights", () => {
  const rule = { who: "Practitioner/demo-hoffmann" };

  it("are given and taken, and hold at the record at once", async () => {
    const before = await seenByPhysician();
    const page = "/portal/patient/rights/new?who=Practitioner/demo-hoffmann";
    expect((await send(page, "/portal/patient/rights", { ...rule, what: "permitRestricted", until: "2999-12-31" })).text).toMatch(
      /Dr Claire Test-Hoffmann<\/strong>[\s\S]*Allowed: everything · also restricted entries · until 31 December 2999/,
    );
    expect(await seenByPhysician()).toBe(before + 1);
    const blocked = await send(page, "/portal/patient/rights", { ...rule, what: "deny", until: "" });
    expect(blocked.text).toContain("Blocked: everything");
    expect(blocked.text.match(/\/portal\/patient\/rights\/[^/"]+\/end"/g)?.length).toBe(1);
    expect(await seenByPhysician()).toBe(0);
    const action = /action="(\/portal\/patient\/rights\/[^/"]+\/end)"/.exec(blocked.text)?.[1] ?? "";
    expect((await session.submit(blocked.text, action, {})).text).toContain("You have not decided anything yet");
    expect(await seenByPhysician()).toBe(before);
  });

  it("want a choice and an end in the future", async () => {
    const page = "/portal/patient/rights/new?who=profession:nurse";
    const wrong = await send(page, "/portal/patient/rights", { who: "profession:nurse", until: "2001-01-01" });
    expect(wrong).toMatchObject({ status: 422, text: expect.stringMatching(/Choose what they may see[\s\S]*Choose a day in the future/) });
    expect((await session.open("/portal/patient/rights/new?who=profession:wizard")).status).toBe(404);
  });

  it("of a profession may be for some kinds only", async () => {
    const before = await seenByPhysician("Observation");
    const page = "/portal/patient/rights/new?who=profession:physician";
    const set = await send(page, "/portal/patient/rights", {
      who: "profession:physician",
      what: "deny",
      types: ["laboratory", "genetics"],
    });
    expect(set.text).toContain("Blocked: Laboratory, Genetics");
    expect([before > 0, await seenByPhysician("Observation")]).toEqual([true, 0]);
    const action = /action="(\/portal\/patient\/rights\/[^/"]+\/end)"/.exec(set.text)?.[1] ?? "";
    await session.submit(set.text, action, {});
  });

  it("find people and practices by their names", async () => {
    const { text } = await session.open("/portal/patient/rights?find=Claire%20Test");
    expect(text).toContain("who=Practitioner%2Fdemo-hoffmann");
    expect((await session.open("/portal/patient/rights?find=Test-Praxis")).text).toContain("who=Organization%2Fdemo-practice");
  });

  it("were overridden in an emergency: the patient is told once, though the general practitioner has a notice, too", async () => {
    const told = (id: string, recipient: string) =>
      portal.record.put({
        ...{ resourceType: "Communication", id, status: "completed", sent: new Date().toISOString() },
        category: [{ coding: [{ system: "urn:dsp:notice", code: "break-glass" }] }],
        subject: { reference: "Patient/demo-marie" },
        recipient: [{ reference: recipient }],
        reasonCode: [{ text: "found unconscious" }],
      });
    await told("told-patient", "Patient/demo-marie");
    await told("told-practitioner", "Practitioner/demo-hoffmann");
    const { text } = await session.open("/portal/patient");
    expect(text.split("found unconscious")).toHaveLength(2);
  });

  it("have a default for new entries and an objection to emergencies", async () => {
    const page = "/portal/patient/rights";
    const set = await send(page, "/portal/patient/rights/defaults", { level: "restricted", emergency: "no" });
    expect(set.text).toMatch(/value="restricted" checked[\s\S]*value="no" checked/);
    const { body } = await portal.record.get("/fhir/Consent?patient=demo-marie&status=active", {
      sub: "marie",
      role: "patient",
      patient: "demo-marie",
    });
    expect((body as unknown as Bundle).entry?.length).toBe(2);
    const back = await send(page, "/portal/patient/rights/defaults", { level: "normal", emergency: "yes" });
    expect(back.text).toMatch(/value="normal" checked[\s\S]*value="yes" checked/);
  });

  it("may be another person's, for the patient", async () => {
    const page = "/portal/patient/delegates";
    expect((await send(page, page, { name: "Test-Emma", code: "demo-marie", level: "normal" })).status).toBe(422);
    expect((await send(page, page, { name: "Emma Test-Schmit", code: "demo-emma", level: "secret", until: "" })).text).toContain(
      "Emma Test-Schmit",
    );
    const emma = { sub: "emma", role: "patient", patient: "demo-marie", fhirUser: "Patient/demo-emma" };
    const { status } = await portal.record.get("/fhir/DocumentReference/marie-letter", emma);
    expect(status).toBe(200);
  });
});

describe("the record as a whole", () => {
  it("is closed, after a confirmation, and opened as it was", async () => {
    const before = await seenByPhysician();
    const page = "/portal/patient/record";
    expect((await send(page, `${page}/close`, {})).status).toBe(422);
    expect((await send(page, `${page}/close`, { sure: "yes" })).text).toContain("Your record is closed");
    const emma = { sub: "emma", role: "patient", patient: "demo-marie", fhirUser: "Patient/demo-emma" };
    expect([await seenByPhysician(), (await portal.record.get("/fhir/DocumentReference/marie-letter", emma)).status]).toEqual([0, 404]);
    expect((await session.open("/portal/patient")).text).toContain("Your record is closed");
    expect((await send(page, `${page}/reopen`, {})).text).toContain("Your record is open");
    expect([await seenByPhysician(), (await portal.record.get("/fhir/DocumentReference/marie-letter", emma)).status]).toEqual([
      before,
      200,
    ]);
  });

  it("is downloaded with every document", async () => {
    const response = await session.request("/portal/patient/record/download");
    expect(response.headers.get("Content-Type")).toBe("application/zip");
    const folder = mkdtempSync(join(tmpdir(), "dsp-download-"));
    try {
      writeFileSync(join(folder, "a.zip"), Buffer.from(await response.arrayBuffer()));
      const names = execFileSync("python3", [
        "-c",
        "import zipfile,sys; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))",
        join(folder, "a.zip"),
      ]);
      expect(names.toString().split("\n")).toEqual(
        expect.arrayContaining(["record-001.json", "documents/2026-09-20 Radiology - knee.pdf"]),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("has a summary, to read, to print and for software", async () => {
    const { text } = await session.open("/portal/patient/summary");
    expect(text).toMatch(/Summary of Marie Test-Weber[\s\S]*Test-Penicillin[\s\S]*Test-Metformin/);
    const file = await session.request("/portal/patient/summary/download");
    expect(((await file.json()) as Bundle).type).toBe("document");
  });
});

describe("who looked", () => {
  it("is told in plain words, others than the patient first", async () => {
    await portal.record.get("/fhir/DiagnosticReport/marie-report", hoffmann);
    const { text } = await session.open("/portal/patient/accesses");
    expect(text).toContain("Dr Claire Test-Hoffmann (physician) read a report.");
    expect(text).not.toContain("<p>You ");
    expect((await session.open("/portal/patient/accesses?show=everything")).text).toContain("<p>You ");
  });

  it("is told on the overview until it was looked at, and of the patient's own nothing", async () => {
    const heading = "New: who looked at your record";
    const told = async (): Promise<boolean> => (await session.open("/portal/patient")).text.includes(heading);
    await session.open("/portal/patient/accesses");
    await expect.poll(told).toBe(false);
    await portal.record.get("/fhir/DiagnosticReport/marie-report", hoffmann);
    const { text } = await session.open("/portal/patient");
    expect(text).toMatch(new RegExp(`${heading}[^]*</time>: Dr Claire Test-Hoffmann \\(physician\\) read a report\\.</li>`));
    // Not all of it is on these pages.
    for (const some of ["show=refused", "to=2026-01-01", "from=2026-01-01"]) await session.open(`/portal/patient/accesses?${some}`);
    expect(await told()).toBe(true);
    await session.open("/portal/patient/accesses");
    await expect.poll(told).toBe(false);
  });

  it("can be reported, once", async () => {
    const { text } = await session.open("/portal/patient/accesses");
    const path = /href="(\/portal\/patient\/accesses\/[^"]+\/report)"/.exec(text)?.[1] ?? "";
    const page = await session.open(path);
    expect((await session.submit(page.text, path, { reason: " " })).status).toBe(422);
    const sent = await session.submit(page.text, path, { reason: "I was never there <b>" });
    expect(sent.text).toMatch(/Your report has been sent[\s\S]*I was never there &lt;b&gt;/);
    const again = await session.submit(page.text, path, { reason: "I was never there <b>" });
    expect(again.text.match(/I was never there/g)?.length).toBe(1);
    const { body } = await portal.record.get("/fhir/Task?patient=demo-marie", hoffmann);
    expect((body as unknown as Bundle).entry ?? []).toEqual([]);
  });
});

describe("somebody who acts for the patient", () => {
  it("sees what the patient allowed, and decides nothing", async () => {
    const page = "/portal/patient/delegates";
    await send(page, page, { name: "Emma Test-Schmit", code: "demo-emma", level: "normal", until: "" });
    portal.identity.person = {
      sub: "emma",
      role: "patient",
      name: "Emma Test-Schmit",
      patient: "demo-marie",
      fhirUser: "Patient/demo-emma",
    };
    const delegate = new BrowserSession(portal.origin);
    const home = await delegate.open("/portal/sign-in");
    expect(home.text).toContain("Record of Marie Test-Weber");
    expect(home.text).not.toContain('href="/portal/patient/rights"');
    expect((await delegate.open("/portal/patient/documents/marie-letter")).status).toBe(200);
    expect((await delegate.open("/portal/patient/documents/marie-hidden")).status).toBe(404);
    for (const place of ["rights", "record", "accesses", "upload"]) {
      expect((await delegate.open(`/portal/patient/${place}`)).status).toBe(403);
    }
    expect((await delegate.open(page)).text).toContain("Your number for trust");
    expect((await session.open("/portal/patient/accesses")).text).toContain("Emma Test-Schmit (on behalf of the patient) read a document.");
  });
});
