import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nationalNumber } from "../../services/lib/national-number.ts";
import { directory, professionalRecord } from "../../services/portal/testing/seed-professional.ts";
import { TestExchange } from "../../services/portal/testing/test-exchange.ts";
import { hoffmann, startTestPortal, type TestPortal } from "../../services/portal/testing/test-portal.ts";
import { TestRegistry } from "../../services/portal/testing/test-registry.ts";
import { hasBrowser, isTooWide, picture, startBrowser, violations, whyNot } from "./browser.ts";

const record = "/portal/professional/patients/demo-marie";
const places: Record<string, string> = {
  landing: "/portal/professional",
  find: "/portal/professional/patients",
  reason: `${record}/reason`,
  record,
  "all-documents": `${record}/documents`,
  letter: `${record}/documents/pro-letter`,
  report: `${record}/reports/marie-report`,
  result: `${record}/results/marie-hba1c-3`,
  letters: `${record}/letters`,
  write: `${record}/write?template=referral`,
  deposit: `${record}/deposit`,
  prescribe: `${record}/prescribe`,
  emergency: `${record}/emergency`,
  messages: "/portal/professional/messages",
  recipient: "/portal/professional/messages/new?patient=demo-marie",
  compose: "/portal/professional/messages/new?patient=demo-marie&document=pro-letter&to=Practitioner/demo-lentz",
  refer: "/portal/professional/referrals/new?patient=demo-marie&to=role:physician@demo-hospital",
  colleagues: "/portal/professional/colleagues",
  agenda: "/portal/practice/agenda",
  visit: "/portal/practice/visits/new?patient=demo-marie",
  profile: "/portal/practice/profile",
  start: "/portal/practice/start",
  training: "/portal/practice/training",
  feedback: "/portal/feedback?page=/portal/professional",
  closed: "/portal/professional/patients/nobody/reason",
};

if (!hasBrowser) console.warn(whyNot);

let portal: TestPortal;
let browser: Browser;
let registry: TestRegistry;
let exchange: TestExchange;

beforeAll(async () => {
  if (!hasBrowser) return;
  [registry, exchange, browser] = await Promise.all([TestRegistry.start(), TestExchange.start(), startBrowser()]);
  portal = await startTestPortal({ ports: { registry: registry.port, exchange: exchange.port } });
  const number = nationalNumber("1958-03-14", 123);
  for (const resource of professionalRecord(number)) await portal.record.put(resource);
  registry.resources = directory(number);
  await fillDay();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await portal?.stop();
  registry?.stop();
  exchange?.stop();
});

/** A day that is worth looking at: visits, a conversation, a referral. */
async function fillDay(): Promise<void> {
  const start = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const reasons = [
    { id: "visit-1", status: "in-progress", text: "Test blood pressure" },
    { id: "visit-2", status: "planned", text: "Test cough" },
    { id: "visit-3", status: "cancelled", text: "Test vaccination" },
  ];
  for (const [place, { id, status, text }] of reasons.entries()) {
    await portal.record.put({
      ...{ resourceType: "Encounter", id, status, class: { code: "AMB" }, reasonCode: [{ text }] },
      subject: { reference: place === 1 ? "Patient/demo-lucas" : "Patient/demo-marie" },
      participant: [{ individual: { reference: "Practitioner/demo-hoffmann", display: "Dr Claire Test-Hoffmann" } }],
      serviceProvider: { reference: "Organization/demo-practice" },
      period: { start: new Date(start + place * 1_800_000).toISOString() },
    });
  }
  const pdf = { id: "a1", title: "ECG.pdf", contentType: "application/pdf", data: Buffer.from("%PDF-1.4").toString("base64") };
  const [own, colleague] = ["Practitioner/demo-hoffmann", "Practitioner/demo-lentz"];
  const asked = {
    subject: "Test: ECG of Mrs Weber",
    text: "Dear colleague,\n\nplease look at the attached ECG.",
    patient: "Patient/demo-marie",
  };
  const thread = exchange.receive({ ...asked, from: [colleague], to: [own], attachments: [pdf] });
  exchange.receive({ ...asked, thread, text: "Thank you, it looks as before.", from: [own], to: [colleague] });
  exchange.receive({
    subject: "Test: duty roster of next week",
    text: "Who takes Friday?",
    from: [colleague],
    to: ["Organization/demo-practice"],
  });
  exchange.receive({
    ...{
      kind: "referral",
      status: "requested",
      subject: "Test: examination of the knee",
      text: "Pain for three weeks.",
      patient: "Patient/demo-marie",
    },
    ...{ from: [colleague], to: ["role:physician@demo-practice"] },
  });
}

async function visitor(
  options: { locale?: string; width?: number; dark?: boolean; script?: boolean } = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const { locale = "en-GB", width = 1280, dark = false, script = true } = options;
  const context = await browser.newContext({
    ...{ locale, baseURL: portal.origin, javaScriptEnabled: script },
    viewport: { width, height: width < 600 ? 740 : 900 },
    colorScheme: dark ? "dark" : "light",
  });
  const page = await context.newPage();
  portal.identity.person = hoffmann;
  await page.goto("/portal/sign-in?return=/portal/professional");
  return { context, page };
}

