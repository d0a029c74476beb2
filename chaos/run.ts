/** One run of one drill: steady → load → inject → heal → settle → check. Whatever happens on the way, every fault is healed before it ends. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { percentile, waitedMs } from "./checks/operations.ts";
import type { Drill } from "./drill.ts";
import type { Operation } from "./history.ts";
import { carriedWith, lossesOf, type PodFacts, unreadyPods } from "./inventory.ts";
import { type Journal, type JournalLine, openJournal, type Phase } from "./journal.ts";
import type { RunningLoad } from "./load/load.ts";
import {
  aimFault,
  awaitEvidence,
  type FaultInProgress,
  type FaultTools,
  healFault,
  injectFault,
  planFault,
  recordOf,
} from "./run/fault-in-progress.ts";
import { judgeDrill } from "./run/judge-drill.ts";
import { type CheckOutcome, type DrillOutcome, worst } from "./run/outcome.ts";
import { measurePace } from "./run/pace.ts";
import type { DrillParts } from "./run/parts.ts";
import { BudgetExceeded, InjectionFailed, NotFit, type Problem, problemOf } from "./run/problem.ts";
import { defaultTimings, type Timings } from "./run/timings.ts";
import { beginWalks, endWalks, type WalkInProgress } from "./run/walks-in-progress.ts";
import { type PlatformWatch, watchPlatform } from "./run/watch-platform.ts";
import type { Target } from "./target.ts";
import type { Walk } from "./walk.ts";

export interface RunOptions {
  target: Target;
  parts: DrillParts;
  /** The run's own: journal, history and logs go there. */
  folder: string;
  /** 1 for the first run of this drill. */
  run: number;
  /** Unique to this run; the load marks what it writes with it. */
  runName: string;
  /** What bars and SLO are multiplied with: room for the noise of a machine that others use too. 1: none. */
  room?: number;
  /** Aborted by a person: heals and ends. */
  signal: AbortSignal;
  timings?: Partial<Timings>;
  onLine?: (line: JournalLine) => void;
  /** The load has begun; the list grows. */
  onLoad?: (operations: readonly Operation[]) => void;
  /** Nothing is broken before this has ended: the drill before may still be reading what it left. */
  before?: Promise<unknown>;
  /** The platform is whole, the load over: only judging is left, and the next drill may get ready. */
  onSettled?: () => void;
}

interface DrillRun {
  drill: Drill;
  options: RunOptions;
  timings: Timings;
  journal: Journal;
  watch: PlatformWatch;
  faults: FaultInProgress[];
  /** By a person, or by the error budget; stops load and inject, never healing. */
  abort: AbortController;
  loadAbort: AbortController;
  load: RunningLoad | undefined;
  loadStopped: Promise<void> | undefined;
  walks: readonly WalkInProgress[];
  pods: PodFacts[];
  startedMs: number;
  steadyEndMs: number | undefined;
  loadEndMs: number | undefined;
  redundantMs: number | undefined;
  /** The beginning of the time in which the hypothesis must hold again. */
  steadyAgainMs: number | undefined;
  problems: Problem[];
  checks: CheckOutcome[];
  unhealed: string[];
}

/** A margin for what the load cannot know: how long aiming, healing and settling take. */
const loadMarginS = 300;

function toolsOf(run: DrillRun): FaultTools {
  return { target: run.options.target, journal: run.journal, timings: run.timings, signal: run.abort.signal };
}

function aim(run: DrillRun, fault: FaultInProgress): Promise<void> {
  return aimFault(fault, toolsOf(run), ({ elements, pods = [] }) => ({
    // Faults that take a node away take with it what stands there.
    carried: /^(node|site)-/.test(fault.plan.fault.name) ? carriedWith(elements, run.pods) : [],
    losses: lossesOf(run.pods, elements, pods),
  }));
}

interface Whole {
  /** When the look began that found every part. */
  sinceMs: number;
  /** When it was known. */
  atMs: number;
}

