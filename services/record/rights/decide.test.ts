import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Part, type Rights } from "./decide.ts";
import { documentTypes } from "./document-types.ts";
import { professions } from "./professions.ts";
import { type AccessRule, specificities } from "./rules.ts";
import { anyPart, anyRights, anyRules } from "./testing/any-rights.ts";

const physician = professions.get("physician");
const rights: Rights = {
  actors: ["*", "profession:physician", "Organization/o", "Practitioner/p"],
  readable: physician?.readable ?? [],
  writable: [],
  at: "2026-06-01T12:00:00.000Z",
};
const part: Part = { category: "laboratory", level: 0, patientIds: ["a"] };
const rule = (more: Partial<AccessRule>): AccessRule => ({
  ...{ patientId: "a", kind: "permit", actor: "*", specificity: 0, level: 0 },
  ...more,
});
const person = { actor: "Practitioner/p", specificity: specificities.person };
const organization = { actor: "Organization/o", specificity: specificities.organization };

describe("decide", () => {
  it.each<[string, Partial<Part>, AccessRule[], boolean, string]>([
    ["a physician sees a normal result", {}, [], true, "profession"],
    ["but no restricted one", { level: 1 }, [], false, "level"],
    ["nor what a physician has nothing to do with", { category: "consent" }, [], false, "document type"],
    ["a grant to the person opens a restricted one", { level: 1 }, [rule({ ...person, level: 1 })], true, "permit"],
    ["but no secret one", { level: 2 }, [rule({ ...person, level: 1 })], false, "level"],
    ["a denial to everybody closes the record", {}, [rule({ kind: "deny" })], false, "denial"],
    ["a grant to the person is closer than a denial to everybody", {}, [rule({ kind: "deny" }), rule(person)], true, "permit"],
    [
      "a denial to the person is closer than a grant to the organisation",
      {},
      [rule({ ...person, kind: "deny" }), rule(organization)],
      false,
      "denial",
    ],
    ["of two as close, the denial counts", {}, [rule(person), rule({ ...person, kind: "deny" })], false, "denial"],
    ["a denial of one document type leaves the others", {}, [rule({ kind: "deny", categories: ["imaging"] })], true, "profession"],
    ["a denial from the level restricted on leaves the normal", {}, [rule({ kind: "deny", level: 1 })], true, "profession"],
    ["an expired grant is none", { level: 1 }, [rule({ ...person, level: 1, to: "2026-05-31T00:00:00.000Z" })], false, "level"],
    ["one that has not begun is none yet", { level: 1 }, [rule({ ...person, level: 1, from: "2026-07-01T00:00:00.000Z" })], false, "level"],
    ["another patient's grant is none", { level: 1 }, [rule({ ...person, level: 1, patientId: "b" })], false, "level"],
    ["every patient of a resource must allow it", { patientIds: ["a", "b"] }, [rule({ patientId: "b", kind: "deny" })], false, "denial"],
    [
      "an emergency is closer than a denial to the person",
      { level: 1 },
      [rule({ ...person, kind: "deny" }), rule({ ...person, specificity: specificities.emergency, level: 1 })],
      true,
      "permit",
    ],
    ["what belongs to no patient is decided by profession", { patientIds: [] }, [rule({ kind: "deny" })], true, "profession"],
  ])("%s", (_title, more, rules, allowed, because) => {
    expect(decide(rights, { ...part, ...more }, rules)).toEqual({ allowed, because });
  });

  it("never opens by a denial, and never closes by a permit that is not closer", () => {
    fc.assert(
      fc.property(anyRights, anyPart, anyRules, (who, what, rules) => {
        const before = decide(who, what, rules).allowed;
        const denied = what.patientIds.map((patientId) => rule({ patientId, kind: "deny", actor: who.actors[0] ?? "*", specificity: 4 }));
        const withDenial = decide(who, what, [...rules, ...denied]).allowed;
        if (what.patientIds.length > 0 && denied.length > 0 && who.actors.length > 0) expect(withDenial).toBe(false);
        const permitted = what.patientIds.map((patientId) => rule({ patientId, actor: who.actors[0] ?? "*", specificity: 4, level: 2 }));
        if (before) expect(decide(who, what, [...rules, ...permitted]).allowed).toBe(true);
      }),
    );
  });

  it("does not depend on the order of the rules", () => {
    fc.assert(
      fc.property(anyRights, anyPart, anyRules, (who, what, rules) => {
        expect(decide(who, what, rules.toReversed())).toEqual(decide(who, what, rules));
      }),
    );
  });
});

describe("the matrix", () => {
  it("lets nobody read consents or notices, and nobody write what they may not read", () => {
    for (const { readable, writable } of professions.values()) {
      expect(readable).not.toContain("consent");
      expect(readable).not.toContain("notice");
      expect(readable).toEqual(expect.arrayContaining([...writable]));
    }
  });

  it("has for each document type but these two somebody who reads it", () => {
    const read = new Set([...professions.values()].flatMap(({ readable }) => readable));
    expect(documentTypes.filter((type) => !read.has(type))).toEqual(["consent", "notice"]);
  });
});
