/** What all drills have in common: the same hypothesis, the same promises judged, bounds unless they say otherwise. */
import type { Check } from "../check.ts";
import { audit } from "../checks/audit.ts";
import { availability } from "../checks/availability.ts";
import { consistency } from "../checks/consistency.ts";
import { durability } from "../checks/durability.ts";
import { redundancy } from "../checks/redundancy.ts";
import { spares } from "../checks/spares.ts";
import { splitBrain } from "../checks/split-brain.ts";
import { stall } from "../checks/stall.ts";
import type { Drill, FaultPlan } from "../drill.ts";
import type { Fault } from "../fault.ts";

const hypothesis =
  "The platform is healthy, every part of it is there as often as it should be, and the clients' requests are served within the service level objective";

export const everyPromise: readonly Check[] = [availability, stall, durability, consistency, splitBrain, audit, spares, redundancy];

/** Where the fault is that a whole kind is away. */
export const promisesWithoutSpares = everyPromise.filter((check) => check !== spares);

const redundancyLimitS = 120;
const rollS = 180;
const errorBudget = { failedShareMax: 0.05, failedMax: 100 };

type Common = "hypothesis" | "workload" | "checks" | "redundancyLimitS" | "errorBudget";

/** One drill; what it leaves out is as in every other one. */
export function declareDrill(drill: Omit<Drill, Common> & Partial<Pick<Drill, Common>>): Drill {
  return { hypothesis, workload: "steady", checks: everyPromise, redundancyLimitS, errorBudget, ...drill };
}

/** A fault that heals as it is made: a killed pod. */
export function once(fault: Fault): FaultPlan[] {
  return [{ fault, afterS: 0, lastsS: 0 }];
}

/** A fault that lasts so long. */
export function lasting(fault: Fault, lastsS: number): FaultPlan[] {
  return [{ fault, afterS: 0, lastsS }];
}

/** Something planned that goes through many pods by itself: until all of them were replaced. */
export function rolling(fault: Fault, limitS: number = rollS): FaultPlan[] {
  return [{ fault, afterS: 0, lastsS: 0, evidenceS: limitS }];
}
