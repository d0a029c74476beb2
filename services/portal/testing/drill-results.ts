/** As `./dsp drill` writes results.json (chaos/report/results.ts). */
export function drillResults(startedAt = "2026-11-26T20:00:00.000Z"): Record<string, unknown> {
  const drill = (name: string, title: string, row: string, stallBarMs: number, more: object = {}) => ({
    ...{
      name,
      title,
      verdict: "valid",
      promise: { row, stallBarMs, stallGoalMs: stallBarMs / 2 },
      runs: 1,
      stallsMs: [420],
      stallP50Ms: 420,
    },
    ...{
      stallMs: 420,
      failed: 0,
      lost: 0,
      doubled: 0,
      redundancyWorstMs: 21_000,
      each: [{ run: 1, verdict: "valid", reasons: [], checks: [], faults: [] }],
    },
    ...more,
  });
  const reasons = ["a client waited 6.1 s; the promise is 5.0 s", "3 requests failed"];
  return {
    ...{ startedAt, endedAt: "2026-11-26T21:10:00.000Z", stack: "lab", full: true, machine: "2 cores, 8 GB", repeat: 1, room: 1 },
    uncovered: [],
    drills: [
      drill("pod-kill", "A pod of the record is killed", "A pod is lost", 1000),
      drill("site-kill", "A whole site is killed", "A site is lost", 5000, {
        verdict: "invalid",
        stallMs: 6100,
        failed: 3,
        each: [{ run: 1, verdict: "invalid", reasons }],
      }),
      drill("site-cut-off", "A site is cut off from the others", "A site is lost", 5000, { stallMs: 3900 }),
      drill("dns-down", "The cluster's DNS is gone", "DNS is lost", 1000, {
        ...{ verdict: "not run", stallMs: null, lost: null, doubled: null, redundancyWorstMs: null },
        each: [{ run: 1, verdict: "not run", reasons: ["the platform was not fit to begin"] }],
      }),
    ],
  };
}
