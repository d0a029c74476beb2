import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import type { Drill } from "./drill.ts";
import { FaultNotPossible } from "./fault.ts";
import { type JournalLine, readJournal } from "./journal.ts";
import type { DrillOutcome } from "./run/outcome.ts";
import { madeCheck, madeDrill, madeFault, madeParts, madeStatus, madeTarget, quick } from "./run/testing/made-drill.ts";
import { type RunOptions, runDrill } from "./run.ts";
import type { Walk, WalkContext } from "./walk.ts";

const folder = mkdtempSync(join(tmpdir(), "dsp-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let runs = 0;

interface Ran {
  outcome: DrillOutcome;
  lines: JournalLine[];
  phases: string[];
  faultEvents: string[];
}

async function run(drill: Drill, changes: Partial<RunOptions> = {}): Promise<Ran> {
  runs += 1;
  const own = join(folder, String(runs));
  const outcome = await runDrill(drill, {
    target: madeTarget(folder),
    parts: madeParts(),
    folder: own,
    run: 1,
    runName: `made-${runs}`,
    signal: new AbortController().signal,
    timings: quick,
    ...changes,
  });
  const lines = readJournal(join(own, "journal.ndjson"));
  return {
    outcome,
    lines,
    phases: lines.flatMap((line) => (line.entry === "phase" ? [line.phase] : [])),
    faultEvents: lines.flatMap((line) => (line.entry === "fault" ? [`${line.name} ${line.event}`] : [])),
  };
}

const once = (fault: ReturnType<typeof madeFault>, afterS = 0) => ({ fault, afterS, lastsS: 0 });

describe("a drill that goes well", () => {
  it("goes through its phases in order and is valid", async () => {
    const fault = madeFault("kill");
    const parts = madeParts();
    const { outcome, phases, faultEvents, lines } = await run(madeDrill([once(fault)]), { parts });
    expect(phases).toEqual(["steady", "load", "inject", "heal", "settle", "check", "end"]);
    expect(faultEvents).toEqual(["aimed", "injecting", "injected", "happened", "healing", "healed"].map((event) => `kill ${event}`));
    expect(outcome).toMatchObject({ verdict: "valid", reasons: [], stallMs: 12, failed: 0, elements: ["pod/dsp/kill"], unhealed: [] });
    expect(parts.loadCalls).toEqual(["start", "stop"]);
    expect(outcome.checks.map(({ name }) => name)).toEqual(["stall", "steady-state"]);
    const roles = new Set(lines.flatMap((line) => (line.entry === "sighting" ? [line.role] : [])));
    expect(lines.find(({ entry }) => entry === "calm")).toMatchObject({ medianMs: expect.any(Number), waitedMs: 0 });
    expect(lines.find(({ entry }) => entry === "pace")).toMatchObject({ processorMs: expect.any(Number), tookMs: expect.any(Number) });
    expect([...roles].sort()).toEqual(["nodes-ready", "pods-ready", "postgres-primary", "redis-primary", "virtual-ip"]);
  });

  it("gives the checks the faults, the sightings and the time of redundancy", async () => {
    let seen: unknown;
    const check = madeCheck("look", (input) => {
      seen = input;
      return { verdict: "valid", figures: {}, findings: [] };
    });
    await run(madeDrill([{ fault: madeFault("cut"), afterS: 0, lastsS: 0.05 }], { checks: [check] }));
    const input = seen as Parameters<typeof check.judge>[0];
    const [fault] = input.faults;
    expect(fault).toMatchObject({ name: "cut", evidence: "cut is seen", elements: ["pod/dsp/cut"] });
    expect((fault?.healedMs ?? 0) - (fault?.injectedMs ?? 0)).toBeGreaterThanOrEqual(45);
    expect(fault?.injectedMs).toBeGreaterThanOrEqual(input.steadyEndMs);
    expect(input.redundantMs).toBeGreaterThanOrEqual(fault?.healedMs ?? Number.POSITIVE_INFINITY);
    expect(input.history.length).toBeGreaterThan(5);
    expect(input.sightings.some(({ role, holder }) => role === "postgres-primary" && holder === "pg-1")).toBe(true);
    expect(input.stall).toEqual({ barMs: 1_000, goalMs: 500 });
  });

  it("aims a later fault at the platform as it is then, and lets faults overlap", async () => {
    const order: string[] = [];
    const first = madeFault("first", { inject: () => void order.push("first"), heal: () => void order.push("first healed") });
    const second = madeFault("second", { aim: () => void order.push("second aimed"), inject: () => void order.push("second") });
    await run(madeDrill([{ fault: first, afterS: 0, lastsS: 0.2 }, once(second, 0.02)]));
    expect(order).toEqual(["first", "second aimed", "second", "first healed"]);
  });

  it("gives each fault a limit beyond its planned length", async () => {
    const fault = madeFault("cut");
    await run(madeDrill([{ fault, afterS: 0, lastsS: 0.02 }]));
    expect(fault.context?.limitS).toBeCloseTo(60.02);
  });
});

describe("healing", () => {
  it.each([
    [
      "aiming the second fault",
      {
        aim: () => {
          throw new Error("no aim");
        },
      },
    ],
    [
      "injecting the second fault",
      {
        inject: () => {
          throw new Error("no inject");
        },
      },
    ],
  ])("comes after a failure in %s", async (_where, verbs) => {
    const first = madeFault("first");
    const second = madeFault("second", verbs);
    const { outcome, phases } = await run(madeDrill([{ fault: first, afterS: 0, lastsS: 5 }, once(second, 0.02)]));
    expect(first.broken).toBe(false);
    expect(second.broken).toBe(false);
    expect(phases).toEqual(["steady", "load", "inject", "heal", "end"]);
    expect(outcome.verdict).not.toBe("valid");
    expect(outcome.unhealed).toEqual([]);
  });

  it("undoes an injection that only half worked, and the drill is not run", async () => {
    const fault = madeFault("half", { inject: () => Promise.reject(new Error("the tool broke")) });
    const { outcome } = await run(madeDrill([once(fault)]));
    expect(fault.calls).toEqual(["aim", "inject", "heal"]);
    expect(outcome).toMatchObject({ verdict: "not run", reasons: [expect.stringContaining("the tool broke")] });
  });

  it("is tried again until nothing remains", async () => {
    const fault = madeFault("stubborn", { heal: (attempt) => (attempt < 3 ? Promise.reject(new Error("not yet")) : undefined) });
    const { outcome, faultEvents } = await run(madeDrill([once(fault)]));
    expect(fault.calls.filter((call) => call === "heal")).toHaveLength(3);
    expect(faultEvents.filter((event) => event === "stubborn remains")).toHaveLength(2);
    expect(outcome.verdict).toBe("valid");
  });

  it("that does not work is said loudly, and is never a pass", async () => {
    const fault = madeFault("lasting", { heal: () => Promise.reject(new Error("cannot")) });
    const { outcome } = await run(madeDrill([once(fault)]));
    expect(outcome.verdict).not.toBe("valid");
    expect(outcome.unhealed).toEqual(["lasting (0): cannot"]);
    expect(outcome.reasons[0]).toBe("NOT HEALED: lasting (0): cannot");
  });

  it("follows a check that throws, which is unknown", async () => {
    const checks = [
      madeCheck("bad", () => {
        throw new Error("the check broke");
      }),
      madeCheck("good"),
    ];
    const { outcome } = await run(madeDrill([once(madeFault("kill"))], { checks }));
    expect(outcome.checks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["bad", "unknown"],
      ["good", "valid"],
      ["steady-state", "valid"],
    ]);
    expect(outcome.verdict).toBe("unknown");
  });
});

describe("an abort", () => {
  it.each(["steady", "load", "inject", "settle", "check"] as const)("in phase %s heals and ends, without a verdict", async (phase) => {
    const abort = new AbortController();
    const fault = madeFault("cut");
    // In settle it is redundancy that never comes.
    const unwhole = madeTarget(folder);
    if (phase === "settle")
      unwhole.status = () => madeStatus(fault.calls.includes("inject") ? { healthy: false, reasons: ["a node is away"] } : {});
    const { outcome, phases } = await run(madeDrill([{ fault, afterS: 0, lastsS: phase === "inject" ? 5 : 0 }], { redundancyLimitS: 5 }), {
      target: unwhole,
      signal: abort.signal,
      onLine: (line) => {
        if (line.entry === "phase" && line.phase === phase)
          setTimeout(() => abort.abort(new Error("interrupted by SIGINT")), phase === "check" ? 0 : 8);
      },
      parts: madeParts(phase === "check" ? { collectLogs: () => delay(30) } : {}),
    });
    expect(fault.broken).toBe(false);
    expect(phases.at(-1)).toBe("end");
    expect(phases).toContain(phase);
    expect(outcome).toMatchObject({ verdict: "unknown", reasons: ["interrupted by SIGINT"], unhealed: [] });
  });

  it("does not stop the tools that heal", async () => {
    const abort = new AbortController();
    const signals: (boolean | undefined)[] = [];
    const target = madeTarget(folder);
    const { run: runTool } = target;
    target.run = (command, args, options) => {
      if (command === "heal-tool") signals.push(options?.signal?.aborted);
      return runTool(command, args, options);
    };
    const fault = madeFault("cut", {
      heal: async () => {
        const { context } = fault;
        await context?.target.run("heal-tool", [], { signal: abort.signal });
        signals.push(context?.signal.aborted);
      },
    });
    await run(madeDrill([{ fault, afterS: 0, lastsS: 5 }]), {
      target,
      signal: abort.signal,
      onLine: (line) => line.entry === "fault" && line.event === "injected" && abort.abort(new Error("interrupted")),
    });
    expect(signals).toEqual([undefined, false]);
  });
});

describe("a drill that cannot be run", () => {
  it("is not run where the fault is not possible, without any load", async () => {
    const parts = madeParts();
    const fault = madeFault("latency", {
      aim: () => {
        throw new FaultNotPossible("this kernel has no sch_netem");
      },
    });
    const { outcome, faultEvents } = await run(madeDrill([once(fault)]), { parts });
    expect(outcome).toMatchObject({ verdict: "not run", reasons: ["this kernel has no sch_netem"], stallMs: undefined });
    expect(faultEvents).toEqual(["latency not possible"]);
    expect(parts.loadCalls).toEqual([]);
  });

  it("is not run on a platform that is not whole", async () => {
    const fault = madeFault("kill");
    const target = madeTarget(folder, { status: () => madeStatus({ healthy: false, reasons: ["a node is away"] }) });
    const { outcome } = await run(madeDrill([once(fault)]), { target });
    expect(outcome).toMatchObject({ verdict: "not run", reasons: [expect.stringContaining("a node is away")] });
    expect(fault.calls).toEqual([]);
  });

  it("is not run where a service that it breaks or that its walk uses is not there", async () => {
    const fault = madeFault("kill");
    const walk = {
      name: "visits",
      title: "Somebody visits",
      services: ["portal", "record"],
      begin: () => Promise.reject(new Error("none")),
    };
    const { outcome } = await run(madeDrill([once(fault)], { services: ["identity"], walks: [walk] }));
    expect(outcome).toMatchObject({
      verdict: "not run",
      reasons: ["this platform does not run identity, portal (the setting dsp:services)"],
    });
    expect(fault.calls).toEqual([]);
  });

  it("is not run where its walk needs a browser and the machine has none, unless it can do without the walk", async () => {
    const walk = { name: "at-work", title: "Somebody works", services: ["record"], needsBrowser: true };
    const walks = [{ ...walk, begin: () => Promise.reject(new Error("none")) }];
    const fault = madeFault("kill");
    const { outcome } = await run(madeDrill([once(fault)], { walks }));
    expect(outcome).toMatchObject({ verdict: "not run", reasons: [expect.stringContaining("no Chromium (apt-get install chromium")] });
    expect(fault.calls).toEqual([]);
    const without = await run(madeDrill([once(madeFault("kill"))], { walks, walksIfThere: true }));
    expect(without.outcome.verdict).toBe("valid");
    expect(without.lines).toContainEqual(
      expect.objectContaining({ entry: "log", text: expect.stringContaining("without the walk at-work: this machine has no Chromium") }),
    );
  });

  it("is not run where a pod that the status does not know is not ready", async () => {
    const dns = { namespace: "kube-system", name: "coredns-1", owner: "coredns", node: "n", labels: {}, images: [], claims: [] };
    const parts = madeParts({ readPods: async () => [{ ...dns, ready: false, finished: false, leaving: false }] });
    expect((await run(madeDrill([once(madeFault("kill"))]), { parts })).outcome.verdict).toBe("not run");
  });

  it("is not run under a load that is not steady before the fault", async () => {
    const fault = madeFault("kill");
    const parts = madeParts({ judgeLoad: () => ({ good: false, figures: {}, findings: ["p99 is 3 s"] }) });
    const { outcome } = await run(madeDrill([once(fault)]), { parts });
    expect(outcome).toMatchObject({ verdict: "not run", reasons: [expect.stringContaining("p99 is 3 s")] });
    expect(fault.calls).toEqual(["aim"]);
    expect(parts.loadCalls).toEqual(["start", "stop"]);
  });
});

describe("the rest before a fault", () => {
  const calm = ({ lines }: Ran) => lines.find((line) => line.entry === "calm") as { medianMs: number; waitedMs: number } | undefined;

  it("is waited for while the answers are slow", async () => {
    let slowUntilMs = 0;
    const tookMs = () => {
      slowUntilMs ||= Date.now() + 100;
      return Date.now() < slowUntilMs ? 80 : 1;
    };
    const ran = await run(madeDrill([once(madeFault("kill"))]), {
      parts: madeParts({ tookMs }),
      timings: { ...quick, calmPatienceMs: 5_000 },
    });
    expect(ran.outcome.verdict).toBe("valid");
    expect(calm(ran)?.medianMs).toBeLessThanOrEqual(quick.calmMedianMs);
    expect(calm(ran)?.waitedMs).toBeGreaterThan(20);
  });

  it("is waited for so long and no longer", async () => {
    const ran = await run(madeDrill([once(madeFault("kill"))]), { parts: madeParts({ tookMs: () => 80 }) });
    expect(calm(ran)).toMatchObject({ medianMs: 80 });
    expect(calm(ran)?.waitedMs).toBeGreaterThanOrEqual(quick.calmPatienceMs);
  });
});

describe("the steady state after a drill", () => {
  /** Good before the fault; then bad so many times that it is looked at. */
  function badAfterwards(times: number) {
    let looks = 0;
    const judgeLoad = () => {
      looks += 1;
      const good = looks === 1 || looks > times + 1;
      return { good, figures: {}, findings: good ? [] : ["p95 is 1 s"] };
    };
    return madeParts({ judgeLoad });
  }

  it("is waited for, and the figure says how long", async () => {
    const { outcome } = await run(madeDrill([once(madeFault("kill"))]), { parts: badAfterwards(2) });
    const check = outcome.checks.find(({ name }) => name === "steady-state");
    expect(check).toMatchObject({ verdict: "valid", figures: { steadyAgainAfterMs: expect.any(Number) } });
    expect(outcome.verdict).toBe("valid");
  });

  it("makes it invalid when it does not come back", async () => {
    const { outcome } = await run(madeDrill([once(madeFault("kill"))]), { parts: badAfterwards(1_000_000) });
    expect(outcome).toMatchObject({ verdict: "invalid", reasons: ["steady-state: p95 is 1 s"] });
  });
});

describe("a drill that was run and is no pass", () => {
  it("is unknown when the fault was never seen to be real", async () => {
    const { outcome } = await run(madeDrill([once(madeFault("ghost", { happened: () => undefined }))]));
    expect(outcome).toMatchObject({ verdict: "unknown", reasons: ["ghost was never seen to be real"] });
  });

  it("is invalid when a check says so, whatever the others say", async () => {
    const checks = [
      madeCheck("durability", () => ({ verdict: "invalid", figures: { lost: 1, doubled: 0 }, findings: ["create 7 is lost"] })),
      madeCheck("odd", () => ({ verdict: "unknown", figures: {}, findings: [] })),
    ];
    const { outcome } = await run(madeDrill([once(madeFault("kill"))], { checks }));
    expect(outcome).toMatchObject({ verdict: "invalid", lost: 1, doubled: 0, reasons: ["durability: create 7 is lost"] });
  });

  it("is stopped, healed and judged over its error budget", async () => {
    const fault = madeFault("cut");
    const parts = madeParts({ outcome: () => (fault.broken ? "failed" : "ok") });
    const drill = madeDrill([{ fault, afterS: 0, lastsS: 30 }], { errorBudget: { failedShareMax: 0.01, failedMax: 5 } });
    const beganMs = Date.now();
    const { outcome, phases } = await run(drill, { parts });
    expect(Date.now() - beganMs).toBeLessThan(5_000);
    expect(fault.broken).toBe(false);
    expect(outcome.verdict).toBe("invalid");
    expect(outcome.reasons[0]).toMatch(/^\d+ of \d+ requests failed: over the error budget/);
    expect(outcome.failed).toBeGreaterThan(5);
    expect(phases).toEqual(["steady", "load", "inject", "heal", "settle", "check", "end"]);
  });

  it("leaves unknown what needs the stores when they cannot be read", async () => {
    const checks = [
      madeCheck("durability", ({ aftermath }) => ({
        verdict: Object.keys(aftermath.stores).length > 0 ? "valid" : "invalid",
        figures: {},
        findings: [],
      })),
      madeCheck("stall"),
    ];
    const parts = madeParts({ readAftermath: () => Promise.reject(new Error("pg-1 does not answer")) });
    const { outcome } = await run(madeDrill([once(madeFault("kill"))], { checks }), { parts });
    expect(outcome.checks.map(({ verdict }) => verdict)).toEqual(["unknown", "valid", "valid"]);
    expect(outcome.reasons.join()).toContain("pg-1 does not answer");
  });

  it("is unknown when the load died on the way", async () => {
    const parts = madeParts();
    const { outcome } = await run(madeDrill([once(madeFault("kill"))]), {
      parts: { ...parts, startLoad: async ({ runName }) => ({ operations: [], runName, stop: async () => undefined }) },
    });
    expect(outcome.verdict).toBe("unknown");
    expect(outcome.reasons).toContain("the load made no operation");
  });

  it("knows when redundancy does not come back", async () => {
    let redundantMs: number | undefined = 1;
    const check = madeCheck("redundancy", (input) => {
      redundantMs = input.redundantMs;
      return { verdict: redundantMs === undefined ? "invalid" : "valid", figures: {}, findings: [] };
    });
    const fault = madeFault("kill");
    const target = madeTarget(folder, {});
    target.status = () => madeStatus(fault.calls.includes("inject") ? { healthy: false, reasons: ["a node is away"] } : {});
    const { outcome } = await run(madeDrill([once(fault)], { checks: [check], redundancyLimitS: 0.1 }), { target });
    expect(redundantMs).toBeUndefined();
    expect(outcome.verdict).toBe("invalid");
  });
});

describe("a walk", () => {
  const madeWalk = (changes: Partial<Walk> = {}): Walk => ({
    name: "walk",
    title: "Somebody walks",
    services: ["record"],
    begin: async () => ({ end: async () => ({ verdict: "valid", figures: { steps: 3 }, findings: [] }) }),
    ...changes,
  });

  it("begins with the load, ends after the platform is whole, and is a check of its own", async () => {
    const order: string[] = [];
    const parts = madeParts();
    let context: WalkContext | undefined;
    const walk = madeWalk({
      begin: async (given) => {
        context = given;
        order.push(`begun, load: ${parts.loadCalls.join()}`);
        return {
          end: async () => {
            order.push(`ended, load: ${parts.loadCalls.join()}`);
            return { verdict: "invalid", figures: { steps: 3 }, findings: ["stumbled"] };
          },
        };
      },
    });
    const fault = madeFault("kill", { inject: () => void order.push("inject") });
    const { outcome, lines } = await run(madeDrill([once(fault)], { walks: [walk] }), { parts });
    expect(order).toEqual(["begun, load: start", "inject", "ended, load: start,stop"]);
    expect(context).toMatchObject({ runName: `made-${runs}`, target: { stack: "lab" } });
    expect(context?.signal.aborted).toBe(true);
    expect(outcome).toMatchObject({ verdict: "invalid", reasons: ["walk: stumbled"] });
    const told = { name: "walk", title: "Somebody walks", verdict: "invalid", figures: { steps: 3 }, findings: ["stumbled"] };
    expect(outcome.checks.at(-1)).toEqual(told);
    expect(lines).toContainEqual({ atMs: expect.any(Number), entry: "check", ...told });
  });

  it("stays at home where its services do not run and the drill can do without it, and else goes along", async () => {
    const walks = [
      madeWalk(),
      madeWalk({ name: "visits", services: ["portal", "record"], begin: () => Promise.reject(new Error("none")) }),
    ];
    const { outcome } = await run(madeDrill([once(madeFault("kill"))], { walks, walksIfThere: true }));
    expect(outcome.verdict).toBe("valid");
    expect(outcome.checks.map(({ name }) => name)).toContain("walk");
    expect(outcome.checks.map(({ name }) => name)).not.toContain("visits");
  });

  it.each([
    ["fails", () => Promise.reject(new Error("no way in")), "no way in"],
    ["takes too long", () => new Promise<never>(() => undefined), "not within 200 ms"],
  ])("that cannot begin because it %s makes the run unknown, and nothing is broken", async (_how, begin, why) => {
    const fault = madeFault("kill");
    const { outcome } = await run(madeDrill([once(fault)], { walks: [madeWalk({ begin })] }));
    expect(outcome).toMatchObject({ verdict: "unknown", reasons: [`the walk walk could not begin: ${why}`] });
    expect(fault.calls).not.toContain("inject");
  });

  it("that crashes gives unknown, and the other checks their verdicts", async () => {
    const begin: Walk["begin"] = async () => ({ end: () => Promise.reject(new Error("fell")) });
    const { outcome } = await run(madeDrill([once(madeFault("kill"))], { walks: [madeWalk({ begin }), madeWalk({ name: "other" })] }));
    expect(outcome.verdict).toBe("unknown");
    expect(outcome.checks.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      "stall valid",
      "steady-state valid",
      "walk unknown",
      "other valid",
    ]);
    expect(outcome.reasons).toEqual(["walk: the walk could not be judged: fell"]);
  });

  it("is told that the run is over when it ends before its time", async () => {
    let context: WalkContext | undefined;
    let ended = false;
    const begin: Walk["begin"] = async (given) => {
      context = given;
      const end = async () => {
        ended = true;
        return { verdict: "valid" as const, figures: {}, findings: [] };
      };
      return { end };
    };
    const failing = madeFault("kill", {
      inject: () => {
        throw new Error("no inject");
      },
    });
    await run(madeDrill([once(failing)], { walks: [madeWalk({ begin })] }));
    expect([context?.signal.aborted, ended]).toEqual([true, false]);
  });
});

describe("what a node takes with it", () => {
  it("counts as hit, for faults of nodes only", async () => {
    const pods = [
      {
        namespace: "dsp",
        name: "pg-1",
        owner: "pg",
        node: "node-1",
        labels: {},
        images: [],
        claims: ["pg-1"],
        ready: true,
        finished: false,
        leaving: false,
      },
    ];
    const parts = () => madeParts({ readPods: async () => pods });
    const killed = await run(madeDrill([once(madeFault("node-kill", { elements: ["node/node-1"] }))]), { parts: parts() });
    const starved = await run(madeDrill([once(madeFault("cpu-starved", { elements: ["node/node-1"] }))]), { parts: parts() });
    expect(killed.outcome.elements).toEqual(["node/node-1", "pod/dsp/pg", "volume/pg-1"]);
    expect(starved.outcome.elements).toEqual(["node/node-1"]);
  });
});