/** Waits until the platform is whole: every pod and node of it. @param lookFromMs no status is read before @returns undefined: not in time */
async function awaitWhole(run: DrillRun, limitMs: number, signal: AbortSignal, lookFromMs = 0): Promise<Whole | undefined> {
  const { watch, journal, timings, options } = run;
  const endMs = performance.now() + limitMs;
  let told = "";
  while (performance.now() < endMs) {
    signal.throwIfAborted();
    // One question, which also knows of DNS, watchers and the cluster's own pods; the status asks in the pods, and what recovers pays for it.
    const unready = await options.parts.readPods(options.target).then(
      (pods) => {
        run.pods = pods;
        return unreadyPods(pods);
      },
      (failure: Error) => [failure.message],
    );
    const isEarly = Date.now() < lookFromMs;
    const reading = unready.length === 0 && !isEarly ? await watch.read() : undefined;
    if (reading?.status.healthy) return { sinceMs: reading.beganMs, atMs: Date.now() };
    const left = [...unready, ...(reading?.status.reasons ?? [])].join(", ") || (isEarly ? told : "the status could not be read");
    if (left !== told) journal.write({ entry: "log", text: `not whole: ${left}` });
    told = left;
    await delay(timings.wholeIntervalMs, undefined, { signal });
  }
  return undefined;
}

function servicesOf({ watch }: DrillRun): string[] {
  return watch.latest()?.status.services.map(({ name }) => name) ?? [];
}

/** What a walk would need that is not there, in words. */
function lackOf(run: DrillRun, { services, needsBrowser = false }: Walk): string | undefined {
  const running = servicesOf(run);
  const missing = services.filter((name) => !running.includes(name));
  if (missing.length > 0) return notRunning(missing);
  if (!needsBrowser || run.options.target.browserPath !== undefined) return undefined;
  return "this machine has no Chromium (apt-get install chromium; elsewhere DSP_TEST_CHROMIUM with its path)";
}

function notRunning(services: readonly string[]): string {
  return `this platform does not run ${services.join(", ")} (the setting dsp:services)`;
}

function walksOf(run: DrillRun): readonly Walk[] {
  const { walks = [], walksIfThere = false } = run.drill;
  return walksIfThere ? walks.filter((walk) => lackOf(run, walk) === undefined) : walks;
}

/** @throws NotFit when what is to be broken or walked is not there */
function requireParts(run: DrillRun): void {
  const wanted = [run.drill.services ?? [], ...walksOf(run).map(({ services }) => services)].flat();
  const running = servicesOf(run);
  const missing = [...new Set(wanted)].filter((name) => !running.includes(name));
  if (missing.length > 0) throw new NotFit(notRunning(missing));
  for (const walk of run.drill.walks ?? []) {
    const lack = lackOf(run, walk);
    if (lack === undefined) continue;
    if (run.drill.walksIfThere !== true) throw new NotFit(lack);
    run.journal.write({ entry: "log", text: `without the walk ${walk.name}: ${lack}` });
  }
}

/** The platform is whole and has what the drill needs: found out before any load. */
async function prepare(run: DrillRun): Promise<void> {
  const { timings, abort } = run;
  const whole = await awaitWhole(run, timings.readyLimitMs, abort.signal);
  if (whole === undefined) {
    const reasons = run.watch.latest()?.status.reasons ?? ["its status cannot be read"];
    throw new NotFit(`the platform was not whole within ${timings.readyLimitMs / 1_000} s: ${reasons.join("; ") || "pods not ready"}`);
  }
  requireParts(run);
  run.journal.write({ entry: "pace", ...measurePace() });
}

/** A fault that follows at once is aimed with the first, since aiming takes longer than it may wait; a later one is aimed at the platform as it is then. */
async function aimAhead(run: DrillRun): Promise<void> {
  for (const [index, fault] of run.faults.entries())
    if (index === 0 || fault.plan.afterS * 1_000 <= run.timings.aimAheadMs) await aim(run, fault);
}

