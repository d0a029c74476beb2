/**
 * Mistakes that a platform like this could be built with. A stack is given one with `dsp:weakness`, for the drills' own test alone: each
 * must turn a drill invalid (chaos/weaknesses.ts).
 */
export const weaknesses = [
  /** A commit is acknowledged when one instance has it. */
  "asynchronous-replication",
  /** A commit waits for a standby only as long as there is one. */
  "preferred-durability",
  /** The witness has no data: one lost site leaves a single copy. */
  "no-witness-data",
  /** Services give up on a moved primary after a second. */
  "no-hold",
  /** The edge forgets the clients' idempotency keys. */
  "no-idempotency",
  /** The cluster's DNS is a single pod. */
  "one-dns-pod",
] as const;

export type Weakness = (typeof weaknesses)[number];

type Chart = "postgres" | "service" | "edge";

const values: Readonly<Record<Weakness, Partial<Record<Chart, Record<string, unknown>>>>> = {
  "asynchronous-replication": { postgres: { weakness: "asynchronous-replication" } },
  "preferred-durability": { postgres: { weakness: "preferred-durability" } },
  "no-witness-data": { postgres: { weakness: "no-witness-data" } },
  "no-hold": { service: { deadlineMs: 1_000 } },
  "no-idempotency": { edge: { weakness: "no-idempotency" } },
  "one-dns-pod": {},
};

/** What a weakness changes in the values of a chart; nothing without one. */
export function weakened(chart: Chart, weakness: Weakness | undefined): Record<string, unknown> {
  return weakness === undefined ? {} : (values[weakness][chart] ?? {});
}
