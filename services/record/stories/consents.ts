import { syntheticMeta as meta } from "../../lib/demo-patients.ts";
import { actReasonSystem, coded, confidentialitySystem, person, type Told } from "./elements.ts";

/** What the people of the stories decided about their records, as the portal writes it down. */
export function consents(): Told[] {
  const emma = person("emma");
  return [
    consent("demo-marie-delegate", "demo-marie", "delegate", permit(emma, "R", {})),
    consent(
      "demo-marie-pharmacy",
      "demo-marie",
      "access-rule",
      permit(person("faber"), "N", {
        ...{ class: [{ system: "urn:dsp:document-type", code: "laboratory" }], period: { end: "2027-12-31" } },
      }),
    ),
    consent("demo-noah-guardian", "demo-noah", "delegate", permit(emma, "V", {})),
    consent("demo-lucas-objection", "demo-lucas", "emergency-objection", {
      type: "deny",
      purpose: [{ system: actReasonSystem, code: "ETREAT" }],
    }),
  ];
}

function permit(who: { reference: string; display: string }, level: "N" | "R" | "V", narrower: object): object {
  return {
    type: "permit",
    actor: [{ role: coded("v3-ParticipationType", "IRCP"), reference: who }],
    securityLabel: [{ system: confidentialitySystem, code: level }],
    ...narrower,
  };
}

function consent(id: string, patientId: string, kind: string, provision: object): Told {
  const isDenial = "type" in provision && provision.type === "deny";
  return {
    ...{ resourceType: "Consent", id, meta, status: "active", dateTime: "2026-10-01T08:00:00Z", provision },
    scope: coded("consentscope", "patient-privacy"),
    category: [{ coding: [{ system: "urn:dsp:consent-kind", code: kind }] }],
    patient: { reference: `Patient/${patientId}` },
    policyRule: coded("v3-ActCode", isDenial ? "OPTOUT" : "OPTIN"),
  };
}
