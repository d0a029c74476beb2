import { setTimeout as sleep } from "node:timers/promises";
import type { AuditEvent, Bundle, DocumentReference, Encounter, MedicationRequest } from "@medplum/fhirtypes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nationalNumber } from "../../../lib/national-number.ts";
import { BrowserSession, hiddenFields } from "../../testing/browser-session.ts";
import { directory, professionalRecord } from "../../testing/seed-professional.ts";
import { TestExchange } from "../../testing/test-exchange.ts";
import type { Person } from "../../testing/test-identity.ts";
import { hoffmann, marie, startTestPortal, type TestPortal } from "../../testing/test-portal.ts";
import { TestRegistry } from "../../testing/test-registry.ts";
import { localDay } from "../practice/local-day.ts";

const reuter: Person = {
  ...{ sub: "reuter", role: "practitioner", name: "Sonja Test-Reuter", fhirUser: "Practitioner/demo-reuter" },
  ...{ profession: "nurse", organization: "demo-hospital" },
};
const faber: Person = {
  ...{ sub: "faber", role: "practitioner", name: "Luc Test-Faber", fhirUser: "Practitioner/demo-faber" },
  ...{ profession: "pharmacist", organization: "demo-pharmacy" },
};
const record = "/portal/professional/patients/demo-marie";
const number = nationalNumber("1958-03-14", 123);

let portal: TestPortal;
let registry: TestRegistry;
let exchange: TestExchange;
let session: BrowserSession;

beforeAll(async () => {
  [registry, exchange] = await Promise.all([TestRegistry.start(), TestExchange.start()]);
  portal = await startTestPortal({ ports: { registry: registry.port, exchange: exchange.port } });
  for (const resource of professionalRecord(number)) await portal.record.put(resource);
  registry.resources = directory(number);
  session = await signedIn(hoffmann);
}, 180_000);

afterAll(async () => {
  await portal?.stop();
  registry?.stop();
  exchange?.stop();
});

async function signedIn(person: Person): Promise<BrowserSession> {
  portal.identity.person = person;
  const own = new BrowserSession(portal.origin);
  await own.open("/portal/sign-in");
  return own;
}

async function send(page: string, action: string, fields: Record<string, string | string[]>, by = session) {
  const { text } = await by.open(page);
  return await by.submit(text, action, fields);
}

/** To an address with several parameters, as a page writes it and as a browser reads it. */
async function post(text: string, address: string, fields: Record<string, string>) {
  const hidden = hiddenFields(text, address.replaceAll("&", "&amp;"));
  return await session.open(address, { method: "POST", body: new URLSearchParams([...hidden, ...Object.entries(fields)]) });
}

async function find<T>(query: string): Promise<T[]> {
  const { body } = await portal.record.get(`/fhir/${query}`, hoffmann);
  return ((body as unknown as Bundle).entry ?? []).map(({ resource }) => resource as T);
}

async function openRecord(by = session, path = record): Promise<string> {
  return (await send(`${path}/reason`, `${path}/reason`, { reason: "treatment" }, by)).text;
}