function plannedS(drill: Drill): number {
  let fromStartS = 0;
  let endS = 0;
  for (const { afterS, lastsS, evidenceS = 0 } of drill.faults) {
    fromStartS += afterS;
    endS = Math.max(endS, fromStartS + Math.max(lastsS, evidenceS));
  }
  return endS + drill.redundancyLimitS;
}

/**
 * Waits until the hypothesis holds: the last `windowMs` of the load must be good by its own figures.
 * @param fromMs the first window begins then, and may lie behind
 * @returns when the last window began that was looked at, whether it was good, and what was wrong with it when the patience ran out
 */
async function awaitSteady(
  run: DrillRun,
  load: RunningLoad,
  { fromMs, windowMs, signal }: { fromMs: number; windowMs: number; signal: AbortSignal },
): Promise<{ sinceMs: number; good: boolean; findings: readonly string[] }> {
  const { drill, options, timings } = run;
  const endMs = performance.now() + windowMs + timings.steadyPatienceMs;
  for (let waitMs = Math.max(0, fromMs + windowMs - Date.now()); ; waitMs = windowMs / 4) {
    await delay(waitMs, undefined, { signal });
    const sinceMs = Date.now() - windowMs;
    const seen = load.operations.filter(({ dueMs }) => dueMs >= sinceMs);
    const { good, findings } = options.parts.judgeLoad(drill.workload, seen, options.room);
    if (good || performance.now() >= endMs) return { sinceMs, good, findings };
  }
}

/**
 * Lets the platform come to rest. One that still tidies up after the fault before answers rightly and slowly, and then shows the drills'
 * haste instead of its own. Bounded: a platform may be no quicker.
 */
async function awaitCalm(run: DrillRun, load: RunningLoad): Promise<void> {
  const { timings, abort, journal } = run;
  const { steadyMs, calmMedianMs, calmPatienceMs } = timings;
  const beganMs = performance.now();
  for (;;) {
    const seen = load.operations.filter(({ dueMs }) => dueMs >= Date.now() - steadyMs);
    const medianMs = Math.round(percentile(seen.map(waitedMs), 0.5));
    const restMs = Math.round(performance.now() - beganMs);
    if (medianMs <= calmMedianMs || restMs >= calmPatienceMs) return journal.write({ entry: "calm", medianMs, waitedMs: restMs });
    await delay(steadyMs / 6, undefined, { signal: abort.signal });
  }
}

/** Load until the hypothesis holds. */
async function establishLoad(run: DrillRun): Promise<void> {
  // The steady state has just been read, and the next reading must not fall into the fault's first moment.
  run.watch.holdBack(Number.POSITIVE_INFINITY);
  const { drill, timings, options, abort } = run;
  const { parts, target, folder, runName } = options;
  const seconds =
    Math.ceil((timings.steadyMs + timings.steadyPatienceMs + timings.calmPatienceMs + timings.afterMs) / 1_000) +
    plannedS(drill) +
    loadMarginS;
  // An aim that fails is the load's failure to begin; before it does, nobody may be listening.
  const after = aimAhead(run);
  after.catch(() => undefined);
  const load = await parts.startLoad({ target, workload: drill.workload, folder, seconds, runName, signal: run.loadAbort.signal, after });
  run.load = load;
  options.onLoad?.(load.operations);
  const walking = beginWalks(walksOf(run), { target, runName, folder, signal: run.loadAbort.signal }, timings.walkBeginMs).then((walks) => {
    run.walks = walks;
  });
  const [steady] = await Promise.all([
    awaitSteady(run, load, { fromMs: Date.now(), windowMs: timings.steadyMs, signal: abort.signal }),
    walking,
    options.before,
  ]);
  if (!steady.good) throw new NotFit(`the steady state does not hold before the fault: ${steady.findings.join("; ")}`);
  await awaitCalm(run, load);
  run.steadyEndMs = Date.now();
}

