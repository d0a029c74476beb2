/** Identity, registry, exchange and portal on the running platform, through the virtual IP, with the software of others: a browser, a practice's software. */
import { generateKeyPairSync } from "node:crypto";
import * as openid from "openid-client";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findDocuments,
  obtainToken,
  type Platform,
  provideDocument,
  retrieveDocument,
} from "../../docs/examples/practice-software/practice-software.ts";
import { startBrowser } from "../portal/browser.ts";
import { fhirUrl, runTool, trustPlatform } from "./platform-under-test.ts";

interface Demo {
  portal: string;
  password: string;
  accounts: { login: string; code?: string; codeSeconds?: number }[];
}

const { origin } = new URL(fhirUrl);
const unique = Date.now().toString(36);

async function token(login: string): Promise<string> {
  const who: Record<string, readonly string[]> = {
    hoffmann: [
      "--role",
      "practitioner",
      "--person",
      "Practitioner/demo-hoffmann",
      "--profession",
      "physician",
      "--organization",
      "demo-practice",
    ],
    reuter: ["--role", "practitioner", "--person", "Practitioner/demo-reuter", "--profession", "nurse", "--organization", "demo-hospital"],
  };
  return (await runTool("./dsp", ["token", ...(who[login] ?? [])])).trim().split("\n").at(-1) ?? "";
}