describe("a patient", () => {
  const page = "/portal/professional/patients";

  it("is found by the number, in the registry, and the number stands in no address", async () => {
    const found = await send(page, page, { number: `${number.slice(0, 8)} ${number.slice(8)}` });
    expect(found.text).toMatch(/Marie Test-Weber[\s\S]*14 March 1958/);
    expect([found.path, registry.asked.at(-1)?.searchParams.get("identifier")]).toEqual([page, `urn:dsp:national-number|${number}`]);
  });

  it("is found by name and day of birth, and by nothing less", async () => {
    expect((await send(page, page, { name: "weber", birthDate: "1958-03-14" })).text).toContain("Marie Test-Weber");
    expect((await send(page, page, { name: "weber", birthDate: "1958-03-15" })).text).toContain("Nobody was found");
    const wrong = await send(page, page, { name: "weber" });
    expect([wrong.status, wrong.text.includes("Enter the day of birth"), wrong.text.includes('value="weber"')]).toEqual([422, true, true]);
    const digit = `${number.slice(0, 12)}${(Number(number[12]) + 1) % 10}`;
    expect((await send(page, page, { number: digit })).status).toBe(422);
  });

  it("is found by the record itself where the registry is not there", async () => {
    const alone = new TestRegistryAway(registry);
    try {
      expect((await send(page, page, { name: "Test-Weber", birthDate: "1958-03-14" })).text).toContain("Marie Test-Weber");
    } finally {
      alone.end();
    }
  });

  it("'s record asks for a reason first, then shows what was wanted, and the list of recent ones", async () => {
    const asked = await session.open(`${record}/documents?kind=report`);
    expect(asked.path).toBe(`${record}/reason?wanted=%2Fdocuments%3Fkind%3Dreport`);
    expect((await session.submit(asked.text, `${record}/reason`, { reason: "" })).status).toBe(422);
    const opened = await session.submit(asked.text, `${record}/reason`, { reason: "treatment" });
    expect(opened.path).toBe(`${record}/documents?kind=report`);
    expect((await session.open("/portal/professional")).text).toContain("Marie Test-Weber, 14 March 1958");
    const away = await session.submit(asked.text, `${record}/reason`, { reason: "treatment", wanted: "/../../feedback" });
    expect(away.path).toBe(record);
  });

  it("'s log has the reason with each access", async () => {
    await send(`${record}/reason`, `${record}/reason`, { reason: "coordination" });
    await session.open(record);
    const { body } = await portal.record.get("/fhir/AuditEvent?patient=demo-marie&_count=50", marie);
    const events = ((body as unknown as Bundle).entry ?? []).map(({ resource }) => resource as AuditEvent);
    const [latest] = events.filter(({ agent }) => agent[0]?.who?.identifier?.value === hoffmann.sub);
    expect(latest?.purposeOfEvent?.[0]?.coding?.[0]?.code).toBe("COC");
  });
});

/** Lets the registry answer 404 as an older one would. */
class TestRegistryAway {
  readonly #registry: TestRegistry;

  constructor(registry: TestRegistry) {
    this.#registry = registry;
    registry.away = true;
  }

  end(): void {
    this.#registry.away = false;
  }
}

describe("a record", () => {
  it("shows what matters first, and hides nothing", async () => {
    const text = await openRecord();
    const order = ["allergies", "medication", "problems", "results", "documents", "immunizations", "visits"].map((id) =>
      text.indexOf(`id="${id}"`),
    );
    expect(order.every((place, at) => place > (order[at - 1] ?? 0))).toBe(true);
    expect(text).toMatch(/Test-Penicillin[\s\S]*life-threatening[\s\S]*Test-Metformin[\s\S]*1-0-1[\s\S]*Test-Diabetes/);
    expect(text).toMatch(/<details><summary>Earlier or ended \(1\)[\s\S]*Test-Bronchitis[\s\S]*resolved/);
    expect(text).toMatch(/HbA1c[\s\S]*6\.9 %[\s\S]*outside the usual range/);
    expect(text).not.toContain("Note of a conversation");
  });

  it("opens documents, reports and results of this patient only", async () => {
    expect((await session.open(`${record}/documents/pro-letter`)).text).toContain("&lt;b&gt;Test&lt;/b&gt; letter");
    const content = await session.request(`${record}/documents/marie-scan/content`);
    expect([content.headers.get("Content-Type"), (await content.arrayBuffer()).byteLength > 100]).toEqual(["application/pdf", true]);
    // Its content is also a restricted document's, and as restricted as that.
    expect((await session.open(`${record}/documents/marie-letter`)).text).toContain("The content is not open to you");
    expect((await session.open(`${record}/reports/marie-report`)).text).toMatch(/no need to act[\s\S]*HbA1c/);
    expect((await session.open(`${record}/results/marie-hba1c-3`)).text).toMatch(/6\.9 %[\s\S]*Course/);
    expect((await session.open(`${record}/documents`)).text).toContain("Discharge letter");
    await openRecord(session, "/portal/professional/patients/demo-lucas");
    expect((await session.open("/portal/professional/patients/demo-lucas/documents/pro-letter")).status).toBe(404);
  });

  it("says of a part that is not open to a profession that it is not, and not that there is nothing", async () => {
    const pharmacist = await signedIn(faber);
    const text = await openRecord(pharmacist);
    expect(text).toMatch(/id="problems"[\s\S]*Test-Diabetes[\s\S]*Nothing is recorded, or nothing that is open to you/);
    session = await signedIn(hoffmann);
  });

  it("is refused to patients and to those who are not signed in", async () => {
    const patient = await signedIn(marie);
    expect((await patient.open(record)).status).toBe(403);
    expect((await new BrowserSession(portal.origin).request(record)).headers.get("Location")).toContain("/portal/sign-in");
    session = await signedIn(hoffmann);
  });
});

