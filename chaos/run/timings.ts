/** Every wait of the runner, in one place. */
export interface Timings {
  /** Steady load before the first fault. */
  steadyMs: number;
  /** How much longer the load may take to be steady, before the first fault and after the last. */
  steadyPatienceMs: number;
  /** A platform at rest: half of the answers of the last `steadyMs` come within `calmMedianMs`. It is waited for so long, before the first fault. */
  calmMedianMs: number;
  calmPatienceMs: number;
  /** How long the platform may take to be whole before the drill begins. */
  readyLimitMs: number;
  /** From one reading of the platform's status to the next: each runs commands in the pods of Redis and the edge, which costs what is drilled. */
  statusIntervalMs: number;
  /** What takes a lost pod's place needs the processors for so long; a look at the platform in that time would be a fault of the drill's own. */
  faultShowsMs: number;
  /** From one look at the pods to the next, while a whole platform is waited for. */
  wholeIntervalMs: number;
  /** Pause between two looks for it; longer where a look takes long. A quick look costs what is drilled too: all pods, or a command in each instance. */
  evidenceIntervalMs: number;
  /** How long a fault that heals as it is made may take until it shows. */
  evidenceLimitMs: number;
  /** One attempt at healing, and at looking for what remains. */
  healAttemptMs: number;
  healIntervalMs: number;
  /** All attempts at healing one fault. */
  healLimitMs: number;
  /** Added to a fault's planned duration: then node or engine heals it without the runner. */
  limitMarginS: number;
  /** How long the hypothesis must hold again on the whole platform after the drill. */
  afterMs: number;
  /** A fault that follows the one before within this time is aimed before the drill begins. */
  aimAheadMs: number;
  /** How often the error budget is looked at. */
  budgetIntervalMs: number;
  /** How far before the end the last operation may have been due; earlier, and the load died. */
  loadGapMaxMs: number;
  /** How long a walk may take to begin. */
  walkBeginMs: number;
  /** How long a walk may take to its judgement: what it still waits for has its own deadline. */
  walkEndMs: number;
}

export const defaultTimings: Timings = {
  steadyMs: 3_000,
  steadyPatienceMs: 24_000,
  calmMedianMs: 50,
  calmPatienceMs: 10_000,
  readyLimitMs: 240_000,
  statusIntervalMs: 6_000,
  faultShowsMs: 2_500,
  wholeIntervalMs: 1_500,
  evidenceIntervalMs: 1_000,
  evidenceLimitMs: 30_000,
  healAttemptMs: 60_000,
  healIntervalMs: 1_000,
  healLimitMs: 180_000,
  limitMarginS: 60,
  afterMs: 3_000,
  aimAheadMs: 5_000,
  budgetIntervalMs: 500,
  loadGapMaxMs: 15_000,
  walkBeginMs: 90_000,
  walkEndMs: 90_000,
};
