/** Whom identity offers which records: the question that it asks, put to the real record. */
import { describe, expect, it } from "vitest";
import { delegationsOfRecord } from "../services/identity/delegation/find-delegations.ts";
import { backgroundContext } from "../services/lib/context.ts";
import { useTestRecord } from "../services/record/testing/record.ts";

const { issuer, record } = await useTestRecord();
const token = await issuer.token({ sub: "identity", client_id: "identity", scope: "system/Consent.s system/Patient.r" });

function find(): ReturnType<typeof delegationsOfRecord> {
  const client = {
    call: async (_context: unknown, { method, path, headers }: { method: string; path: string; headers?: Record<string, string> }) => {
      const answer = await record.call(method, path, { headers: headers ?? {} });
      return { status: answer.status, headers: {}, body: Buffer.from(await answer.text()) };
    },
  };
  return delegationsOfRecord(client, { header: async () => `Bearer ${token}` });
}

async function put(type: string, id: string, resource: object): Promise<void> {
  const answer = await record.call("PUT", `/fhir/${type}/${id}`, { body: { resourceType: type, id, ...resource } });
  expect(answer.status).toBe(201);
}

function consent(patient: string, person: string, change: { status?: string; kind?: string; provision?: object } = {}): object {
  const { status = "active", kind = "delegate", provision = {} } = change;
  return {
    status,
    scope: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentscope", code: "patient-privacy" }] },
    category: [{ coding: [{ system: "urn:dsp:consent-kind", code: kind }] }],
    patient: { reference: `Patient/${patient}` },
    dateTime: "2026-10-01",
    policyRule: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "OPTIN" }] },
    provision: {
      type: "permit",
      actor: [
        {
          role: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "IRCP" }] },
          reference: { reference: person },
        },
      ],
      securityLabel: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "N" }],
      ...provision,
    },
  };
}

describe("whose records a person is offered", () => {
  it("those of patients who named them as a delegate, now, each once", async () => {
    for (const id of ["anna", "bert", "carl", "dora", "emil"]) await put("Patient", id, { name: [{ family: "Test", given: [id] }] });
    await put("Consent", "anna-1", consent("anna", "Patient/helper"));
    await put("Consent", "anna-2", consent("anna", "Patient/helper", { provision: { period: { end: "2999-12-31" } } }));
    await put("Consent", "bert-1", consent("bert", "Patient/helper", { provision: { period: { end: "2026-01-31" } } }));
    await put("Consent", "carl-1", consent("carl", "Patient/helper", { status: "inactive" }));
    await put("Consent", "dora-1", consent("dora", "Patient/helper", { kind: "access-rule" }));
    await put("Consent", "emil-1", consent("emil", "Patient/somebody-else"));
    const context = backgroundContext(record.deps.log, "test", 20_000);
    expect(await find()(context, "Patient/helper")).toEqual([{ patientId: "anna", name: "anna Test" }]);
    expect(await find()(context, "Patient/nobody")).toEqual([]);
  });

  it("none, where the record refuses or is away: that is not known, and not none", async () => {
    const context = backgroundContext(record.deps.log, "test", 20_000);
    const away = delegationsOfRecord({ call: () => Promise.reject(new Error("away")) }, { header: async () => "" });
    expect(await away(context, "Patient/helper")).toBeUndefined();
    const refused = delegationsOfRecord(
      { call: async () => ({ status: 401, headers: {}, body: Buffer.from("{}") }) },
      { header: async () => "" },
    );
    expect(await refused(context, "Patient/helper")).toBeUndefined();
  });
});
