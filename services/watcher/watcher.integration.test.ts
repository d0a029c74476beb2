import { existsSync } from "node:fs";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { TestInstance } from "../lib/testing/postgres.ts";
import { fenceMarker, follow } from "./conninfo.ts";
import type { Control, Member } from "./instances.ts";
import { PostgresInstances } from "./postgres-instances.ts";
import type { FakeKubernetes, FakePod } from "./testing/fake-kubernetes.ts";
import { WatchedPostgres } from "./testing/watched-postgres.ts";
import { defaultTimings } from "./timings.ts";

let watched: WatchedPostgres;

beforeEach(async () => {
  watched = await WatchedPostgres.start();
  await watched.postgres.query(watched.postgres.at(0), "CREATE TABLE written (number int PRIMARY KEY)");
}, 60_000);

afterEach(async () => {
  await watched?.stop();
});

const access = { database: "postgres", user: "watcher", schema: "pg_catalog", applicationName: "test" };

function memberOf({ name, port }: TestInstance): Member {
  return { name, port, site: "site-a", address: "127.0.0.1" };
}

/** Polls until it holds. */
async function until(what: string, isSo: () => Promise<boolean> | boolean, limitMs = 20_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await Promise.resolve(isSo()).catch?.(() => false))) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(25);
  }
}

/**
 * The next primary and the other standby, once one of the two is it. Which one is not for a test to say: the one whose WAL goes furthest, and
 * a primary that dies while it writes has at times sent its last bytes to one only.
 */
async function succession(
  what: string,
  isNext: (standby: TestInstance) => Promise<boolean> | boolean,
): Promise<[TestInstance, TestInstance]> {
  const [one, other] = [watched.postgres.at(1), watched.postgres.at(2)];
  let order: [TestInstance, TestInstance] | undefined;
  await until(what, async () => {
    if (await isNext(one)) order = [one, other];
    else if (await isNext(other)) order = [other, one];
    return order !== undefined;
  });
  return order as [TestInstance, TestInstance];
}

const isLabelled = ({ name }: TestInstance): boolean => watched.kubernetes.labelled.join() === name;

async function isStandby(instance: TestInstance): Promise<boolean> {
  const [row] = await watched.postgres.query<{ standby: boolean }>(instance, "SELECT pg_is_in_recovery() AS standby");
  return row?.standby === true;
}

async function streaming(primary: TestInstance): Promise<number> {
  const [row] = await watched.postgres.query<{ count: string }>(
    primary,
    "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'",
  );
  return Number(row?.count);
}

async function conninfoOf(instance: TestInstance): Promise<string> {
  const [row] = await watched.postgres.query<{ conninfo: string }>(instance, "SELECT current_setting('primary_conninfo') AS conninfo");
  return row?.conninfo ?? "";
}

