/** What the load does, how fast, and what it must come to: one place, told to k6 by load.ts. */
import type { WorkloadName } from "../drill.ts";
import type { Operation } from "../history.ts";

/** What the load's script knows to do. */
export type Action =
  | "create"
  | "updateHot"
  | "updateHotBlindly"
  | "updateOwn"
  | "readHot"
  | "readHotNow"
  | "readOwn"
  | "readAbsent"
  | "search";

/**
 * Twenty operations, again and again: 11 writes, 7 reads and 2 searches. Hot records are changed by all users, with If-Match right
 * after a read (some are then refused with 412, as they must be) and without; `Now` and `Own` reads demand the primary's word.
 * `readAbsent` asks for what is not there: a refused access, which leaves its audit event too.
 */
export const mix: readonly Action[] = [
  ...["create", "readHotNow", "updateHot", "create", "readOwn"],
  ...["updateOwn", "search", "create", "readHot", "updateHot"],
  ...["create", "readAbsent", "updateOwn", "readHotNow", "create"],
  ...["updateHotBlindly", "readOwn", "search", "create", "readHot"],
] as Action[];

export const kindOf: Readonly<Record<Action, Operation["kind"]>> = {
  create: "create",
  updateHot: "update",
  updateHotBlindly: "update",
  updateOwn: "update",
  readHot: "read",
  readHotNow: "read",
  readOwn: "read",
  readAbsent: "read",
  search: "search",
};

/** The bounds that `./dsp load` and a drill's steady phase hold a load against. */
export interface Slo {
  availabilityPercentMin: number;
  p95MsMax: number;
  p99MsMax: number;
}

export interface Workload {
  title: string;
  ratePerSecond: number;
  /** For `./dsp load`; a drill says itself how long. */
  seconds: number;
  slo: Slo;
}

const steadySlo: Slo = { availabilityPercentMin: 99.9, p95MsMax: 500, p99MsMax: 1_000 };

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  smoke: { title: "few requests: does it work at all", ratePerSecond: 5, seconds: 20, slo: steadySlo },
  // 11 writes a second: enough that a stall of 0.2 s is seen, and little enough that two cores have room for a failover.
  steady: { title: "an ordinary day", ratePerSecond: 20, seconds: 60, slo: steadySlo },
  // Three times the ordinary day, a bad winter's Monday morning. The lab's two cores carry the platform's seven nodes as well.
  peak: { title: "a Monday in winter", ratePerSecond: 60, seconds: 120, slo: { ...steadySlo, p95MsMax: 1_000, p99MsMax: 2_000 } },
  soak: { title: "hours: what leaks, fills or drifts", ratePerSecond: 10, seconds: 2 * 3600, slo: steadySlo },
};

/** From when an operation was due until it must have been answered. */
export const deadlineMs = 20_000;
/**
 * How long an attempt waits for its answer before it is repeated on another connection; the last repetition waits for all that is left. As
 * docs/interfaces.md asks of clients: the platform holds requests while its primary moves, and who gives up sooner makes it do them twice.
 */
export const attemptMs: readonly number[] = [10_000];
/** After a lost connection; an answer says itself how long by Retry-After. */
export const pauseMs = 100;
/** How long the last attempt may take to notice its deadline. */
export const graceMs = 3_000;
/** Virtual users: each is taken by one second of the schedule until the last operation of that second has ended. */
export const users = Math.ceil((deadlineMs + graceMs) / 1_000) + 3;
/** Idle connections that a user keeps. After a stall the answers come all at once; keeping more would only keep them idle. */
export const connectionsPerUser = 8;
export const hotRecords = 4;
/** The system of the code that marks what a run has written. */
export const codeSystem = "urn:dsp:drill:run";
