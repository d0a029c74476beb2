/**
 * What agreement and disagreement are worth, after I. Fellegi and A. Sunter, A Theory for Record Linkage (1969): of each outcome `m` is how often it is
 * met in two records of one person, `u` in two of different people. Its weight is log2(m / u), in bits.
 * Estimated from published frequencies of names and errors; to be estimated anew from a country's own data.
 */
export interface Outcome {
  m: number;
  u: number;
}

export const outcomes = {
  nationalNumber: { same: { m: 0.98, u: 1e-7 }, different: { m: 0.004, u: 1 } },
  identifier: { same: { m: 0.9, u: 1e-6 } },
  family: {
    same: { m: 0.88, u: 0.0006 },
    part: { m: 0.03, u: 0.001 },
    sound: { m: 0.05, u: 0.002 },
    similar: { m: 0.02, u: 0.003 },
    different: { m: 0.02, u: 0.993 },
  },
  given: {
    same: { m: 0.87, u: 0.008 },
    variant: { m: 0.05, u: 0.006 },
    part: { m: 0.03, u: 0.004 },
    sound: { m: 0.02, u: 0.006 },
    similar: { m: 0.02, u: 0.01 },
    different: { m: 0.004, u: 0.966 },
  },
  birthDate: {
    same: { m: 0.95, u: 0.00004 },
    swapped: { m: 0.01, u: 0.00008 },
    digit: { m: 0.015, u: 0.0006 },
    year: { m: 0.005, u: 0.012 },
    different: { m: 0.02, u: 0.987 },
  },
  gender: { same: { m: 0.99, u: 0.5 }, different: { m: 0.01, u: 0.5 } },
  address: { same: { m: 0.75, u: 0.02 }, different: { m: 0.25, u: 0.98 } },
  contact: { same: { m: 0.6, u: 0.0005 }, different: { m: 0.4, u: 0.9995 } },
} as const satisfies Record<string, Record<string, Outcome>>;

/** Family name and given name in each other's place: what agreement is worth less. */
export const swappedNamesBits = -4;

/** Address and telephone of one household agree together and for all its members, twins above all: more than this they are not worth together. */
export const householdBitsMax = 4;

/** Of two people of the population taken at random, how likely they are the same one. */
export const priorBits = Math.log2(1 / 600_000);

export type Grade = "certain" | "probable" | "possible" | "certainly-not";

/** From how many bits, the prior included, a grade is given: 10 bits are 1000 to 1. */
export const gradesFromBits: readonly { grade: Grade; bits: number }[] = [
  { grade: "certain", bits: 10 },
  { grade: "probable", bits: 3 },
  { grade: "possible", bits: -4 },
];

export function bitsOf({ m, u }: Outcome): number {
  return Math.log2(m / u);
}
