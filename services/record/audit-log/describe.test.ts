import { describe, expect, it } from "vitest";
import { languages } from "../../lib/language.ts";
import { describeEvent, type Event } from "./describe.ts";

const event: Event = {
  interaction: "read",
  outcome: "0",
  resourceType: "DiagnosticReport",
  who: "Dr Test",
  account: "account-1",
  role: "physician",
  isSelf: false,
  recorded: "2026-11-27T10:00:00Z",
};

describe("describeEvent", () => {
  it.each<[string, Partial<Event>, string, string, string]>([
    [
      "a read",
      {},
      "Dr Test (physician) read a report.",
      "Dr Test (médecin) a lu un compte rendu.",
      "Dr Test (Ärztin/Arzt) hat einen Bericht gelesen.",
    ],
    [
      "a refusal",
      { outcome: "8" },
      "Dr Test (physician) wanted to see or change a report. This was refused.",
      "Dr Test (médecin) a voulu voir ou modifier un compte rendu. L'accès a été refusé.",
      "Dr Test (Ärztin/Arzt) wollte einen Bericht sehen oder ändern. Dies wurde verweigert.",
    ],
    ["the patient", { isSelf: true }, "You read a report.", "Vous avez lu un compte rendu.", "Sie haben einen Bericht gelesen."],
    [
      "an emergency",
      { interaction: "operation", resourceType: "Patient", emergency: "unconscious $& {who}" },
      "Dr Test (physician) opened your record in an emergency. The reason given: unconscious $& {who}",
      "Dr Test (médecin) a ouvert votre dossier en urgence. Motif indiqué : unconscious $& {who}",
      "Dr Test (Ärztin/Arzt) hat Ihre Akte in einem Notfall geöffnet. Angegebener Grund: unconscious $& {who}",
    ],
    [
      "a purpose",
      { purpose: "COC" },
      "Dr Test (physician) read a report. Purpose stated: coordination of care.",
      "Dr Test (médecin) a lu un compte rendu. Motif indiqué : coordination des soins.",
      "Dr Test (Ärztin/Arzt) hat einen Bericht gelesen. Angegebener Zweck: Abstimmung der Behandlung.",
    ],
    [
      "a purpose of another time",
      { purpose: "toString" },
      "Dr Test (physician) read a report.",
      "Dr Test (médecin) a lu un compte rendu.",
      "Dr Test (Ärztin/Arzt) hat einen Bericht gelesen.",
    ],
  ])("tells %s in three languages", (_title, more, en, fr, de) => {
    expect(languages.map((language) => describeEvent({ ...event, ...more }, language))).toEqual([en, fr, de]);
  });

  it("names the account where there is no name, and a type that it does not know", () => {
    const { who: _who, ...nameless } = event;
    expect(describeEvent({ ...nameless, resourceType: "Basic" }, "en")).toBe("account-1 (physician) read a part of your record.");
  });
});
