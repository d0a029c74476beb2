import { createHash } from "node:crypto";
import { z } from "zod";
import { fhirError } from "../../lib/operation-outcome.ts";

const word = z.string().max(500);
const count = z.number().min(0).max(1e12);
const verdict = z.enum(["valid", "invalid", "unknown", "not run"]);

/** What is kept of `results.json`, which `./dsp drill` writes beside its report (chaos/report/results.ts); the rest is left out. */
const reportSchema = z.object({
  startedAt: z.iso.datetime({ offset: true }),
  endedAt: z.iso.datetime({ offset: true }).nullable(),
  stack: word,
  full: z.boolean(),
  machine: word,
  uncovered: z.array(word).max(500).nullable(),
  drills: z
    .array(
      z.object({
        name: word,
        title: word,
        verdict,
        promise: z.object({ row: word, stallBarMs: count, stallGoalMs: count }),
        stallMs: count.nullable(),
        failed: count,
        lost: count.nullable(),
        doubled: count.nullable(),
        redundancyWorstMs: count.nullable(),
        runs: count,
        each: z.array(z.object({ run: count, verdict, reasons: z.array(z.string().max(2000)).max(50) })).max(1000),
      }),
    )
    .min(1)
    .max(500),
});

export type DrillReport = z.infer<typeof reportSchema>;
export type ReportedDrill = DrillReport["drills"][number];

/** @throws FhirError 400 that says which part is none of a drill's results */
export function parseReport(text: string): DrillReport {
  const result = reportSchema.safeParse(parseJson(text));
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw fhirError(
    400,
    "structure",
    `This is no results.json of ./dsp drill: ${first?.path.join(".") || "the whole"}: ${first?.message ?? ""}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same for the same content. */
export function reportId(report: DrillReport): string {
  return createHash("sha256").update(JSON.stringify(report)).digest("hex").slice(0, 32);
}

export interface PromiseRow {
  row: string;
  verdict: ReportedDrill["verdict"];
  drills: number;
  stallMs: number | undefined;
  stallBarMs: number;
  failed: number;
  lost: number | undefined;
  doubled: number | undefined;
}

const badness = { valid: 0, "not run": 1, unknown: 2, invalid: 3 } as const;

export function worstVerdict(verdicts: readonly ReportedDrill["verdict"][]): ReportedDrill["verdict"] {
  return verdicts.reduce((left, right) => (badness[right] > badness[left] ? right : left), verdicts[0] ?? "unknown");
}

/** The promises in the order of the drills, each with the worst of its drills. What no drill measured stays undefined. */
export function promiseRows({ drills }: DrillReport): PromiseRow[] {
  return [...Map.groupBy(drills, ({ promise }) => promise.row)].map(([row, members]) => {
    const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
    const total = (values: readonly (number | null)[]): number | undefined => {
      const all = known(values);
      return all.length === 0 ? undefined : all.reduce((sum, value) => sum + value, 0);
    };
    const stalls = known(members.map(({ stallMs }) => stallMs));
    return {
      ...{ row, verdict: worstVerdict(members.map((member) => member.verdict)), drills: members.length },
      stallMs: stalls.length === 0 ? undefined : Math.max(...stalls),
      stallBarMs: Math.max(...members.map(({ promise }) => promise.stallBarMs)),
      failed: total(members.map(({ failed }) => failed)) ?? 0,
      lost: total(members.map(({ lost }) => lost)),
      doubled: total(members.map(({ doubled }) => doubled)),
    };
  });
}
