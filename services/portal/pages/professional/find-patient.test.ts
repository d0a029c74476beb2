import { describe, expect, it } from "vitest";
import { nationalNumber } from "../../../lib/national-number.ts";
import { searchOf } from "./find-patient.ts";
import { ageOf } from "./record-visit.ts";
import { answerTo } from "./thread.ts";

const nothing = { number: "", name: "", birthDate: "" };

describe("a search for a patient", () => {
  it("is by the number where there is one, spaces aside", () => {
    const number = nationalNumber("1958-03-14", 7);
    expect(searchOf({ language: "en" }, { ...nothing, number: `${number.slice(0, 4)} ${number.slice(4)}`, name: "x" })).toEqual({ number });
  });

  it("wants the day of birth to a name, and a name of two letters", () => {
    expect(searchOf({ language: "en" }, { ...nothing, name: "Test-Weber" })).toMatchObject({ problems: { birthDate: expect.any(String) } });
    expect(searchOf({ language: "en" }, { ...nothing, name: "--a", birthDate: "1958-03-14" })).toMatchObject({
      problems: { name: expect.any(String) },
    });
    expect(searchOf({ language: "en" }, { ...nothing, name: "Al", birthDate: "2999-01-01" })).toMatchObject({
      problems: { birthDate: expect.any(String) },
    });
    expect(searchOf({ language: "en" }, nothing)).toMatchObject({ problems: { number: expect.any(String) } });
  });
});

describe("an age", () => {
  it("counts birthdays, and stops at death", () => {
    const patient = { resourceType: "Patient" as const, birthDate: "2000-06-15" };
    const at = (day: string) => ageOf(patient, new Date(`${day}T12:00:00Z`));
    expect([at("2026-06-14"), at("2026-06-15")]).toEqual([25, 26]);
    expect(ageOf({ ...patient, deceasedDateTime: "2010-01-01" }, new Date())).toBe(9);
    expect(ageOf({ ...patient, birthDate: "2000" })).toBeUndefined();
  });
});

describe("an answer", () => {
  const item = (id: string, from: string, to: string, more: object = {}) => ({
    ...{ id, kind: "message" as const, type: "Communication", thread: "t", subject: "s", sent: "", status: "completed", unread: false },
    ...{ from: [from], to: [to], ...more },
  });

  it("goes to whoever wrote last, and about the same patient", () => {
    const items = [item("1", "Practitioner/b", "Organization/a", { patient: "Patient/p" }), item("2", "Practitioner/a", "Practitioner/b")];
    expect(answerTo(items, "Practitioner/a")).toEqual({ inReplyTo: "Communication/2", to: ["Practitioner/b"], patient: "Patient/p" });
    expect(answerTo(items.slice(1), "Practitioner/a")).toMatchObject({ to: ["Practitioner/b"], patient: undefined });
    expect(answerTo([], "Practitioner/a")).toBeUndefined();
  });
});