/** Writes one row after the other to whichever instance takes it, and keeps those that were acknowledged. */
function writer(): { acknowledged: number[]; longestMs(): number; stop(): Promise<void> } {
  const acknowledged: number[] = [];
  let stopped = false;
  let longestMs = 0;
  const run = async (): Promise<void> => {
    let lastMs = performance.now();
    for (let number = 1; !stopped; number++) {
      for (const instance of watched.postgres.instances) {
        const write = watched.postgres.query(instance, "INSERT INTO written VALUES ($1)", [number]);
        const done = await Promise.race([write.then(() => true).catch(() => false), sleep(1000, false)]);
        if (!done) continue;
        acknowledged.push(number);
        longestMs = Math.max(longestMs, performance.now() - lastMs);
        lastMs = performance.now();
        break;
      }
      await sleep(20);
    }
  };
  const running = run();
  return {
    acknowledged,
    longestMs: () => Math.round(longestMs),
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

/** As `./dsp switchover` does. */
function ask(status: Record<string, string>): Record<string, string> {
  return { "dsp.platform/move-primary-from": `${status.currentPrimary} ${status.currentPrimaryTimestamp}` };
}

async function expectAllWritten(primary: TestInstance, acknowledged: number[]): Promise<void> {
  const rows = await watched.postgres.query<{ number: number }>(primary, "SELECT number FROM written");
  const there = new Set(rows.map(({ number }) => number));
  expect(acknowledged.filter((number) => !there.has(number))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(20);
}

describe("the SQL, with the rights of grants.sql and no more", () => {
  let instances: PostgresInstances;
  let controls: Control[];

  beforeEach(() => {
    instances = new PostgresInstances(access, { ...defaultTimings, answerTimeoutMs: 5000 });
    controls = [];
  });

  afterEach(() => {
    for (const control of controls) control.close();
    instances.stop();
  });

  async function open(instance: TestInstance): Promise<Control> {
    const control = await instances.open(memberOf(instance));
    controls.push(control);
    return control;
  }

  it("has grants for a role that is nothing special", async () => {
    const [row] = await watched.postgres.query<{ special: boolean }>(
      watched.postgres.at(0),
      "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS special FROM pg_roles WHERE rolname = 'watcher'",
    );
    expect(row?.special).toBe(false);
  });

  it("asks, and writes on a primary only", async () => {
    const [primary, standby] = [memberOf(watched.postgres.at(0)), memberOf(watched.postgres.at(1))];
    expect(await instances.ask(primary)).toMatchObject({ state: { inRecovery: false, timeline: 1, streaming: false } });
    await until("the standby streams", async () => {
      const answer = await instances.ask(standby);
      return "state" in answer && answer.state.streaming && answer.state.timeline === 1;
    });
    expect(await instances.tryWrite(primary)).toBe("written");
    expect(await instances.tryWrite(standby)).toBe("unclear");
  });

  it("takes standby.signal from a running primary, and from nobody else", async () => {
    const [primary, standby] = [watched.postgres.at(0), watched.postgres.at(1)];
    const signal = join(primary.folder, "standby.signal");
    expect(await instances.tryWrite(memberOf(primary))).toBe("written");
    expect(await instances.removeStandbySignal(memberOf(primary))).toBe(false);
    await writeFile(signal, "");
    expect(await instances.removeStandbySignal(memberOf(primary))).toBe(true);
    expect(existsSync(signal)).toBe(false);
    const [row] = await watched.postgres.query<{ removed: boolean }>(standby, "SELECT public.remove_standby_signal() AS removed");
    expect(row?.removed).toBe(false);
    expect(existsSync(join(standby.folder, "standby.signal"))).toBe(true);
  });

  it("writes to disk what is in memory only, of a standby as far as it was written on the primary", async () => {
    const [primary, standby] = [watched.postgres.at(0), watched.postgres.at(1)];
    const writtenTo = async (instance: typeof primary) => {
      const [row] = await watched.postgres.query<{ lsn: string }>(
        instance,
        "SELECT redo_lsn - '0/0'::pg_lsn AS lsn FROM pg_control_checkpoint()",
      );
      return Number(row?.lsn);
    };
    await watched.postgres.query(primary, "CREATE TABLE dirty AS SELECT generate_series(1, 1000) AS n");
    const [before, beforeOnStandby] = [await writtenTo(primary), await writtenTo(standby)];
    await instances.flush(memberOf(primary));
    const after = await writtenTo(primary);
    expect(after).toBeGreaterThan(before);
    expect(await writtenTo(standby)).toBe(beforeOnStandby);
    await until("the standby has written as much", async () => {
      await instances.flush(memberOf(standby));
      return (await writtenTo(standby)) === after;
    });
  });

  it("writes at once while commits wait for standbys that are gone", async () => {
    await watched.postgres.freeze(watched.postgres.at(1));
    await watched.postgres.freeze(watched.postgres.at(2));
    expect(await instances.tryWrite(memberOf(watched.postgres.at(0)))).toBe("written");
  });

  it("fences a standby for good, reads it, promotes it under its own marker only, and points the other at it", async () => {
    const { postgres } = watched;
    const [primary, first, second] = [postgres.at(0), postgres.at(1), postgres.at(2)];
    const marker = fenceMarker({ term: 7, site: "site-a", timeline: 1 });
    const [one, two] = [await open(first), await open(second)];
    const seen = await one.examine();
    expect(seen).toMatchObject({ inRecovery: true, timeline: 1, receiving: true, base: seen.conninfo });
    for (const control of [one, two]) {
      const { conninfo } = await control.examine();
      expect(await control.change({ from: "other", to: marker, inRecovery: true })).toBe(false);
      expect(await control.change({ from: conninfo, to: marker, inRecovery: false })).toBe(false);
      expect(await control.change({ from: conninfo, to: marker, inRecovery: true, expiresClockMs: seen.clockMs - 1 })).toBe(false);
      expect(await control.change({ from: conninfo, to: marker, inRecovery: true, expiresClockMs: seen.clockMs + 60_000 })).toBe(true);
      await control.quiesce();
    }
    const fenced = await one.examine();
    expect(fenced).toMatchObject({ conninfo: marker, base: seen.conninfo, receiving: false, timeline: 1 });

    // Nothing that the primary does now gets there, and nothing is acknowledged.
    const commit = postgres.query(primary, "INSERT INTO written VALUES (1)").then(
      () => "acknowledged",
      () => "failed",
    );
    await sleep(600);
    const later = await one.examine();
    expect(later.flushed).toBe(fenced.flushed);
    expect(later.receiving).toBe(false);
    expect(await Promise.race([commit, sleep(100, "waits")])).toBe("waits");

    const lateMs = later.clockMs + 60_000;
    expect(await one.promote(fenceMarker({ term: 8, site: "site-a", timeline: 1 }), lateMs)).toBe(false);
    expect(await one.promote(marker, later.clockMs - 1)).toBe(false);
    expect(await one.promote(marker, lateMs)).toBe(true);
    await expect(one.quiesce()).rejects.toThrow();
    await until("it is a primary", async () => !(await one.examine()).inRecovery);
    expect((await one.examine()).timeline).toBe(2);
    expect(await one.change({ from: marker, to: undefined, inRecovery: false })).toBe(true);
    expect((await one.examine()).conninfo).toBe(seen.base);

    const pointed = follow((await two.examine()).base, memberOf(first), 2);
    expect(await two.change({ from: marker, to: pointed, inRecovery: true })).toBe(true);
    await until("the other streams", async () => (await streaming(first)) === 1);
    // It streams a moment before the first WAL of the new timeline is written, and until then shows the old one.
    await until("the other is on the new timeline", async () => (await two.examine()).timeline === 2);
    const [row] = await postgres.query<{ application_name: string }>(first, "SELECT application_name FROM pg_stat_replication");
    expect(row?.application_name).toBe(second.name);
  });

  it("fences a standby whose primary is gone, and one that has just started", async () => {
    const { postgres } = watched;
    const standby = postgres.at(2);
    await postgres.crash(standby);
    await postgres.restart(standby);
    await postgres.crash(postgres.at(0));
    const control = await open(standby);
    const { conninfo } = await control.examine();
    const marker = fenceMarker({ term: 1, site: "site-b", timeline: 1 });
    expect(await control.change({ from: conninfo, to: marker, inRecovery: true })).toBe(true);
    await control.quiesce();
    await until("it is known how far its WAL goes", async () => (await control.examine()).flushed !== undefined);
    expect(await control.change({ from: marker, to: undefined, inRecovery: true })).toBe(true);
    expect((await control.examine()).conninfo).toBe(conninfo);
  });

  it("tells a refusal, a start and a silence apart", async () => {
    const { postgres } = watched;
    const [crashed, frozen] = [postgres.at(1), postgres.at(2)];
    const closed: string[] = [];
    instances.onClosed((name) => closed.push(name));
    for (const instance of [crashed, frozen]) expect(await instances.ask(memberOf(instance))).toHaveProperty("state");
    await postgres.crash(crashed);
    await until("the closed connection is noticed", () => closed.includes(crashed.name));
    expect(await instances.ask(memberOf(crashed))).toMatchObject({ failure: "refused" });
    await postgres.freeze(frozen);
    expect(await instances.ask(memberOf(frozen))).toMatchObject({ failure: "silent" });
    expect(await instances.ask(memberOf(frozen))).toMatchObject({ failure: "silent" });
  });
});

describe("three watchers", () => {
  it("replace a primary that crashes, tell the operator, and lose no acknowledged row", async () => {
    const { postgres, kubernetes } = watched;
    await watched.startWatchers({ LEASE_MS: "2000" });
    await sleep(2500);
    const writes = writer();
    await until("writes are acknowledged", () => writes.acknowledged.length > 20);
    const crashedMs = performance.now();
    await postgres.crash(postgres.at(0));
    const [primary] = await succession("the operator is told and the pod labelled", isLabelled);
    await until("the other standby streams", async () => (await streaming(primary)) === 1);
    console.log(`primary crashed: streaming again after ${Math.round(performance.now() - crashedMs)} ms`);
    await sleep(1000);
    await writes.stop();
    console.log(`${writes.acknowledged.length} rows acknowledged, longest pause ${writes.longestMs()} ms`);
    await expectAllWritten(primary, writes.acknowledged);
    expect(kubernetes.status).toMatchObject({ targetPrimary: primary.name, phase: "Failing over" });
    expect(kubernetes.lease).toMatchObject({ holderIdentity: primary.name, leaseTransitions: 2 });
  }, 60_000);

  it("promote the next primary when its instance manager has heard of it, and not before, or it would be shut down", async () => {
    const { postgres, kubernetes } = watched;
    kubernetes.hearsAfterMs = 1300;
    await watched.startWatchers({ LEASE_MS: "4000" });
    await sleep(2500);
    // Somebody changes the cluster, and so the instance managers have something to read.
    const unrest = setInterval(() => kubernetes.version++, 400);
    onTestFinished(() => clearInterval(unrest));
    await postgres.crash(postgres.at(0));
    const [next] = await succession("the lease is given", ({ name }) => kubernetes.lease.holderIdentity === name);
    while (performance.now() - kubernetes.leaseGivenMs < kubernetes.hearsAfterMs - 200) expect(await isStandby(next)).toBe(true);
    await until("it is promoted", async () => !(await isStandby(next)));
    expect(performance.now() - kubernetes.leaseGivenMs).toBeGreaterThanOrEqual(kubernetes.hearsAfterMs);
    // The others have followed it meanwhile, and its sessions with the watcher have not run out.
    await until("the other standby streams", async () => (await streaming(next)) === 1);
    await until("the pod is labelled", () => isLabelled(next));
  }, 60_000);

  /** The primary of a cluster that nobody has changed lately crashes. @returns how long after its lease was given the next one is promoted, ms */
  async function crashQuietly(managerStartsMs: number): Promise<number> {
    const { postgres, kubernetes } = watched;
    await watched.startWatchers({ LEASE_MS: "4000", MANAGER_STARTS_MS: String(managerStartsMs) });
    await sleep(defaultTimings.quietAfterMs + 2500);
    await postgres.crash(postgres.at(0));
    const [next] = await succession("the lease is given", ({ name }) => kubernetes.lease.holderIdentity === name);
    await until("it is promoted", async () => !(await isStandby(next)));
    const tookMs = performance.now() - kubernetes.leaseGivenMs;
    await until("the pod is labelled", () => isLabelled(next));
    return tookMs;
  }

  it("wait for no instance manager where nobody has changed the cluster lately", async () => {
    watched.kubernetes.hearsAfterMs = 60_000;
    // Sooner than it would be without having been heard of.
    expect(await crashQuietly(1000)).toBeLessThan(defaultTimings.heardTimeoutMs);
  }, 60_000);

  it("wait for one that started with its server just now, and works on what it read then", async () => {
    const hearsAfterMs = 1300;
    watched.kubernetes.hearsAfterMs = hearsAfterMs;
    expect(await crashQuietly(60_000)).toBeGreaterThanOrEqual(hearsAfterMs);
  }, 60_000);

  /** Enough of it in memory only that a checkpoint that is spread takes minutes. */
  async function dirty(primary: TestInstance): Promise<void> {
    await watched.postgres.query(primary, "CREATE TABLE dirty AS SELECT generate_series(1, 100000) AS n");
  }

  it("have a new primary's checkpoint done soon: on it depends how far the next old one is rewound, and whether it can be", async () => {
    const { postgres } = watched;
    await watched.startWatchers({ LEASE_MS: "2000", CHECKPOINT_AFTER_MS: "1000" });
    await sleep(2500);
    await dirty(postgres.at(0));
    await postgres.crash(postgres.at(0));
    const [next] = await succession("it is promoted", async (standby) => !(await isStandby(standby)));
    await until("its checkpoint is of its own timeline", async () => {
      const [row] = await postgres.query<{ timeline: number }>(next, "SELECT timeline_id AS timeline FROM pg_control_checkpoint()");
      return row?.timeline === 2;
    });
  }, 60_000);

  it("let a standby that is made anew wait for no checkpoint", async () => {
    const { postgres } = watched;
    await watched.startWatchers({ CHECKPOINT_AFTER_MS: "1000" });
    await dirty(postgres.at(0));
    const added = postgres.addStandby(postgres.at(0), "spread");
    expect(await Promise.race([added.then(() => "there"), sleep(20_000, "waits")])).toBe("there");
  }, 60_000);

  it("name the new primary in a planned move too, so that the operator throws nobody out afterwards", async () => {
    const { postgres, kubernetes } = watched;
    await watched.startWatchers({ LEASE_MS: "2000" });
    await sleep(2500);
    const next = postgres.at(2).name;
    Object.assign(kubernetes.status, { targetPrimary: next, targetPrimaryTimestamp: "wished", phase: "Switchover in progress" });
    await sleep(2500);
    await postgres.crash(postgres.at(0));
    await until("the pod is labelled", () => kubernetes.labelled.join() === next);
    const phase = "Switchover in progress";
    expect(kubernetes.status).toMatchObject({ currentPrimary: next, targetPrimary: next, targetPrimaryTimestamp: "wished", phase });
  }, 60_000);

  const update = "only it is left to update";
  const planned: [string, Record<string, string>, (kubernetes: FakeKubernetes) => void][] = [
    ["asked to", {}, ({ annotations, status }) => Object.assign(annotations, ask(status))],
    ["its node is emptied, without looking again", { REFRESH_INTERVAL_MS: "60000" }, (kubernetes) => kubernetes.cordon("site-a")],
    [update, {}, ({ status }) => Object.assign(status, { phase: "Waiting for user action" })],
  ];
  for (const [when, settings, plan] of planned) {
    it(`move a primary that lives when ${when}: once, to a full site, and nobody writes to the old one`, async () => {
      const { postgres, kubernetes } = watched;
      await watched.startWatchers({ LEASE_MS: "2000", ...settings });
      await sleep(defaultTimings.plannedAfterMs + 2500);
      const writes = writer();
      await until("writes are acknowledged", () => writes.acknowledged.length > 20);
      const next = postgres.at(1).name;
      plan(kubernetes);
      await until("the pod is labelled", () => kubernetes.labelled.join() === next);
      await until("the other standby streams", async () => (await streaming(postgres.at(1))) === 1);
      expect(kubernetes.status).toMatchObject({ currentPrimary: next, targetPrimary: next, phase: "Failing over" });
      expect(await streaming(postgres.at(0))).toBe(0);
      // It goes on waiting, as it does where the operator is slow: that is no reason to move once more.
      if (when === update) kubernetes.status.phase = "Waiting for user action";
      await sleep(defaultTimings.plannedAfterMs + 1000);
      await writes.stop();
      console.log(`planned move: longest pause ${writes.longestMs()} ms`);
      expect(kubernetes.labelled).toEqual([next]);
      await expectAllWritten(postgres.at(1), writes.acknowledged);
    }, 60_000);
  }

  /** Asks for a move of a cluster that nobody has changed lately. @returns the next primary, which has just been promoted */
  async function moveQuietly() {
    const { kubernetes, postgres } = watched;
    await watched.startWatchers({ LEASE_MS: "2000", MANAGER_STARTS_MS: "1000" });
    await sleep(defaultTimings.plannedAfterMs + 2500);
    Object.assign(kubernetes.annotations, ask(kubernetes.status));
    kubernetes.version++;
    const next = postgres.at(1);
    await until("it is promoted", async () => !(await isStandby(next)));
    return next;
  }

  it("wait for no instance manager in a planned move where nobody has changed the cluster lately", async () => {
    const { kubernetes } = watched;
    kubernetes.hearsAfterMs = 60_000;
    await moveQuietly();
    // Sooner than it would be without having been heard of.
    expect(performance.now() - kubernetes.leaseGivenMs).toBeLessThan(defaultTimings.heardTimeoutMs);
  }, 60_000);

  it("wait for none either where the answer to their telling is late, and they find their own change when they tell again", async () => {
    const { kubernetes } = watched;
    kubernetes.hearsAfterMs = 60_000;
    kubernetes.nextAnswerAfterMs = 800;
    await moveQuietly();
    expect(performance.now() - kubernetes.leaseGivenMs).toBeLessThan(defaultTimings.heardTimeoutMs);
  }, 60_000);

  it("tell the operator before they promote, however long that takes, or the new primary would be shut down as an old one", async () => {
    const { kubernetes } = watched;
    kubernetes.hearsAfterMs = 60_000;
    kubernetes.writesAfterMs = 700;
    const next = await moveQuietly();
    expect(kubernetes.status.targetPrimary).toBe(next.name);
  }, 60_000);

  it("finish the move that they lead when all are told to stop in the middle of it", async () => {
    const { postgres, kubernetes } = watched;
    kubernetes.hearsAfterMs = 1300;
    // The votes must bind for longer than the instance manager takes to hear.
    await watched.startWatchers({ LEASE_MS: "4000", CALM_PATIENCE_MS: "4000" });
    await sleep(defaultTimings.plannedAfterMs + 2500);
    const [old, next] = [postgres.at(0), postgres.at(1)];
    // A cluster that never comes to rest: it is told first, and heard.
    const unrest = setInterval(() => kubernetes.version++, 400);
    kubernetes.cordon("site-a");
    await until("the lease is given", () => kubernetes.lease.holderIdentity === next.name);
    clearInterval(unrest);
    await Promise.all(watched.running.map((watcher) => watcher.leave()));
    expect(await isStandby(next)).toBe(false);
    expect(await streaming(old)).toBe(0);
    await until("the other standby streams", async () => (await streaming(next)) === 1);
  }, 60_000);

  it("replace a frozen primary while the API is away, and leave the thawed one without a follower", async () => {
    const { postgres, kubernetes } = watched;
    // Votes bind for longer than the API is waited for.
    await watched.startWatchers({ LEASE_MS: "4000" });
    await sleep(2500);
    const writes = writer();
    await until("writes are acknowledged", () => writes.acknowledged.length > 20);
    kubernetes.setAway(true);
    const frozenMs = performance.now();
    await postgres.freeze(postgres.at(0));
    // The others follow the next primary before it is promoted, which waits for the API.
    const isFollowed = async (standby: TestInstance): Promise<boolean> => !(await isStandby(standby)) && (await streaming(standby)) === 1;
    const [primary] = await succession("one standby is promoted, and the other streams from it", isFollowed);
    console.log(`primary frozen, API away: streaming again after ${Math.round(performance.now() - frozenMs)} ms`);
    await postgres.thaw(postgres.at(0));
    await sleep(1500);
    await writes.stop();
    await expectAllWritten(primary, writes.acknowledged);
    expect(await streaming(postgres.at(0))).toBe(0);
    expect(kubernetes.status.targetPrimary).toBe(postgres.at(0).name);
    kubernetes.setAway(false);
    await until("the operator is told at last", () => kubernetes.status.targetPrimary === primary.name);
  }, 60_000);

  it("have a standby made anew whose server does not start, and not one that is only frozen", async () => {
    const { postgres, kubernetes } = watched;
    const declared = (): string[] => kubernetes.pods.filter(({ annotations }) => annotations !== undefined).map(({ name }) => name);
    await watched.startWatchers({ REBUILD_AFTER_MS: "3000", SETTLED_AFTER_MS: "1000" });
    await sleep(2500);
    await postgres.freeze(postgres.at(1));
    await sleep(5000);
    expect(declared()).toEqual([]);
    await postgres.thaw(postgres.at(1));
    await until("it streams again", async () => (await streaming(postgres.at(0))) === 2);
    await postgres.crash(postgres.at(2));
    await sleep(1500);
    expect(declared()).toEqual([]);
    await until("it is declared unrecoverable", () => declared().length > 0);
    expect(declared()).toEqual([postgres.at(2).name]);
    expect(kubernetes.pods[2]?.annotations).toEqual({ "alpha.cnpg.io/unrecoverable": "true" });
  }, 60_000);

  it("release a standby once the operator has settled, and point one back that lost its way", async () => {
    const { postgres, kubernetes } = watched;
    await watched.startWatchers({ LEASE_MS: "2000", SETTLED_AFTER_MS: "1500" });
    await sleep(2500);
    await postgres.crash(postgres.at(0));
    const [primary, standby] = await succession("the operator is told", isLabelled);
    await until("the standby follows it", async () => (await conninfoOf(standby)).endsWith(`-next-${primary.name}`));
    await until("the new primary has no override", async () => !(await conninfoOf(primary)).includes("dsp-"));
    // The operator's part: it takes note, replaces the lost instance, and its own conninfo leads to the new primary.
    Object.assign(kubernetes.status, { currentPrimary: primary.name, currentPrimaryTimestamp: "now" });
    const replacement = await postgres.addStandby(primary);
    kubernetes.pods[0] = { ...(kubernetes.pods[0] as FakePod), port: replacement.port };
    const own = `host=127.0.0.1 user=postgres port=${primary.port} application_name=${standby.name} connect_timeout=1`;
    await appendFile(join(standby.folder, "postgresql.conf"), `primary_conninfo = '${own}'\n`);
    await until("the standby is released", async () => (await conninfoOf(standby)) === own);
    await until("it streams again", async () => (await streaming(primary)) === 2);

    const stray = "host=127.0.0.1 port=1 user=postgres connect_timeout=1";
    await postgres.query(standby, `ALTER SYSTEM SET primary_conninfo = '${stray}'`);
    await postgres.query(standby, "SELECT pg_reload_conf()");
    await until("it has lost its way", async () => (await conninfoOf(standby)) === stray);
    await until("it is pointed back", async () => (await streaming(primary)) === 2);
    expect(await conninfoOf(standby)).toContain("dsp-follow-2");
  }, 60_000);
});