/** Gives a reason where one is asked for. */
async function openRecord(page: Page): Promise<void> {
  await page.goto(`${record}/reason`);
  await page.click("main form button.button");
  await page.waitForURL(`**${record}`);
}

async function look(page: Page, name: string, how: string, found: string[]): Promise<void> {
  found.push(...(await violations(page)).map(({ id, help, targets }) => `${name}: ${id} (${help}) ${targets.slice(0, 3).join(" | ")}`));
  if (await isTooWide(page)) found.push(`${name}: wider than the window`);
  await picture(page, `professional-${name}-${how}`);
}

describe.skipIf(!hasBrowser)("every page of professionals and practices", () => {
  it.each([
    { locale: "en-GB", width: 1280, dark: false },
    { locale: "de-DE", width: 320, dark: false },
    { locale: "fr-FR", width: 320, dark: true },
    { locale: "fr-FR", width: 1280, dark: false },
    { locale: "de-DE", width: 1280, dark: true },
    { locale: "en-GB", width: 320, dark: false },
  ])("is accessible and fits: $locale, $width px, dark $dark", { timeout: 400_000 }, async (options) => {
    const { context, page } = await visitor(options);
    const how = `${options.locale.slice(0, 2)}-${options.width}${options.dark ? "-dark" : ""}`;
    const found: string[] = [];
    await openRecord(page);
    for (const [name, path] of Object.entries(places)) {
      await page.goto(path);
      expect(await page.locator("html").getAttribute("lang")).toBe(options.locale.slice(0, 2));
      await look(page, name, how, found);
    }
    await page.goto("/portal/professional/patients");
    await page.fill("#field-name", "test-weber");
    await page.fill("#field-birthDate", "1958-03-14");
    await page.click("main form button.button");
    await page.waitForSelector("#results");
    await look(page, "found", how, found);
    for (const [name, subject] of Object.entries({ thread: "ECG", referral: "knee" })) {
      await page.goto("/portal/professional/messages");
      await page.click(`.entry-title:has-text("${subject}")`);
      await page.waitForURL("**/threads/**");
      await look(page, name, how, found);
    }
    await context.close();
    expect(found).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)("a professional", () => {
  it("without JavaScript finds a patient, writes a note, plans a visit, and sees what was wrong", async () => {
    const { context, page } = await visitor({ script: false });
    await page.click("main a:has-text('Find a patient')");
    await page.click("main form button:has-text('Search')");
    expect(await page.textContent("#problems")).toContain("Enter the national number");
    await page.fill("#field-name", "weber marie");
    await page.fill("#field-birthDate", "1958-03-14");
    await page.click("main form button:has-text('Search')");
    await page.click(".entry-title:has-text('Marie Test-Weber')");
    if (page.url().includes("/reason")) await page.click("main form button.button");
    await page.click("text=Write a note");
    await page.fill("#field-name", "Note without script");
    await page.click("text=Keep in the record");
    expect(await page.textContent("[role=status]")).toContain("The note is in the record");
    await page.click("text=Plan a visit");
    await page.fill("#field-reason", "Visit without script");
    await page.click("main form button.button");
    expect(await page.textContent("main")).toContain("Visit without script");
    await context.close();
  });

  it("drops a file, and what was typed survives a reload", async () => {
    const { context, page } = await visitor();
    await openRecord(page);
    await page.goto(`${record}/deposit`);
    await page.fill("#field-name", "Dropped by a professional");
    await page.reload();
    expect(await page.inputValue("#field-name")).toBe("Dropped by a professional");
    const data = await page.evaluateHandle(
      "(() => { const transfer = new DataTransfer(); transfer.items.add(new File(['A dropped text'], 'dropped.txt')); return transfer; })()",
    );
    await page.dispatchEvent("[data-drop]", "drop", { dataTransfer: data });
    await page.click("text=Add to the record");
    await page.waitForURL(`**${record}?done=document`);
    expect(await page.textContent("main")).toContain("Dropped by a professional");
    await context.close();
  });

  it("who sends without a choice has the focus on what is wrong, and it is accessible", async () => {
    const { context, page } = await visitor();
    await page.goto(`${record}/emergency`);
    await page.click("main form button.button");
    await page.waitForSelector("#problems");
    expect(await page.evaluate("document.activeElement.id")).toBe("problems");
    expect(await violations(page)).toEqual([]);
    await picture(page, "professional-emergency-problems");
    await context.close();
  });

  it("throws a letter's draft away and has the template again", async () => {
    const { context, page } = await visitor();
    await openRecord(page);
    await page.goto(`${record}/write?template=plan`);
    await page.fill("#field-text", "Half a plan");
    await page.waitForTimeout(1500);
    await page.reload();
    expect(await page.inputValue("#field-text")).toBe("Half a plan");
    await page.click("text=Fill the template anew");
    await page.waitForFunction("document.querySelector('#field-text').value.includes('Medication plan')");
    await context.close();
  });
});
