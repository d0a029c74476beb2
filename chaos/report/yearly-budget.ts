/** A year of faults: how often each is expected times the stall that was measured, against what Tier IV leaves for a year. */
import { promises } from "../promises.ts";
import type { PromiseSummary } from "./summary.ts";

const secondsAYear = 365.25 * 24 * 3_600;
const availability = 0.99995;
/** 26.3 minutes. */
export const budgetSeconds = secondsAYear * (1 - availability);

/** How often a year, on the whole platform, and why so often. These are assumptions, stated to be argued with. */
const rates: Readonly<Record<keyof typeof promises, { perYear: number; why: string }>> = {
  service: { perYear: 24, why: "a pod of a service crashes or is moved twice a month" },
  edge: { perYear: 4, why: "an edge or its node fails four times" },
  redis: { perYear: 4, why: "the Redis primary fails four times" },
  postgresCrash: { perYear: 4, why: "the PostgreSQL primary crashes four times" },
  postgresCrashAtPeak: { perYear: 1, why: "and once more at the busiest hour" },
  postgresStuck: { perYear: 2, why: "the primary hangs, or its disk does, twice" },
  node: { perYear: 7, why: "each of seven nodes fails once" },
  site: { perYear: 1, why: "one of three buildings is lost or cut off once" },
  spare: { perYear: 24, why: "witness, API, DNS or operator fail twice a month" },
  planned: { perYear: 104, why: "something is changed on purpose twice a week" },
  several: { perYear: 0.1, why: "once in ten years" },
};

export interface BudgetRow {
  row: string;
  why: string;
  perYear: number;
  /** undefined: not measured. */
  typicalS: number | undefined;
  worstS: number | undefined;
}

export interface YearlyBudget {
  rows: readonly BudgetRow[];
  /** If each fault costs its median stall; what was not measured counts nothing. */
  typicalS: number;
  /** If each fault costs the longest stall ever measured. */
  worstS: number;
  /** Rows without a measurement: the sums are too low by them. */
  unmeasured: readonly string[];
}

export function yearlyBudget(measured: readonly PromiseSummary[]): YearlyBudget {
  const rows = Object.entries(promises).map(([key, { row }]): BudgetRow => {
    const { perYear, why } = rates[key as keyof typeof promises];
    const stall = measured.find(({ promise }) => promise.row === row)?.stall;
    const seconds = (ms: number | undefined) => (ms === undefined ? undefined : (ms / 1_000) * perYear);
    return { row, why, perYear, typicalS: seconds(stall?.p50), worstS: seconds(stall?.worst) };
  });
  const sum = (pick: (row: BudgetRow) => number | undefined) => rows.reduce((total, row) => total + (pick(row) ?? 0), 0);
  return {
    rows,
    typicalS: sum(({ typicalS }) => typicalS),
    worstS: sum(({ worstS }) => worstS),
    unmeasured: rows.filter(({ worstS }) => worstS === undefined).map(({ row }) => row),
  };
}