async function send(bearer: string, method: string, path: string, body?: object): Promise<Response> {
  const type = path.includes("/fhir/") ? "application/fhir+json" : "application/json";
  const headers = { authorization: `Bearer ${bearer}`, ...(body ? { "content-type": type } : {}) };
  return await fetch(`${origin}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
}

async function answered<T>(response: Response, status: number): Promise<T> {
  expect(response.status, await response.clone().text()).toBe(status);
  return (await response.json()) as T;
}

const readDemo = async (): Promise<Demo> => JSON.parse(await runTool("./dsp", ["demo", "--json"])) as Demo;

let hoffmann: string;
let reuter: string;

beforeAll(async () => {
  trustPlatform();
  [hoffmann, reuter] = [await token("hoffmann"), await token("reuter")];
});

describe("the portal", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  async function signIn(login: string, locale: string): Promise<string> {
    const { portal, password, accounts } = await readDemo();
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale });
    const page = await context.newPage();
    await page.goto(`${portal}sign-in`);
    await page.fill("input[name=login]", login);
    await page.fill("input[type=password]", password);
    await page.click("button[type=submit]");
    const code = accounts.find((account) => account.login === login)?.code;
    if (code !== undefined) {
      await page.fill("input[name=code]", code);
      await page.click("button[type=submit]");
    }
    await page.waitForURL(`${portal}**`);
    const text = (await page.textContent("main")) ?? "";
    await context.close();
    return text;
  }

  it("is where a browser arrives, and signs a patient in, in the browser's language", async () => {
    const home = await fetch(`${origin}/`);
    expect([home.url, home.status]).toEqual([`${origin}/portal/`, 200]);
    expect(await signIn("marie", "fr-FR")).toMatch(/Bonjour[\s\S]*Marie Test-Weber/);
  });

  it("signs a professional in with a second factor", async () => {
    expect(await signIn("hoffmann", "de-DE")).toContain("Claire Test-Hoffmann");
  });
});

describe("the registry", () => {
  it("finds a person by the national number and by a misspelt name, and fed the record", async () => {
    const byNumber = await send(hoffmann, "GET", "/registry/fhir/Patient?identifier=urn:dsp:national-number|1958031490024");
    const { entry } = await answered<{ entry: { resource: { id: string } }[] }>(byNumber, 200);
    expect(entry.map(({ resource }) => resource.id)).toEqual(["demo-marie"]);
    const byName = await send(hoffmann, "GET", "/registry/fhir/Patient?family=Test-Veber&given=Mary&birthdate=1958-03-14");
    const named = await answered<{ entry: { resource: { id: string } }[] }>(byName, 200);
    // Her deliberate duplicate may come first.
    expect(named.entry.map(({ resource }) => resource.id)).toContain("demo-marie");
    expect((await send(hoffmann, "GET", "/fhir/Patient/demo-marie")).status).toBe(200);
    const wrong = await send(hoffmann, "GET", "/registry/fhir/Patient?identifier=urn:dsp:national-number|1958031490025");
    expect(wrong.status).toBe(400);
  });

  it("merges two who are one, leads from the one to the other, and takes it back", async () => {
    const software = await token("software");
    const [source, target] = [await newPerson(software, "Ada"), await newPerson(software, "Adele")];
    const named = (name: string, id: string) => ({ name, valueReference: { reference: `Patient/${id}` } });
    const operate = async (name: string, ...parameter: object[]) =>
      answered<object>(await send(software, "POST", `/registry/fhir/Patient/$${name}`, { resourceType: "Parameters", parameter }), 200);
    const follow = async () => {
      const response = await send(software, "GET", `/registry/fhir/Patient/${source}?follow=true`);
      return (await answered<{ id: string }>(response, 200)).id;
    };
    await operate("merge", named("source-patient", source), named("target-patient", target));
    expect(await follow()).toBe(target);
    await operate("unmerge", named("source-patient", source));
    expect(await follow()).toBe(source);
  });
});

/** Of the registry alone. */
async function newPerson(bearer: string, given: string): Promise<string> {
  const person = {
    ...{ resourceType: "Patient", active: true, gender: "female", birthDate: "1931-02-03" },
    name: [{ family: `Test-${unique}`, given: [given] }],
  };
  return (await answered<{ id: string }>(await send(bearer, "POST", "/registry/fhir/Patient", person), 201)).id;
}

describe("the exchange", () => {
  it("brings a message from one professional to another, who is seen to have read it", async () => {
    const subject = `Test ${unique}`;
    const message = { to: ["Practitioner/demo-reuter"], subject, text: "Synthetic" };
    const { id } = await answered<{ id: string }>(await send(hoffmann, "POST", "/exchange/messages", message), 201);
    const inbox = await answered<object>(await send(reuter, "GET", "/exchange/inbox"), 200);
    expect(JSON.stringify(inbox)).toContain(subject);
    expect((await send(reuter, "GET", `/exchange/messages/${id}`)).status).toBe(200);
    expect((await send(await token("software"), "GET", `/exchange/messages/${id}`)).status).toBe(403);
  });

  it("deposits what came with a message into the patient's record, in one step and once", async () => {
    const letter = { title: "Test-Letter", contentType: "text/plain", data: Buffer.from("SYNTHETIC TEST LETTER").toString("base64") };
    const message = {
      ...{ to: ["Practitioner/demo-hoffmann"], subject: `Test ${unique}`, text: "Synthetic" },
      ...{ patient: "Patient/demo-marie", attachments: [letter] },
    };
    const { id } = await answered<{ id: string }>(await send(hoffmann, "POST", "/exchange/messages", message), 201);
    const deposit = async () => {
      const response = await send(hoffmann, "POST", `/exchange/messages/${id}/$deposit`);
      return (await answered<{ deposits: { document: string }[] }>(response, 200)).deposits.map(({ document }) => document);
    };
    const [document = "none"] = await deposit();
    expect(await deposit()).toEqual([document]);
    expect((await send(hoffmann, "GET", `/fhir/${document}`)).status).toBe(200);
  });
});

describe("a practice's software", () => {
  interface Software extends Platform {
    vendor: string;
    patient: string;
  }

  async function register(name: string): Promise<Software> {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const kid = `test-${name}-${unique}`;
    const jwks = { keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" }] };
    const contact = { name: "Test-Vendor", email: "test@example.org" };
    const registration = { name: `Test-Software ${name} ${unique}`, kind: "backend", contact, jwks };
    const vendor = await answered<{ id: string; client_id: string; sandbox: { patients: string[] } }>(
      await send(hoffmann, "POST", "/exchange/vendors", registration),
      201,
    );
    const key = { ...pair.privateKey.export({ format: "jwk" }), kid };
    return { origin, clientId: vendor.client_id, key, vendor: vendor.id, patient: vendor.sandbox.patients[0] ?? "none" };
  }

  it("registers, gets a token of identity's, deposits a document, finds it and reads it, and the self-check says so", async () => {
    const software = await register("example");
    const { patient, vendor } = software;
    const own = await obtainToken(software);
    const reference = await provideDocument(software, own, patient, "SYNTHETIC TEST DOCUMENT\n");
    const [found] = await findDocuments(software, own, patient);
    expect(`DocumentReference/${found?.id}`).toBe(reference);
    expect(await retrieveDocument(software, own, found?.url ?? "")).toBe("SYNTHETIC TEST DOCUMENT\n");
    const report = await answered<{ steps: { step: string; state: string }[] }>(
      await send(own, "GET", `/exchange/vendors/${vendor}/self-check?language=en`),
      200,
    );
    const done = report.steps.filter(({ state }) => state === "done").map(({ step }) => step);
    expect(done).toEqual(expect.arrayContaining(["token", "provide", "retrieve"]));
  });

  it("gets by a public OpenID Connect library a token that is bound to its key, and of no use to who has not the key", async () => {
    const { clientId, key, patient } = await register("library");
    const signing = await crypto.subtle.importKey("jwk", key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const proof = openid.PrivateKeyJwt({ key: signing, kid: key.kid ?? "" });
    const server = await openid.discovery(new URL(`${origin}/identity`), clientId, undefined, proof);
    const DPoP = openid.getDPoPHandle(server, await openid.randomDPoPKeyPair("ES256"));
    const { access_token, token_type } = await openid.clientCredentialsGrant(server, { scope: "system/*.rs" }, { DPoP });
    expect(token_type).toBe("dpop");
    const url = new URL(`${fhirUrl}/${patient}`);
    const own = await openid.fetchProtectedResource(server, access_token, url, "GET", null, undefined, { DPoP });
    expect(own.status, await own.text()).toBe(200);
    for (const scheme of ["DPoP", "Bearer"]) {
      expect((await fetch(url, { headers: { authorization: `${scheme} ${access_token}` } })).status).toBe(401);
    }
  });
});

describe("the audit record", () => {
  it("of every service is whole", async () => {
    const reports = JSON.parse(await runTool("./dsp", ["audit", "verify", "--json"])) as {
      service: string;
      sealed: number;
      defects: object[];
    }[];
    expect(reports.map(({ service, defects }) => ({ service, defects }))).toEqual(
      ["record", "identity", "registry", "exchange", "portal"].map((service) => ({ service, defects: [] })),
    );
    expect(reports.find(({ service }) => service === "identity")?.sealed).toBeGreaterThan(0);
  });
});