describe("writing", () => {
  it("a note and a letter from a template come into the record once, filled", async () => {
    const head = {
      name: "Test-Praxis Hoffmann",
      address: "Teststrooss 1\n1234 Testhausen",
      phone: "00 00",
      email: "",
      closing: "Regards,",
    };
    expect((await send("/portal/practice/profile", "/portal/practice/profile", { ...head, name: "" })).status).toBe(422);
    expect((await send("/portal/practice/profile", "/portal/practice/profile", head)).path).toBe("/portal/practice/start?done=profile");
    const page = await session.open(`${record}/write?template=referral`);
    const filled = /<textarea[^>]*>\n([\s\S]*?)<\/textarea>/.exec(page.text)?.[1] ?? "";
    expect(filled).toMatch(
      /^Test-Praxis Hoffmann\nTeststrooss 1[\s\S]*Marie Test-Weber, born on 14 March 1958[\s\S]*Allergies: Test-Penicillin/,
    );
    expect(filled).toMatch(/Medication: Test-Metformin 500 mg 1-0-1[\s\S]*Regards,\nDr Claire Test-Hoffmann/);
    const action = `${record}/write?template=referral`;
    const wrong = await session.submit(page.text, action, { name: "", text: "kept <b>" });
    expect([wrong.status, wrong.text.includes("kept &lt;b&gt;")]).toEqual([422, true]);
    const fields = { name: "Test referral", text: filled, level: "normal" };
    for (const _ of [1, 2]) expect((await session.submit(page.text, action, fields)).path).toBe(`${record}?done=letter`);
    const letters = (await find<DocumentReference>("DocumentReference?patient=demo-marie&_count=50")).filter(
      (each) => each.description === "Test referral",
    );
    expect(letters).toMatchObject([{ type: { coding: [{ code: "57133-1" }] }, author: [{ reference: "Practitioner/demo-hoffmann" }] }]);
    expect(
      (await send(`${record}/write?template=note`, `${record}/write?template=note`, { name: "Test note", text: "Seen." })).text,
    ).toContain("The note is in the record");
    expect((await session.open(`${record}/write?template=nothing`)).status).toBe(404);
  });

  it("keeps a draft, and throws it away on request", async () => {
    const action = `${record}/write?template=report`;
    const { text } = await session.open(action);
    const token = Object.fromEntries(hiddenFields(text, action));
    await session.open("/portal/drafts/write-report-demo-marie", {
      method: "POST",
      body: new URLSearchParams({ ...token, text: "Half a report" }),
    });
    const again = await session.open(action);
    expect(again.text).toContain("Half a report");
    expect((await session.submit(again.text, action, { restart: "yes" })).text).not.toContain("Half a report");
  });

  it("a file is deposited, and a profession that may not is told so", async () => {
    const upload = async (by: BrowserSession, bytes: string, more: Record<string, string> = {}) => {
      const { text } = await by.open(`${record}/deposit`);
      const body = new FormData();
      for (const [field, value] of hiddenFields(text, `${record}/deposit`)) body.append(field, value);
      const fields = { name: "Test scan", type: "imaging", date: "2026-10-10", level: "restricted", ...more };
      for (const [field, value] of Object.entries(fields)) body.append(field, value);
      if (bytes !== "") body.append("file", new Blob([bytes]), "scan.pdf");
      return await by.open(`${record}/deposit`, { method: "POST", body });
    };
    expect((await upload(session, "")).text).toContain("Choose a file");
    expect((await upload(session, "MZ\u0000\u0001")).status).toBe(422);
    expect((await upload(session, "%PDF-1.4 test")).path).toBe(`${record}?done=document`);
    const [set] = await find<{ entry: unknown[] }>("List?patient=demo-marie&code=submissionset&_sort=-date&_count=1");
    expect(set?.entry.length).toBe(1);
    const nurse = await signedIn(reuter);
    await openRecord(nurse);
    const refused = await upload(nurse, "%PDF-1.4 test", { level: "normal" });
    expect([refused.status, refused.text.includes("Your profession may not add"), refused.text.includes('value="Test scan"')]).toEqual([
      422,
      true,
      true,
    ]);
    session = await signedIn(hoffmann);
  });

  it("a prescription needs a look at the allergies, and comes into the record", async () => {
    const page = await session.open(`${record}/prescribe`);
    expect(page.text).toMatch(/Allergies[\s\S]*Test-Penicillin[\s\S]*name="medication"/);
    const fields = {
      medication: "Test-Paracetamol 1 g",
      dosage: "1-0-1",
      quantity: "2",
      repeats: "1",
      until: "2999-01-01",
      reason: "Test pain",
    };
    const unchecked = await session.submit(page.text, `${record}/prescribe`, { ...fields, quantity: "99" });
    expect(unchecked.text).toMatch(/Enter a number from 1 to 20[\s\S]*Confirm that you have compared/);
    expect((await session.submit(page.text, `${record}/prescribe`, { ...fields, checked: "yes", substitution: "yes" })).path).toBe(
      `${record}?done=prescription`,
    );
    const [made] = (await find<MedicationRequest>("MedicationRequest?patient=demo-marie")).filter(({ status }) => status === "active");
    expect(made).toMatchObject({
      medicationCodeableConcept: { text: "Test-Paracetamol 1 g" },
      requester: { reference: "Practitioner/demo-hoffmann" },
      substitution: { allowedBoolean: true },
    });
  });
});

