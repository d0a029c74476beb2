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
  // The bars are for the ordinary load. At three times that, a client has its answer before it repeats its request.
  postgresCrashAtPeak: { row: "PostgreSQL primary crashed at three times the load", stallBarMs: 10_000, stallGoalMs: 6_000 },
  postgresStuck: { row: "PostgreSQL primary frozen, disk stalled or full", stallBarMs: 15_000, stallGoalMs: 5_000 },
  node: { row: "any node killed", stallBarMs: 12_000, stallGoalMs: 3_000 },
  site: { row: "a whole site killed, or cut off from the other two", stallBarMs: 15_000, stallGoalMs: 3_000 },
  spare: { row: "witness lost; API servers all down; DNS pod lost; operator lost", stallBarMs: 500, stallGoalMs: 200 },
  planned: { row: "planned: switchover, node drain, upgrade of any part", stallBarMs: 1_000, stallGoalMs: 200 },
  // Beyond what one fault may cost: requests may wait as long as they are held, and still nothing is lost.
  several: { row: "several faults at once", stallBarMs: 20_000, stallGoalMs: 15_000 },
} as const satisfies Record<string, PromiseRow>;

/**
 * What limits each row now, and what its goal would take: read from the journals of drills (docs/promises.md), to be said anew when they say
 * otherwise.
 */
const limits: Readonly<Record<keyof typeof promises, string>> = {
  service:
    "The pod that takes the lost one's place starts, and for a second takes what the lab's two cores have: requests wait meanwhile on every pod, the untouched ones too. The goal takes a core that a starting pod cannot take from those that serve: a machine for each node.",
  edge: "The other edge has the address after 0.4 s; then all clients shake hands anew at once, and an edge that is cut off or frozen is noticed only when nothing has been heard of it for long enough not to be mere slowness. The goal takes handshakes on cores of their own, and an address that both edges serve at the same time.",
  redis:
    "Two Sentinels agree after 0.5 s; the worst is the replacement's start beside it. The goal is reached in the median; always, with a processor that is not shared.",
  postgresCrash:
    "Noticed and voted 0.5 s, standbys fenced 0.3 s, promoted and followed 0.5 s, and the backlog served; and where the operator has just noticed too, 0.4 to 1.4 s until the next primary's manager has heard of it. Reached by one crash of two or three. Beyond that each is a wait for the processor, which the crashed instance's recovery and the control plane take at the same moment (a killed node takes its processes along, and costs less). The goal takes a third core for the control plane.",
  postgresCrashAtPeak:
    "As at the ordinary load, and three times as many requests wait when the new primary is there: they are worked off beside those that come. The goal takes the third core.",
  postgresStuck:
    "What is frozen refuses nothing: it counts as dead after 1 to 1.5 s of silence, a disk after 2 s of no write, so that a slow moment does not move the primary. From then on as when it crashes. The goal takes the same third core; a shorter silence would move primaries that are merely slow.",
  node: "Silence of 1 to 1.5 s before a node counts as dead, then the move, beside half a dozen pods that look for another place. The goal is reached in nine runs of ten with the record alone; always, with the third core.",
  site: "A site that is killed reaches the goal in most runs. One that is cut off goes on running on the same two cores: its control plane elects, its standbys and services look for each other, and clients that hold its address wait until it gives the address up. The goal takes a machine for each site.",
  spare:
    "Nothing that serves clients is lost: the stall is the processor's, which the replacement, its image and certificates and the control plane's caches take. The goal takes cores for the control plane that the services do not share.",
  planned:
    "Moving the primary pauses writes for 0.4 to 0.9 s where nothing else runs (an integration test measures it), and for seconds where a drain's or a roll's new pods start on the same cores. The goal takes the third core, and a primary that hands over the last of its log before it stops taking writes.",
  several: "Writes wait until two instances are there again, which is when the drill gives one back.",
};

/** What limits the row; empty for a row that there is no more. */
export function limitOf(row: string): string {
  const found = Object.entries(promises).find(([, promise]) => promise.row === row);
  return found === undefined ? "" : limits[found[0] as keyof typeof promises];
}
