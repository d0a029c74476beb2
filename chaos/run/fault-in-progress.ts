/** One fault of a running drill, from its aim to the moment when nothing of it remains. */
import { setTimeout as delay } from "node:timers/promises";
import type { FaultRecord, Loss } from "../check.ts";
import type { FaultPlan } from "../drill.ts";
import { type AimedFault, type FaultContext, FaultNotPossible } from "../fault.ts";
import type { Journal } from "../journal.ts";
import type { Target } from "../target.ts";
import type { Timings } from "./timings.ts";

export interface FaultInProgress {
  readonly number: number;
  readonly plan: FaultPlan;
  aimed: AimedFault | undefined;
  /** What goes down with its elements, as the platform stood when it was aimed. */
  carried: readonly string[];
  losses: readonly Loss[];
  /** Under way or done: from here on it must be healed, however it ended. */
  injecting: Promise<void> | undefined;
  injectedMs: number | undefined;
  happenedMs: number | undefined;
  evidence: string | undefined;
  /** From then on an abort no longer stops the fault's tools. */
  healingMs: number | undefined;
  healedMs: number | undefined;
}

export interface FaultTools {
  target: Target;
  journal: Journal;
  timings: Timings;
  /** Aborts injecting and waiting, never healing. */
  signal: AbortSignal;
}

export function planFault(plan: FaultPlan, number: number): FaultInProgress {
  return {
    number,
    plan,
    aimed: undefined,
    carried: [],
    losses: [],
    injecting: undefined,
    injectedMs: undefined,
    happenedMs: undefined,
    evidence: undefined,
    healingMs: undefined,
    healedMs: undefined,
  };
}

/** Seconds after which node or engine must heal the fault without the runner. */
export function limitSOf(plan: FaultPlan, timings: Timings): number {
  return Math.max(plan.lastsS, plan.evidenceS ?? 0) + timings.limitMarginS;
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/** An abort must not stop the tools of a fault that is being healed, though it was aimed with the abort's signal. */
function contextOf(fault: FaultInProgress, tools: FaultTools): FaultContext {
  const { target, journal, timings, signal } = tools;
  const run: Target["run"] = (command, args, options = {}) => {
    const { signal: own, ...rest } = options;
    return target.run(command, args, fault.healingMs !== undefined || own === undefined ? rest : { ...rest, signal: own });
  };
  const never = new AbortController().signal;
  return {
    target: { ...target, run },
    limitS: limitSOf(fault.plan, timings),
    get signal() {
      return fault.healingMs !== undefined ? never : signal;
    },
    log: (text) => journal.write({ entry: "log", text: `${fault.plan.fault.name}: ${text}` }),
  };
}

/** @throws FaultNotPossible */
export async function aimFault(
  fault: FaultInProgress,
  tools: FaultTools,
  takenBy: (aimed: AimedFault) => Pick<FaultInProgress, "carried" | "losses">,
): Promise<void> {
  const { name } = fault.plan.fault;
  try {
    const aimed = await fault.plan.fault.aim(contextOf(fault, tools));
    fault.aimed = aimed;
    Object.assign(fault, takenBy(aimed));
    tools.journal.write({
      entry: "fault",
      fault: fault.number,
      name,
      event: "aimed",
      what: aimed.what,
      elements: [...aimed.elements],
      carried: [...fault.carried],
      limitS: limitSOf(fault.plan, tools.timings),
    });
  } catch (failure) {
    if (failure instanceof FaultNotPossible)
      tools.journal.write({ entry: "fault", fault: fault.number, name, event: "not possible", text: failure.message });
    throw failure;
  }
}

/** @throws Error when it could not be made; part of it may be, so it must be healed all the same */
export async function injectFault(fault: FaultInProgress, tools: FaultTools): Promise<void> {
  const { aimed } = fault;
  if (aimed === undefined) throw new Error(`${fault.plan.fault.name} was not aimed`);
  tools.signal.throwIfAborted();
  const line = { entry: "fault", fault: fault.number, name: fault.plan.fault.name } as const;
  tools.journal.write({ ...line, event: "injecting", what: aimed.what });
  fault.injectedMs = Date.now();
  fault.injecting = aimed.inject();
  await fault.injecting;
  tools.journal.write({ ...line, event: "injected" });
}

/** Looking takes processor time that the drilled platform needs: at most a fifth of the time goes to it, within bounds. */
const restShare = 4;
const restMaxIntervals = 3;

/** Asks until the fault is seen to be real, or its time is over. @throws AbortSignal's reason */
export async function awaitEvidence(fault: FaultInProgress, tools: FaultTools, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    tools.signal.throwIfAborted();
    const beganMs = performance.now();
    const evidence = await fault.aimed?.happened().catch((failure: unknown) => {
      tools.journal.write({ entry: "log", text: `${fault.plan.fault.name}: cannot tell whether it happened: ${messageOf(failure)}` });
      return undefined;
    });
    if (evidence !== undefined) {
      fault.happenedMs = Date.now();
      fault.evidence = evidence;
      const { name } = fault.plan.fault;
      tools.journal.write({ entry: "fault", fault: fault.number, name, event: "happened", text: evidence });
      return;
    }
    if (performance.now() >= endMs) return;
    const { evidenceIntervalMs } = tools.timings;
    const restMs = Math.min(restShare * (performance.now() - beganMs), restMaxIntervals * evidenceIntervalMs);
    await delay(Math.max(evidenceIntervalMs, restMs), undefined, { signal: tools.signal });
  }
}

async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} did not end within ${limitMs / 1_000} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

async function healOnce(aimed: AimedFault, timings: Timings): Promise<string[]> {
  try {
    await within(timings.healAttemptMs, "healing", aimed.heal());
    return await within(timings.healAttemptMs, "looking for what remains", aimed.remains());
  } catch (failure) {
    return [messageOf(failure)];
  }
}

/**
 * Heals until nothing remains, whatever was aborted meanwhile; bounded in time.
 * @returns what still remains; empty when it is healed or was never begun
 */
export async function healFault(fault: FaultInProgress, tools: Pick<FaultTools, "journal" | "timings">): Promise<string[]> {
  const { aimed, injecting } = fault;
  if (aimed === undefined || injecting === undefined || fault.healedMs !== undefined) return [];
  const { timings, journal } = tools;
  const line = { entry: "fault", fault: fault.number, name: fault.plan.fault.name } as const;
  // An injection under way could undo what healing does.
  await within(timings.healAttemptMs, "injecting", injecting).catch(() => undefined);
  fault.healingMs = Date.now();
  journal.write({ ...line, event: "healing" });
  const endMs = performance.now() + timings.healLimitMs;
  for (;;) {
    const remains = await healOnce(aimed, timings);
    if (remains.length === 0) {
      fault.healedMs = Date.now();
      journal.write({ ...line, event: "healed" });
      return [];
    }
    journal.write({ ...line, event: "remains", text: remains.join("; ") });
    if (performance.now() >= endMs) return remains;
    await delay(timings.healIntervalMs);
  }
}

/** The fault as the checks see it; undefined where it was never begun. */
export function recordOf(fault: FaultInProgress): FaultRecord | undefined {
  const { plan, aimed, losses, injectedMs, happenedMs, evidence, healingMs, healedMs } = fault;
  if (aimed === undefined || injectedMs === undefined) return undefined;
  const { what, elements } = aimed;
  return { name: plan.fault.name, what, elements, losses, injectedMs, happenedMs, evidence, healingMs, healedMs };
}
