import { describe, expect, it } from "vitest";
import type { FhirError } from "../../lib/operation-outcome.ts";
import { rulesOf } from "./rules.ts";

const ward = { system: "urn:dsp:profession", value: "nurse" };
const confidentiality = (code: string) => [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code }];
const emergency = [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "ETREAT" }];
const consent = (provision: object, more: object = {}) => ({ resourceType: "Consent", status: "active", provision, ...more });

describe("rulesOf", () => {
  it.each<[string, object, object[]]>([
    ["a denial to everybody", { type: "deny" }, [{ kind: "deny", actor: "*", specificity: 0, level: 0 }]],
    [
      "a grant to a person, up to a level, until the end of a day",
      {
        type: "permit",
        actor: [{ reference: { reference: "Practitioner/p" } }],
        securityLabel: confidentiality("R"),
        period: { end: "2026-12-31" },
      },
      [{ kind: "permit", actor: "Practitioner/p", specificity: 3, level: 1, to: "2026-12-31T23:59:59.999Z" }],
    ],
    [
      "a denial to a profession, of some document types",
      { type: "deny", actor: [{ reference: { identifier: ward } }], class: [{ system: "urn:dsp:document-type", code: "mental-health" }] },
      [{ kind: "deny", actor: "profession:nurse", specificity: 1, level: 0, categories: ["mental-health"] }],
    ],
    [
      "a delegate",
      { type: "permit", actor: [{ reference: { reference: "RelatedPerson/r" } }], securityLabel: confidentiality("V") },
      [{ kind: "permit", actor: "delegate:RelatedPerson/r", specificity: 3, level: 2 }],
    ],
    [
      "an objection to emergency access",
      { type: "deny", purpose: emergency },
      [{ kind: "emergency-objection", actor: "*", specificity: 0, level: 0 }],
    ],
    [
      "an exception within a denial",
      { type: "deny", provision: [{ type: "permit", actor: [{ reference: { reference: "Organization/o" } }] }] },
      [
        { kind: "deny", actor: "*", specificity: 0, level: 0 },
        { kind: "permit", actor: "Organization/o", specificity: 2, level: 0 },
      ],
    ],
  ])("understands %s", (_title, provision, expected) => {
    expect(rulesOf(consent(provision), "a")).toEqual(expected.map((rule) => ({ patientId: "a", ...rule })));
  });

  it("understands the level that new parts get", () => {
    const category = [{ coding: [{ system: "urn:dsp:consent-kind", code: "default-level" }] }];
    expect(rulesOf(consent({ securityLabel: confidentiality("R") }, { category }), "a")).toEqual([
      { patientId: "a", kind: "default-level", actor: "*", specificity: 0, level: 1 },
    ]);
  });

  it("takes no rule from a consent that is not active", () => {
    expect(rulesOf({ ...consent({ type: "deny" }), status: "inactive" }, "a")).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["what depends on data", { type: "deny", data: [] }, "Consent.provision.data"],
    ["an unknown document type", { type: "deny", class: [{ system: "urn:dsp:document-type", code: "x" }] }, "Consent.provision.class"],
    ["an unknown label", { type: "deny", securityLabel: [{ code: "R" }] }, "Consent.provision.securityLabel"],
    ["a device", { type: "deny", actor: [{ reference: { reference: "Device/1" } }] }, "Consent.provision.actor[0]"],
    [
      "an unknown profession",
      { type: "deny", actor: [{ reference: { identifier: { ...ward, value: "x" } } }] },
      "Consent.provision.actor[0]",
    ],
    ["a purpose it does not know", { type: "permit", purpose: emergency }, "Consent.provision.purpose"],
    ["a year as a period", { type: "deny", period: { start: "2026" } }, "Consent.provision.period"],
    [
      "something nested it does not know",
      { type: "deny", provision: [{ type: "permit", action: [] }] },
      "Consent.provision.provision[0].action",
    ],
  ])("refuses %s, since a patient would rely on it", (_title, provision, expression) => {
    let refused: FhirError | undefined;
    try {
      rulesOf(consent(provision), "a");
    } catch (error) {
      refused = error as FhirError;
    }
    expect([refused?.status, refused?.outcome.issue[0]?.expression]).toEqual([422, [expression]]);
  });
});
