import { type Level, levels } from "./confidentiality.ts";
import type { DocumentType } from "./document-types.ts";
import type { AccessRule } from "./rules.ts";

/** Somebody whose sight depends on professions and on what patients decided. Patients themselves and the platform's own software have no such bounds. */
export interface Rights {
  /** All that rules may name this caller by, `*` included. */
  actors: readonly string[];
  /** Document types that may be read without a rule, on the level normal. */
  readable: readonly DocumentType[];
  writable: readonly DocumentType[];
  /** The instant that periods are compared with. */
  at: string;
}

/** What is decided about. */
export interface Part {
  category: string;
  level: Level;
  /** Whose record it belongs to. */
  patientIds: readonly string[];
}

export interface Decision {
  allowed: boolean;
  because: "profession" | "level" | "document type" | "permit" | "denial";
}

/**
 * Whether somebody may see a part of a record: for each of its patients the closest rule that fits, else the profession's. It must be
 * allowed for all of them. `rights-sql.ts` says the same in SQL; a test holds the two together.
 */
export function decide(rights: Rights, part: Part, rules: readonly AccessRule[]): Decision {
  const base: Decision =
    part.level !== levels.normal
      ? { allowed: false, because: "level" }
      : rights.readable.some((category) => category === part.category)
        ? { allowed: true, because: "profession" }
        : { allowed: false, because: "document type" };
  const decisions = part.patientIds.map((patientId) => {
    const rule = closest(rules.filter((each) => each.patientId === patientId && fits(each, rights, part)));
    return rule ? ({ allowed: rule.kind === "permit", because: rule.kind === "permit" ? "permit" : "denial" } as const) : base;
  });
  return decisions.find(({ allowed }) => !allowed) ?? decisions[0] ?? base;
}

function fits(rule: AccessRule, { actors, at }: Rights, { category, level }: Part): boolean {
  if (rule.kind !== "permit" && rule.kind !== "deny") return false;
  const levelFits = rule.kind === "permit" ? level <= rule.level : level >= rule.level;
  const categoryFits = rule.categories === undefined || rule.categories.some((each) => each === category);
  const timeFits = (rule.from === undefined || rule.from <= at) && (rule.to === undefined || at <= rule.to);
  return levelFits && categoryFits && timeFits && actors.includes(rule.actor);
}

function closest(rules: readonly AccessRule[]): AccessRule | undefined {
  return rules.toSorted((left, right) => right.specificity - left.specificity || order(left) - order(right))[0];
}

function order({ kind }: AccessRule): number {
  return kind === "deny" ? 0 : 1;
}
