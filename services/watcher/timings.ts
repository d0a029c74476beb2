/** Every time of the watcher's; config.ts has the names of the settings. */
export const defaultTimings = {
  /** Pause between questions to an instance while all is well, and while anything is odd. */
  calmIntervalMs: 500,
  oddIntervalMs: 120,
  connectTimeoutMs: 700,
  answerTimeoutMs: 1000,
  /** How long each kind of evidence must last. */
  refusedAfterMs: 300,
  /** Silence, at the latest: sooner where the others answer quickly (picture.ts). */
  silentAfterMs: 1500,
  startingAfterMs: 3000,
  noWriteAfterMs: 2000,
  /** Sooner, when it says itself that it cannot. */
  writeFailsAfterMs: 1000,
  writeIntervalMs: 1000,
  tickMs: 100,
  /** A tick that comes so much late says that this process, not the primary, was away. */
  lagMs: 300,
  voteTimeoutMs: 800,
  voteIntervalMs: 150,
  /** For how long the vote for an elected candidate binds, and a starting watcher gives none. */
  leaseMs: 5000,
  rankDelayMs: 120,
  /** For each step of it, and for all standbys: given up, all would begin anew. */
  fenceTimeoutMs: 1000,
  fenceAllTimeoutMs: 2500,
  /** Having fenced enough, wait so long for the rest. */
  fenceWaitMs: 300,
  /**
   * An instance manager that acts on old news shuts the new primary down, which costs 15 s; so the API may be slow. One that is away answers
   * nothing in this time either, and then it goes on without.
   */
  tellTimeoutMs: 1500,
  /**
   * How long the next primary's instance manager may take to hear of it, from when the telling begins, and how often it is looked whether it
   * has. With the fencing it is all over before the votes that elected end to bind.
   */
  heardTimeoutMs: 2300,
  heardPollMs: 60,
  /** Again and again, when the API was away: it must hear of the new primary before an instance manager acts on old news. */
  tellAgainMs: 250,
  /** Fences that were read so long ago are read again before the promotion. */
  readAgainAfterMs: 500,
  promotePollMs: 20,
  promoteTimeoutMs: 3000,
  /** How long a watcher that is told to stop may go on with the move that it leads. */
  leaveTimeoutMs: 8000,
  /** Pause after a failover that did not come about. */
  retryAfterMs: 400,
  /** A primary that lives is moved only where all has agreed on it for so long, and tried again after so long. */
  plannedAfterMs: 3000,
  plannedAgainMs: 10_000,
  /** What nobody has changed for so long, the instance managers have read and are done with. */
  quietAfterMs: 2000,
  /**
   * So long a planned move waits, at most, for that, and for a moment in which nothing waits for the processor: until all instances have
   * answered within the first of these for some seconds.
   */
  calmAnswerMs: 50,
  calmPatienceMs: 15_000,
  /**
   * Before it what is in memory only is written to disk, the primary's at once, and a standby's, which goes as far as the primary's checkpoint, after
   * so long. It waits for those as well who see the plan at their next look only, for what the writing has disturbed, and for a node's other pods, which
   * begin to go when it has been cordoned.
   */
  standbyFlushAfterMs: 1500,
  flushedAfterMs: 6000,
  /** A new primary has its checkpoint hastened when all has agreed on it for so long: by then what waited for it is served. */
  checkpointAfterMs: 5000,
  /** An update has just restarted the standbys: their managers are busy, and their memory is cold. */
  restartedAfterMs: 10_000,
  /** An instance manager starts with its server, and may be so long about what it read then. */
  managerStartsMs: 10_000,
  /** One update moves the primary once: were it to wait for it still, moving it again would not help. */
  updateAgainMs: 600_000,
  repairIntervalMs: 500,
  notStreamingAfterMs: 1500,
  settledAfterMs: 10_000,
  /** A fence of another's may be taken over after so long, and removed without a proof that it is abandoned. */
  takeOverAfterMs: 6000,
  abandonedAfterMs: 30_000,
  refreshIntervalMs: 3000,
  /** A standby whose server has not started for so long, on a node that answers, cannot be mended: `pg_rewind` of a large one takes minutes. */
  rebuildAfterMs: 600_000,
};

export type Timings = typeof defaultTimings;

/** For so long after its last answer an instance counts as one that answers. */
export function answeringForMs({ answerTimeoutMs, calmIntervalMs }: Pick<Timings, "answerTimeoutMs" | "calmIntervalMs">): number {
  return answerTimeoutMs + calmIntervalMs;
}
