import fc from "fast-check";
import type { Level } from "../confidentiality.ts";
import type { Part, Rights } from "../decide.ts";
import { documentTypes } from "../document-types.ts";
import type { AccessRule } from "../rules.ts";

/** Few of everything, so that rules often fit. */
const actors = ["*", "profession:nurse", "Organization/o", "Practitioner/p"] as const;
const patients = ["a", "b"];
const categories = documentTypes.slice(0, 3);
const instants = ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"];

const level = fc.constantFrom<Level>(0, 1, 2);

export const anyPart: fc.Arbitrary<Part> = fc.record({
  category: fc.constantFrom(...categories),
  level,
  patientIds: fc.uniqueArray(fc.constantFrom(...patients)),
});

export const anyRights: fc.Arbitrary<Rights> = fc.record({
  actors: fc.subarray([...actors], { minLength: 1 }),
  readable: fc.subarray([...categories]),
  writable: fc.constant([]),
  at: fc.constantFrom(...instants),
});

const anyRule: fc.Arbitrary<AccessRule> = fc
  .record({
    patientId: fc.constantFrom(...patients),
    kind: fc.constantFrom("permit", "deny"),
    place: fc.nat({ max: 3 }),
    level,
    categories: fc.option(fc.subarray([...categories]), { nil: undefined }),
    from: fc.option(fc.constantFrom(...instants), { nil: undefined }),
    to: fc.option(fc.constantFrom(...instants), { nil: undefined }),
  })
  .map(({ place, categories: some, from, to, ...rule }) => ({
    ...rule,
    actor: actors[place] ?? "*",
    specificity: place as AccessRule["specificity"],
    ...(some === undefined ? {} : { categories: some }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }));

export const anyRules = fc.array(anyRule, { maxLength: 6 });
