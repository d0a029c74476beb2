/** The promises that the drills measure: the longest stall that an open-loop client may see while one fault happens. */

export interface PromiseRow {
  /** What is lost, as the table says it. */
  readonly row: string;
  /** The first bar: above it a drill is invalid. */
  readonly stallBarMs: number;
  /** What is aimed at. */
  readonly stallGoalMs: number;
}

export const promises = {
  service: { row: "service pod killed, drained, rolled", stallBarMs: 500, stallGoalMs: 200 },
  edge: { row: "edge killed, edge's node killed", stallBarMs: 1_000, stallGoalMs: 500 },
  redis: { row: "Redis primary killed or frozen", stallBarMs: 3_000, stallGoalMs: 1_500 },
  postgresCrash: { row: "PostgreSQL primary crashed", stallBarMs: 6_000, stallGoalMs: 2_000 },
  postgresStuck: { row: "PostgreSQL primary frozen, disk stalled or full", stallBarMs: 15_000, stallGoalMs: 5_000 },
  node: { row: "any node killed", stallBarMs: 12_000, stallGoalMs: 3_000 },
  site: { row: "a whole site killed, or cut off from the other two", stallBarMs: 15_000, stallGoalMs: 3_000 },
  spare: { row: "witness lost; API servers all down; DNS pod lost; operator lost", stallBarMs: 500, stallGoalMs: 200 },
  planned: { row: "planned: switchover, node drain, upgrade of any part", stallBarMs: 1_000, stallGoalMs: 200 },
  // Beyond what one fault may cost: requests may wait as long as they are held, and still nothing is lost.
  several: { row: "several faults at once", stallBarMs: 20_000, stallGoalMs: 15_000 },
} as const satisfies Record<string, PromiseRow>;