describe("an emergency", () => {
  it("says what happens, wants a reason, and opens restricted parts", async () => {
    const path = `${record}/emergency`;
    const page = await session.open(path);
    expect(page.text).toMatch(/What happens[\s\S]*The patient and their doctor are told at once[\s\S]*name="reason"/);
    const wrong = await session.submit(page.text, path, { reason: "short" });
    expect([wrong.status, wrong.text.includes("Tick the box")]).toEqual([422, true]);
    const opened = await session.submit(page.text, path, { reason: "Test: found unconscious", sure: "yes" });
    expect(opened.text).toMatch(/open to you until[\s\S]*Note of a conversation/);
    const tasks = await portal.record.get("/fhir/Task?patient=demo-marie", marie);
    expect(JSON.stringify(tasks.body)).toContain("Test: found unconscious");
  });

  it("is refused to a profession without that right", async () => {
    const pharmacist = await signedIn(faber);
    const path = `${record}/emergency`;
    const refused = await send(path, path, { reason: "Test: found unconscious", sure: "yes" }, pharmacist);
    expect([refused.status, refused.text.includes("It was refused")]).toEqual([422, true]);
    session = await signedIn(hoffmann);
  });
});

describe("messages", () => {
  it("are read, answered and kept in the record from one page", async () => {
    const id = exchange.receive({
      ...{ subject: "Test question", text: "How is <she>?", patient: "Patient/demo-marie" },
      ...{ from: ["Practitioner/demo-lentz"], to: ["role:physician@demo-practice"] },
      attachments: [{ id: "a1", title: "Test.pdf", contentType: "application/pdf", data: Buffer.from("%PDF-1.4").toString("base64") }],
    });
    const inbox = await session.open("/portal/professional/messages");
    expect(inbox.text).toMatch(/Messages \(1 unread\)[\s\S]*Test question[\s\S]*From Dr Paul Test-Lentz/);
    expect((await session.open("/portal/professional")).text).toContain("1 unread");
    const path = `/portal/professional/messages/threads/${id}`;
    const page = await session.open(path);
    expect(page.text).toMatch(/Marie Test-Weber[\s\S]*How is &lt;she&gt;\?[\s\S]*Test\.pdf/);
    expect((await session.open("/portal/professional/messages")).text).not.toContain("unread)");
    const attachment = await session.request("/portal/professional/messages/attachments/a1?title=Test.pdf");
    expect([attachment.headers.get("Content-Type"), await attachment.text()]).toEqual(["application/pdf", "%PDF-1.4"]);
    const kept = await session.submit(page.text, `/portal/professional/messages/${id}/deposit`, {});
    expect(kept.text).toMatch(/It is in the patient&#39;s record now[\s\S]*In the record/);
    const fields = { text: "She is well.", deposit: "yes" };
    for (const _ of [1, 2]) expect((await session.submit(page.text, path, fields)).text).toContain("She is well.");
    const answers = exchange.kept.filter(({ text }) => text === "She is well.");
    expect(answers).toMatchObject([{ to: ["Practitioner/demo-lentz"], thread: id, patient: "Patient/demo-marie" }]);
    expect((await session.submit(page.text, path, { text: " " })).status).toBe(422);
  });

  it("are written to somebody of the directory, with a document of the record", async () => {
    const chosen = await session.open("/portal/professional/messages/new?patient=demo-marie&document=pro-letter&name=lentz");
    expect(chosen.text).toContain("Dr Paul Test-Lentz");
    const to = "/portal/professional/messages/new?to=Practitioner%2Fdemo-lentz&patient=demo-marie&document=pro-letter";
    const page = await session.open(to);
    expect(page.text).toContain("From the record: Test letter of the eye clinic");
    const sent = await post(page.text, to, {
      subject: "Test letter",
      text: "As agreed.",
      urgent: "yes",
    });
    expect(sent.path).toBe("/portal/professional/messages?box=sent&done=sent");
    const [message] = exchange.kept.filter(({ subject }) => subject === "Test letter");
    expect(Buffer.from(message?.attachments[0]?.data ?? "", "base64").toString()).toContain("letter about an invented patient");
  });

  it("and referrals go their way, a refusal with a reason", async () => {
    const to = "/portal/professional/referrals/new?to=Organization%2Fdemo-hospital&patient=demo-marie";
    const page = await session.open(to);
    expect((await post(page.text, to, { subject: "Test examination", text: "Because." })).path).toContain("done=sent");
    expect((await session.open("/portal/professional/referrals/new")).text).toContain("A referral is about a patient");
    const nurse = await signedIn(reuter);
    const { thread = "", id = "" } = exchange.kept.find(({ subject }) => subject === "Test examination") ?? {};
    const path = `/portal/professional/messages/threads/${thread}`;
    const action = `/portal/professional/referrals/${id}/status`;
    expect((await send(path, action, { status: "rejected", reason: "" }, nurse)).text).toContain("Say why");
    expect((await send(path, action, { status: "rejected", reason: "No place" }, nurse)).text).toMatch(/declined[\s\S]*No place/);
    session = await signedIn(hoffmann);
  });

  it("do not keep the start page from coming while the exchange is away", async () => {
    exchange.stop();
    const begun = Date.now();
    expect((await session.open("/portal/professional")).status).toBe(200);
    expect(Date.now() - begun).toBeLessThan(4000);
    exchange = await TestExchange.start();
    await sleep(10);
  });
});

describe("a practice", () => {
  it("plans a visit and leads it through the day", async () => {
    const to = "/portal/practice/visits/new?patient=demo-marie";
    const page = await session.open(to);
    const wrong = await session.submit(page.text, to, { date: "2001-01-01", time: "25:00", minutes: "20", reason: "Test cough" });
    expect([wrong.status, wrong.text.includes("Enter a time like")]).toEqual([422, true]);
    const day = localDay();
    for (const _ of [1, 2]) await session.submit(page.text, to, { date: day, time: "9:05", minutes: "15", reason: "Test cough" });
    const agenda = await session.open(`/portal/practice/agenda?day=${day}`);
    expect(agenda.text.match(/Test cough/g)?.length).toBe(1);
    expect(agenda.text).toMatch(/09:05[\s\S]*Marie Test-Weber/);
    const action = /action="(\/portal\/practice\/visits\/[^/"]+\/status)"/.exec(agenda.text)?.[1] ?? "";
    const arrived = await session.submit(agenda.text, action, { status: "arrived" });
    expect(arrived.text).toContain("has arrived");
    await session.submit(arrived.text, action, { status: "in-progress" });
    const finished = await session.submit(arrived.text, action, { status: "finished" });
    expect(finished.text).toMatch(/finished[\s\S]*Write a note/);
    expect((await session.submit(arrived.text, action, { status: "planned" })).status).toBe(404);
    const [encounter] = await find<Encounter>("Encounter?patient=demo-marie");
    expect([encounter?.status, encounter?.statusHistory?.map(({ status }) => status)]).toEqual([
      "finished",
      ["planned", "arrived", "in-progress"],
    ]);
  });

  it("goes on with its first steps where it was, and with the training", async () => {
    const start = await session.open("/portal/practice/start");
    expect(start.text).toContain("All is done");
    expect((await session.submit(start.text, "/portal/practice/start/restart", {})).text).toContain("0 of 5 steps done");
    const nurse = await signedIn(reuter);
    const skipped = await send("/portal/practice/start", "/portal/practice/start/skip", { step: "profile" }, nurse);
    expect(skipped.text).toMatch(/2 of 5 steps done|1 of 5 steps done/);
    const training = await send("/portal/practice/training", "/portal/practice/training", { step: "find" }, nurse);
    expect(training.text).toContain("1 of 12 exercises done");
    expect((await send("/portal/practice/training", "/portal/practice/training/restart", {}, nurse)).text).toContain(
      "0 of 12 exercises done",
    );
    session = await signedIn(hoffmann);
  });

  it("finds colleagues, and reads how far one acts for another", async () => {
    const { text } = await session.open("/portal/professional/colleagues?name=lentz");
    expect(text).toMatch(/Dr Paul Test-Lentz[\s\S]*Physician · Test-Hôpital du Nord[\s\S]*Acting for each other/);
    expect((await session.open("/portal/professional/colleagues?profession=dentist")).text).toContain("Nobody was found");
  });
});

describe("feedback", () => {
  it("is kept once, with the page but without any id, from patients too", async () => {
    const page = `/portal/feedback?page=${encodeURIComponent(`${record}/documents/pro-letter`)}`;
    expect((await session.open(record)).text).toContain(`/portal/feedback?page=${encodeURIComponent(record)}`);
    const form = await session.open(page);
    expect((await session.submit(form.text, "/portal/feedback", { message: " " })).status).toBe(422);
    for (const _ of [1, 2])
      expect((await session.submit(form.text, "/portal/feedback", { message: "Test: too small" })).text).toContain("Thank you");
    const patient = await signedIn(marie);
    await send("/portal/feedback?page=/portal/patient", "/portal/feedback", { message: "Test: from a patient" }, patient);
    const rows = await portal.postgres.query(
      portal.postgres.at(0),
      "SELECT role, page, language, message, answered_at FROM portal.feedback ORDER BY created_at",
    );
    expect(rows).toEqual([
      {
        role: "practitioner",
        page: "/portal/professional/patients/:id/documents/:id",
        language: "en",
        message: "Test: too small",
        answered_at: null,
      },
      { role: "patient", page: "/portal/patient", language: "en", message: "Test: from a patient", answered_at: null },
    ]);
  });
});
