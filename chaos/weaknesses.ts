/**
 * The test of the drills themselves: a platform built with a mistake (the stack's setting `dsp:weakness`) must turn a named drill
 * invalid, by the check that watches over what the mistake breaks. A drill that stays valid there proves nothing anywhere.
 */
import type { DrillOutcome } from "./run/outcome.ts";

export interface Weakness {
  /** The value of `dsp:weakness`. */
  readonly name: string;
  readonly title: string;
  /** The drill that must turn invalid, and the check that must say so. */
  readonly drill: string;
  readonly caughtBy: string;
}

export const weaknesses: readonly Weakness[] = [
  {
    name: "asynchronous-replication",
    title: "A write is acknowledged when one instance has it",
    drill: "primary-isolated",
    caughtBy: "durability",
  },
  {
    name: "preferred-durability",
    title: "A write waits for a standby only as long as there is one",
    drill: "standbys-then-primary",
    caughtBy: "copies",
  },
  {
    name: "no-witness-data",
    title: "The witness has no data: one lost site leaves a single copy",
    drill: "site-kill",
    caughtBy: "availability",
  },
  {
    name: "no-hold",
    title: "Services give up on a moved primary after a second",
    drill: "primary-pod-kill",
    caughtBy: "availability",
  },
  {
    name: "no-idempotency",
    title: "The edge forgets the clients' idempotency keys",
    drill: "standbys-freeze",
    caughtBy: "durability",
  },
  {
    name: "one-dns-pod",
    title: "The cluster's DNS is a single pod",
    drill: "dns-pod-kill",
    caughtBy: "spares",
  },
];

export interface WeaknessResult extends Weakness {
  caught: boolean;
  /** What the check found, or why it was not caught. */
  why: string;
}

/** Caught is only what the right check of the right drill said of a run that was otherwise sound. */
export function judgeWeakness(weakness: Weakness, outcome: DrillOutcome | undefined): WeaknessResult {
  if (outcome === undefined) return { ...weakness, caught: false, why: `${weakness.drill} was not run` };
  const check = outcome.checks.find(({ name }) => name === weakness.caughtBy);
  if (check?.verdict === "invalid") return { ...weakness, caught: true, why: check.findings[0] ?? "" };
  const said = check === undefined ? outcome.reasons[0] : `${check.name} is ${check.verdict}`;
  return { ...weakness, caught: false, why: `${weakness.drill} is ${outcome.verdict}: ${said ?? "nothing was found"}` };
}
