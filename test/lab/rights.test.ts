/** Rights, emergency access, the access log and the audit chain on the running platform, through the virtual IP. */
import { beforeAll, describe, expect, it } from "vitest";
import { fhirUrl, runTool, stack, trustPlatform } from "./platform-under-test.ts";

interface Resource {
  resourceType: string;
  id: string;
  text?: { div: string };
}
interface Bundle {
  total?: number;
  entry?: { resource: Resource }[];
}

const family = `Rightstest${Date.now().toString(36)}`;
const restricted = { security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "R" }] };
const laboratory = [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "laboratory" }] }];

async function token(...options: string[]): Promise<string> {
  return (await runTool("./dsp", ["token", ...options])).trim().split("\n").at(-1) ?? "";
}

async function send(bearer: string, method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const own = { authorization: `Bearer ${bearer}`, ...(body ? { "content-type": "application/fhir+json" } : {}), ...headers };
  return await fetch(`${fhirUrl}/${path}`, { method, headers: own, ...(body ? { body: JSON.stringify(body) } : {}) });
}

async function created(bearer: string, resource: object): Promise<string> {
  const response = await send(bearer, "POST", (resource as Resource).resourceType, resource);
  expect(response.status, await response.clone().text()).toBe(201);
  return ((await response.json()) as Resource).id;
}

/** The primary's answer: what was decided a moment ago counts. */
const status = async (bearer: string, path: string): Promise<number> =>
  (await send(bearer, "GET", path, undefined, { "cache-control": "no-cache" })).status;

let software: string;
let doctor: string;
let patientId: string;
let me: string;
let result: string;

beforeAll(async () => {
  trustPlatform();
  software = await token();
  doctor = await token("--role", "practitioner", "--person", `Practitioner/${family}`);
  patientId = await created(software, { resourceType: "Patient", name: [{ family }] });
  me = await token("--role", "patient", "--patient", patientId);
  result = await created(software, {
    ...{ resourceType: "Observation", meta: restricted, status: "final", category: laboratory },
    ...{ code: { text: "synthetic" }, subject: { reference: `Patient/${patientId}` } },
  });
});

describe("a patient's record", () => {
  it("opens a restricted result to the physician whom the patient names, and closes it again", async () => {
    expect([await status(doctor, `Patient/${patientId}`), await status(doctor, `Observation/${result}`)]).toEqual([200, 404]);
    const consent = await created(me, {
      ...{ resourceType: "Consent", status: "active", scope: { text: "t" }, category: [{ text: "t" }], policyRule: { text: "t" } },
      patient: { reference: `Patient/${patientId}` },
      provision: {
        type: "permit",
        actor: [{ role: { text: "t" }, reference: { reference: `Practitioner/${family}` } }],
        securityLabel: restricted.security,
      },
    });
    expect(await status(doctor, `Observation/${result}`)).toBe(200);
    expect((await send(me, "DELETE", `Consent/${consent}`)).status).toBe(204);
    expect(await status(doctor, `Observation/${result}`)).toBe(404);
  });

  it("opens in an emergency, and the patient reads who did it and why", async () => {
    const reason = "Unconscious in the emergency room";
    const opened = await send(doctor, "POST", `Patient/${patientId}/$break-glass`, {
      resourceType: "Parameters",
      parameter: [{ name: "reason", valueString: reason }],
    });
    expect(opened.status, await opened.clone().text()).toBe(200);
    expect(await status(doctor, `Observation/${result}`)).toBe(200);
    const log = (await (
      await send(me, "GET", "AuditEvent?subtype=operation", undefined, { "accept-language": "de", "cache-control": "no-cache" })
    ).json()) as Bundle;
    expect(log.entry?.[0]?.resource.text?.div).toContain(`Notfall geöffnet. Angegebener Grund: ${reason}`);
    const reviews = (await (
      await send(software, "GET", `Task?patient=${patientId}&code=break-glass-review&_total=accurate`)
    ).json()) as Bundle;
    expect(reviews.total).toBe(1);
  });
});

describe("./dsp audit verify", () => {
  it("finds the audit record of what runs whole, and record's from a head that was noted before", async () => {
    interface Report {
      service: string;
      sealed: number;
      head: { sequence: number; hash: string };
      defects: object[];
    }
    const verify = async (...options: string[]) =>
      JSON.parse(await runTool("./dsp", ["audit", "verify", "--json", ...options])) as Report[];
    const all = await verify();
    expect(all.map(({ service }) => service)).toEqual(stack.services);
    expect(all.flatMap(({ defects }) => defects)).toEqual([]);
    const first = all[0] as Report;
    expect(first.sealed).toBeGreaterThan(0);
    const [second] = await verify("--service", "record", "--head", `${first.head.sequence}:${first.head.hash}`);
    expect(second?.defects).toEqual([]);
    expect(second?.sealed).toBeGreaterThanOrEqual(first.sealed);
  });
});