async function injectOne(run: DrillRun, fault: FaultInProgress): Promise<void> {
  if (fault.aimed === undefined) {
    const { parts, target } = run.options;
    run.pods = await parts.readPods(target).catch(() => run.pods);
    await aim(run, fault);
  }
  try {
    await injectFault(fault, toolsOf(run));
  } catch (failure) {
    if (run.abort.signal.aborted) throw failure;
    const problem = failure instanceof Error ? failure.message : String(failure);
    throw new InjectionFailed(`${fault.plan.fault.name} could not be made: ${problem}`, { cause: failure });
  }
}

async function lifeOf(run: DrillRun, fault: FaultInProgress): Promise<void> {
  const { lastsS, evidenceS } = fault.plan;
  const lastsMs = lastsS * 1_000;
  const evidenceMs = evidenceS === undefined ? lastsMs || run.timings.evidenceLimitMs : evidenceS * 1_000;
  const over = delay(lastsMs, undefined, { signal: run.abort.signal });
  // What is over as soon as it shows, a planned move for one, must not be looked at before.
  const isMoment = lastsS === 0 && evidenceS === undefined;
  if (isMoment) run.watch.holdBack(evidenceMs);
  await Promise.all([over, awaitEvidence(fault, toolsOf(run), evidenceMs)]);
  if (isMoment) run.watch.holdBack(run.timings.faultShowsMs);
  await healInto(run, fault);
}

