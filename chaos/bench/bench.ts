/** The benchmark: each way to commit on a testbed of its own, each scenario one after another; or the curve over the number of patients. */
import { cpus, loadavg, totalmem } from "node:os";
import { type Skipped, sortOut } from "./capability.ts";
import { measureScenario, type ScenarioFigures } from "./measure.ts";
import type { PostgresMemory } from "./postgres.ts";
import type { Scenario } from "./scenarios.ts";
import { patientResources } from "./synthetic-record.ts";
import { type Commit, openTestbed, type Programs, roundedPatients, type Testbed, type TestbedOptions } from "./testbed.ts";

/** k6 leaves a few out while it makes further clients. */
const droppedShareMax = 0.01;
const busyShareMax = 0.25;

/** Where the curve is looked at. */
export const curveSizes = [1_000, 10_000, 100_000] as const;

export interface BenchOptions {
  programs: Programs;
  memory: PostgresMemory;
  scenarios: readonly Scenario[];
  /** Of each of the two measurements of a scenario. */
  seconds: number;
  signal: AbortSignal;
  onProgress: (text: string) => void;
}

export interface CommitFigures {
  commit: Commit;
  patients: number;
  scenarios: ScenarioFigures[];
  skipped: Skipped[];
  /** Records of accesses that measuring left, those of warming up included. */
  auditRecords: number;
  postgres: string;
}

export interface CurvePoint {
  patients: number;
  scenarios: ScenarioFigures[];
}

export interface BenchResult {
  startedAt: string;
  machine: string;
  /** Processes that wanted a processor in the minute before. */
  loadBefore: number;
  processors: number;
  seconds: number;
  resourcesPerPatient: number;
  commits: CommitFigures[];
  curve: { points: CurvePoint[]; skipped: Skipped[] } | null;
}

function machineOf(): string {
  const processors = cpus();
  return `${processors.length} × ${processors[0]?.model.trim() ?? "processor"}, ${Math.round(totalmem() / 1024 ** 3)} GiB`;
}

function emptyResult(seconds: number): BenchResult {
  const startedAt = new Date().toISOString();
  const busy = { loadBefore: loadavg()[0] ?? 0, processors: cpus().length };
  return { startedAt, machine: machineOf(), ...busy, seconds, resourcesPerPatient: patientResources, commits: [], curve: null };
}

function testbedOptions({ programs, memory, signal }: BenchOptions, commit: Commit, patients: number): Omit<TestbedOptions, "onProgress"> {
  return { programs, memory, signal, commit, patients };
}

/** With a testbed that is closed again whatever happens. */
async function withTestbed<T>(options: TestbedOptions, work: (testbed: Testbed) => Promise<T>): Promise<T> {
  const testbed = await openTestbed(options);
  try {
    return await work(testbed);
  } finally {
    options.onProgress("taking the testbed down");
    await testbed.close();
  }
}

async function measureCommit(options: BenchOptions, commit: Commit, patients: number): Promise<CommitFigures> {
  const say = (text: string) => options.onProgress(`${commit} commit: ${text}`);
  return await withTestbed({ ...testbedOptions(options, commit, patients), onProgress: say }, async (testbed) => {
    const { able, skipped } = sortOut(options.scenarios, testbed.capability);
    const before = await testbed.auditRecords();
    const figures: ScenarioFigures[] = [];
    for (const [place, scenario] of able.entries()) {
      say(`${scenario.name} (${place + 1} of ${able.length})`);
      figures.push(await measureScenario(testbed, scenario, { k6: options.programs.k6, seconds: options.seconds }));
    }
    const auditRecords = (await testbed.auditRecords()) - before;
    return { commit, patients: testbed.patients(), scenarios: figures, skipped, auditRecords, postgres: testbed.postgresVersion };
  });
}