/** The faults follow each other as the drill says; each has its own length, so that they may overlap. */
async function injectFaults(run: DrillRun): Promise<void> {
  let before: Promise<unknown> = Promise.resolve();
  const lives = run.faults.map((fault) => {
    const injected = before
      .then(() => delay(fault.plan.afterS * 1_000, undefined, { signal: run.abort.signal }))
      .then(() => {
        run.watch.holdBack(run.timings.faultShowsMs);
        return injectOne(run, fault);
      });
    before = injected;
    return injected.then(() => lifeOf(run, fault));
  });
  // One that fails stops the others, and is waited for, so that nothing is injected after the healing.
  const stopOthers = (failure: unknown) => {
    if (!run.abort.signal.aborted) run.abort.abort(failure);
    throw failure;
  };
  const ends = await Promise.allSettled(lives.map((life) => life.catch(stopOthers)));
  run.abort.signal.throwIfAborted();
  const failed = ends.find((end) => end.status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

async function healInto(run: DrillRun, fault: FaultInProgress): Promise<void> {
  const remains = await healFault(fault, { journal: run.journal, timings: run.timings });
  run.unhealed = [
    ...run.unhealed.filter((text) => !text.startsWith(`${fault.plan.fault.name} (${fault.number}): `)),
    ...remains.map((text) => `${fault.plan.fault.name} (${fault.number}): ${text}`),
  ];
}

/** The last made is healed first: it may stand on the ones before. */
async function healEverything(run: DrillRun): Promise<void> {
  for (const fault of run.faults.toReversed()) await healInto(run, fault);
}

function stopLoad(run: DrillRun): Promise<void> {
  if (run.load === undefined) return Promise.resolve();
  run.loadEndMs ??= Date.now();
  run.loadStopped ??= run.load.stop();
  return run.loadStopped;
}

/** From here on only a person's abort counts: the error budget has had its say. */
async function settle(run: DrillRun): Promise<void> {
  const { drill, timings, options, journal } = run;
  const shownMs = Math.max(0, ...run.faults.map(({ happenedMs = 0 }) => happenedMs)) + timings.faultShowsMs;
  const whole = await awaitWhole(run, drill.redundancyLimitS * 1_000, options.signal, shownMs);
  run.redundantMs = whole?.atMs;
  if (whole === undefined) {
    journal.write({ entry: "log", text: `not back to full redundancy within ${drill.redundancyLimitS} s` });
  } else {
    journal.write({ entry: "redundant" }, whole.atMs);
    if (run.load !== undefined && run.loadStopped === undefined) {
      const window = { fromMs: whole.sinceMs, windowMs: timings.afterMs, signal: options.signal };
      run.steadyAgainMs = (await awaitSteady(run, run.load, window)).sinceMs;
    }
  }
  // A load that died on the way says so now; what it saw until then is judged all the same.
  await stopLoad(run).catch((failure) => run.problems.push(problemOf(failure)));
}

async function check(run: DrillRun): Promise<void> {
  const { options, drill, load, timings, journal } = run;
  void run.watch.stop();
  if (run.unhealed.length === 0 && run.redundantMs !== undefined) options.onSettled?.();
  const collecting = options.parts
    .collectLogs(options.target, options.folder, (run.steadyEndMs ?? run.startedMs) - timings.steadyMs)
    .catch((failure: Error) => journal.write({ entry: "log", text: `the logs could not be collected: ${failure.message}` }));
  const judging = judgeDrill({
    drill,
    parts: options.parts,
    target: options.target,
    folder: options.folder,
    runName: options.runName,
    room: options.room ?? 1,
    operations: load?.operations ?? [],
    steadyEndMs: run.steadyEndMs ?? run.startedMs,
    loadEndMs: run.loadEndMs ?? Date.now(),
    loadGapMaxMs: timings.loadGapMaxMs,
    redundantMs: run.redundantMs,
    steadyAgainMs: run.steadyAgainMs,
    faults: run.faults,
    sightings: run.watch.sightings,
  });
  const [{ checks: judged, problems }, walked] = await Promise.all([judging, endWalks(run.walks, timings.walkEndMs), collecting]);
  options.signal.throwIfAborted();
  const checks = [...judged, ...walked];
  for (const outcome of checks) journal.write({ entry: "check", ...outcome, findings: [...outcome.findings] });
  run.checks.push(...checks);
  run.problems.push(...problems);
}

/** @returns whether all of them came to their end */
async function attempt(run: DrillRun, steps: readonly (readonly [Phase, (run: DrillRun) => Promise<void>])[]): Promise<boolean> {
  try {
    for (const [phase, step] of steps) {
      run.journal.write({ entry: "phase", phase });
      await step(run);
    }
    return true;
  } catch (failure) {
    const { signal } = run.options;
    // What a wait throws when it is aborted says less than why it was.
    const cause = signal.aborted ? signal.reason : run.abort.signal.aborted ? run.abort.signal.reason : failure;
    const problem = problemOf(cause);
    run.problems.push(problem);
    run.journal.write({ entry: "log", text: failure instanceof Error ? (failure.stack ?? problem.text) : problem.text });
    return false;
  }
}

/** Counts the failures as they come and aborts the drill over its budget. @returns stops counting */
function watchBudget(run: DrillRun): () => void {
  const { failedMax, failedShareMax } = run.drill.errorBudget;
  let read = 0;
  let failed = 0;
  const timer = setInterval(() => {
    const operations = run.load?.operations ?? [];
    for (; read < operations.length; read += 1) if (operations[read]?.outcome === "failed") failed += 1;
    if (failed <= Math.max(failedMax, failedShareMax * read)) return;
    clearInterval(timer);
    const problem = new BudgetExceeded(`${failed} of ${read} requests failed: over the error budget, so it was stopped and healed`);
    run.journal.write({ entry: "log", text: problem.message });
    // In the phases after inject nobody listens to the abort any more.
    if (run.faults.some(({ healedMs }) => healedMs === undefined)) run.abort.abort(problem);
    else run.problems.push(problemOf(problem));
    void stopLoad(run).catch(() => undefined);
  }, run.timings.budgetIntervalMs);
  return () => clearInterval(timer);
}

function begin(drill: Drill, options: RunOptions): DrillRun {
  const timings = { ...defaultTimings, ...options.timings };
  const journal = openJournal(join(options.folder, "journal.ndjson"), options.onLine);
  const { name, title, hypothesis, tolerates, workload, promise } = drill;
  journal.write({
    entry: "begin",
    ...{ drill: name, title, hypothesis, tolerates, workload, promise },
    ...{ run: options.run, runName: options.runName, room: options.room ?? 1, stack: options.target.stack, processId: process.pid },
    faults: drill.faults.map(({ fault }) => fault.name),
  });
  return {
    ...{ drill, options, timings, journal },
    watch: watchPlatform(options.target, journal, timings.statusIntervalMs),
    faults: drill.faults.map(planFault),
    abort: new AbortController(),
    loadAbort: new AbortController(),
    ...{ load: undefined, loadStopped: undefined, walks: [], pods: [], startedMs: Date.now() },
    ...{ steadyEndMs: undefined, loadEndMs: undefined, redundantMs: undefined, steadyAgainMs: undefined },
    ...{ problems: [], checks: [], unhealed: [] },
  };
}

function outcomeOf(run: DrillRun): DrillOutcome {
  const { drill, options, problems, checks, unhealed } = run;
  const figure = (check: string, name: string) => checks.find((outcome) => outcome.name === check)?.figures[name];
  const hit = run.faults.flatMap((fault) => recordOf(fault)?.elements ?? []);
  const carried = run.faults.flatMap((fault) => (fault.injectedMs === undefined ? [] : fault.carried));
  const verdict = worst(
    [...problems, ...checks, ...(unhealed.length > 0 ? [{ verdict: "unknown" as const }] : [])].map((part) => part.verdict),
  );
  const reasons = [
    ...unhealed.map((text) => `NOT HEALED: ${text}`),
    ...problems.map(({ text }) => text),
    ...checks.filter((outcome) => outcome.verdict !== "valid").flatMap(({ name, findings }) => findings.map((text) => `${name}: ${text}`)),
  ];
  return {
    ...{ name: drill.name, run: options.run, verdict, reasons, checks, unhealed, folder: options.folder },
    stallMs: figure("stall", "stallMs"),
    failed: figure("availability", "failed") ?? (run.load?.operations ?? []).filter(({ outcome }) => outcome === "failed").length,
    lost: figure("durability", "lost"),
    doubled: figure("durability", "doubled"),
    elements: [...new Set([...hit, ...carried])],
    startedMs: run.startedMs,
    endedMs: Date.now(),
  };
}

async function end(run: DrillRun): Promise<DrillOutcome> {
  run.loadAbort.abort();
  await stopLoad(run).catch(() => undefined);
  await run.watch.stop();
  const outcome = outcomeOf(run);
  const { verdict, reasons, stallMs, failed, lost, doubled, unhealed } = outcome;
  run.journal.write({ entry: "phase", phase: "end" });
  run.journal.write({
    ...{ entry: "verdict", verdict, reasons: [...reasons], failed, unhealed: [...unhealed] },
    ...(stallMs === undefined ? {} : { stallMs }),
    ...(lost === undefined ? {} : { lost }),
    ...(doubled === undefined ? {} : { doubled }),
  });
  run.journal.close();
  return outcome;
}

/** Runs a drill to its verdict. It does not throw for anything that the platform, the load, a fault or a check does. */
export async function runDrill(drill: Drill, options: RunOptions): Promise<DrillOutcome> {
  const run = begin(drill, options);
  const onInterrupt = () => {
    run.abort.abort(options.signal.reason);
    run.loadAbort.abort();
  };
  options.signal.addEventListener("abort", onInterrupt, { once: true });
  if (options.signal.aborted) onInterrupt();
  const stopBudget = watchBudget(run);
  try {
    const injected = await attempt(run, [
      ["steady", prepare],
      ["load", establishLoad],
      ["inject", injectFaults],
    ]);
    run.journal.write({ entry: "phase", phase: "heal" });
    await healEverything(run);
    const judged = injected || (run.problems.length > 0 && run.problems.every(({ verdict }) => verdict === "invalid"));
    if (judged && !options.signal.aborted) {
      await attempt(run, [
        ["settle", settle],
        ["check", check],
      ]);
    }
  } finally {
    stopBudget();
    options.signal.removeEventListener("abort", onInterrupt);
    await healEverything(run);
  }
  return end(run);
}