/** @throws Error when something cannot be started, k6 fails, or the signal says so */
export async function runBench(options: BenchOptions & { commits: readonly Commit[]; patients: number }): Promise<BenchResult> {
  const result = emptyResult(options.seconds);
  for (const commit of options.commits) result.commits.push(await measureCommit(options, commit, roundedPatients(options.patients)));
  return result;
}

/**
 * The scenarios that concern one patient, over more and more patients in one and the same database: each at the rate that was half of what
 * the fewest patients allowed, so that only the number of patients differs.
 * @throws Error as `runBench`
 */
export async function runCurve(options: BenchOptions & { sizes: readonly number[] }): Promise<BenchResult> {
  const result = emptyResult(options.seconds);
  const [first = curveSizes[0]] = options.sizes;
  const say = (text: string) => options.onProgress(`curve: ${text}`);
  const curve = await withTestbed({ ...testbedOptions(options, "local", first), onProgress: say }, async (testbed) => {
    const { able, skipped } = sortOut(options.scenarios, testbed.capability);
    const points: CurvePoint[] = [];
    for (const size of options.sizes) {
      if (roundedPatients(size) > testbed.patients()) await testbed.grow(size);
      const point: CurvePoint = { patients: testbed.patients(), scenarios: [] };
      for (const scenario of able) {
        say(`${point.patients.toLocaleString("en")} patients, ${scenario.name}`);
        const rate = points[0]?.scenarios.find((figures) => figures.scenario === scenario.name)?.open.ratePerSecond;
        const given = { k6: options.programs.k6, seconds: options.seconds, ...(rate === undefined ? {} : { ratePerSecond: rate }) };
        point.scenarios.push(await measureScenario(testbed, scenario, given));
      }
      points.push(point);
    }
    return { points, skipped };
  });
  return { ...result, curve };
}

/** Of all good answers each left an audit record at least. */
function unrecorded({ commit, scenarios, auditRecords }: CommitFigures): string[] {
  const good = scenarios.flatMap(({ closed, open }) => [closed, open]).reduce((sum, { requests, failed }) => sum + requests - failed, 0);
  return auditRecords < good ? [`${commit} commit: ${auditRecords} audit records of ${good} requests`] : [];
}

/** Says of each scenario's figures where they belong. */
function everyFigures({ commits, curve }: BenchResult): { where: string; figures: ScenarioFigures }[] {
  const groups = [
    ...commits.map(({ commit, scenarios }) => ({ where: `${commit} commit`, scenarios })),
    ...(curve?.points ?? []).map(({ patients, scenarios }) => ({ where: `${patients.toLocaleString("en")} patients`, scenarios })),
  ];
  return groups.flatMap(({ where, scenarios }) => scenarios.map((figures) => ({ where: `${where}, ${figures.scenario}`, figures })));
}

/** What went wrong: answers that were not what they should be, accesses without a record. */
export function problemsOf(result: BenchResult): string[] {
  const wrong = everyFigures(result).flatMap(({ where, figures: { closed, open } }) => [
    ...(closed.requests === 0 ? [`${where}: nothing was answered`] : []),
    ...(closed.failed + open.failed > 0 ? [`${where}: ${closed.failed + open.failed} requests failed`] : []),
  ]);
  return [...result.commits.flatMap(unrecorded), ...wrong];
}

/** What makes the figures say less than they seem to. */
export function doubtsOf(result: BenchResult): string[] {
  const { loadBefore, processors } = result;
  const busy = `the machine was busy before: ${loadBefore.toFixed(1)} processes wanted its ${processors} processors`;
  const late = everyFigures(result).flatMap(({ where, figures: { closed, open } }) => [
    ...(open.dropped > open.requests * droppedShareMax
      ? [`${where}: ${open.dropped} requests of the open loop were never begun, p50 and p99 are without them`]
      : []),
    ...(closed.byStandby + open.byStandby > 0 ? [`${where}: ${closed.byStandby + open.byStandby} reads were answered by a standby`] : []),
  ]);
  return [...(loadBefore > processors * busyShareMax ? [busy] : []), ...late];
}
