/**
 * Load, aftermath and checks against the real record service with PostgreSQL and Redis of its own: a drill in small, without a
 * cluster. What the load sends must be FHIR that the service takes, and what the aftermath asks must be SQL that its tables answer.
 */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HttpService } from "../../services/lib/serve.ts";
import { makeCertificate } from "../../services/lib/testing/certificate.ts";
import { findPostgres } from "../../services/lib/testing/find-binaries.ts";
import { freePort } from "../../services/lib/testing/free-port.ts";
import { TestPostgres } from "../../services/lib/testing/postgres.ts";
import { TestRedis } from "../../services/lib/testing/redis.ts";
import { TestIssuer } from "../../services/lib/testing/tokens.ts";
import { createApp } from "../../services/record/app.ts";
import { startTestRecord, type TestRecord } from "../../services/record/testing/record.ts";
import type { CheckInput } from "../check.ts";
import { audit } from "../checks/audit.ts";
import { availability } from "../checks/availability.ts";
import { consistency } from "../checks/consistency.ts";
import { durability } from "../checks/durability.ts";
import { splitBrain } from "../checks/split-brain.ts";
import type { Operation } from "../history.ts";
import type { Target } from "../target.ts";
import { bareTarget } from "../testing/bare-target.ts";
import { readAftermath } from "./aftermath.ts";
import { startLoad } from "./load.ts";
import { findK6 } from "./testing/find-k6.ts";

const waits = { pollMs: 200, auditSettleMs: 2_000, auditLimitMs: 20_000, primaryLimitMs: 5_000, replayLimitMs: 5_000 };

let folder: string;
let postgres: TestPostgres;
let redis: TestRedis;
let issuer: TestIssuer;
let record: TestRecord;
let service: HttpService;
let target: Target;

/** kubectl as the aftermath calls it, answered by the test's own servers. */
function runKubectl(args: readonly string[], input = ""): Promise<string> {
  if (args.includes("get")) return Promise.resolve(postgres.instances.map(({ name }) => `pod/${name}\n`).join(""));
  const instance = postgres.instances.find(({ name }) => name === args[4]);
  const psql = args.slice(args.indexOf("psql") + 1).map((word) => (word === "dsp" ? "postgres" : word));
  return new Promise((resolve, reject) => {
    const child = execFile(
      join(findPostgres() ?? "", "psql"),
      ["-h", "127.0.0.1", "-p", String(instance?.port), ...psql],
      { maxBuffer: 64 * 1024 * 1024 },
      (failure, stdout) => (failure === null ? resolve(stdout) : reject(failure)),
    );
    // A server that is dead ends it before it reads: its failure says so.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "dsp-record-load-"));
  const { certFile, keyFile } = await makeCertificate(folder);
  postgres = await TestPostgres.start({ standbys: 2 });
  redis = await TestRedis.start();
  issuer = await TestIssuer.create();
  const port = await freePort();
  const publicUrl = `https://127.0.0.1:${port}/fhir`;
  record = await startTestRecord({ postgres, issuer, redis, settings: { publicUrl } });
  record.deps.audit.startDraining(500);
  service = new HttpService({
    fetch: createApp(record.deps).fetch,
    port,
    tlsCertFile: certFile,
    tlsKeyFile: keyFile,
    log: pino({ level: "silent" }),
  });
  await service.listen();
  target = bareTarget({
    publicUrl,
    caFile: certFile,
    reports: folder,
    environment: { PATH: process.env.PATH ?? "" },
    makeToken: () => issuer.token(),
    run: (_command, args, options) => runKubectl(args, options?.input),
  });
}, 60_000);

afterEach(async () => {
  await service?.drain({ noticeMs: 0, finishMs: 100 });
  record?.stop();
  await redis?.stop();
  await postgres?.stop();
  await issuer?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function judge(
  history: readonly Operation[],
  runName: string,
): Promise<{ verdicts: Record<string, string>; leftOut: readonly string[] }> {
  const aftermath = await readAftermath(target, runName, folder, waits);
  const endMs = Date.now();
  const input: CheckInput = {
    history: history.toSorted((left, right) => left.n - right.n),
    ...{ steadyEndMs: 0, endMs, faults: [], sightings: [], aftermath },
    ...{ stall: { barMs: 30_000, goalMs: 200 }, redundantMs: endMs },
  };
  const verdicts = [availability, durability, consistency, splitBrain, audit].map((check) => {
    const { verdict, findings } = check.judge(input);
    return [check.name, [verdict, ...findings].join("; ")] as const;
  });
  return { verdicts: Object.fromEntries(verdicts), leftOut: aftermath.leftOut };
}

const allValid = { availability: "valid", durability: "valid", consistency: "valid", "split-brain": "valid", audit: "valid" };

describe.runIf(findK6())("the record service under load", () => {
  const start = (runName: string) =>
    startLoad({ target, workload: "steady", folder, seconds: 300, runName, signal: new AbortController().signal });

  it("keeps every promise while nothing is broken", async () => {
    const load = await start("Quiet-1-2026-11-23T154500Z");
    await delay(6_000);
    await load.stop();
    expect(load.operations.filter(({ outcome, status }) => outcome !== "ok" && status !== 404 && status !== 412)).toEqual([]);
    expect(await judge(load.operations, load.runName)).toEqual({ verdicts: allValid, leftOut: [] });
  });

  it("keeps every promise while its primary dies and another one takes over", async () => {
    const load = await start("primary-dies");
    await delay(3_000);
    const [first, second, third] = [postgres.at(0), postgres.at(1), postgres.at(2)];
    await postgres.crash(first);
    await delay(3_500);
    await postgres.promote(second, [third]);
    await delay(4_000);
    await load.stop();
    const stalled = Math.max(...load.operations.map(({ dueMs, endMs }) => endMs - dueMs));
    expect(stalled).toBeGreaterThan(3_000);
    expect(load.operations.filter(({ servedBy }) => servedBy === "standby").length).toBeGreaterThan(5);
    const { verdicts, leftOut } = await judge(load.operations, load.runName);
    expect(verdicts).toEqual(allValid);
    expect(leftOut).toHaveLength(1);
  });

  it("is caught when a write is lost behind its back, or its audit event", async () => {
    const load = await start("robbed");
    await delay(3_000);
    await load.stop();
    const gone = load.operations.find(({ kind, outcome, n }) => kind === "create" && outcome === "ok" && n >= 0);
    const id = gone?.resource?.split("/")[1];
    await postgres.query(postgres.at(0), "DELETE FROM record.resource_version WHERE id = $1 AND version = 1", [id]);
    await postgres.query(postgres.at(0), "ALTER TABLE record.audit_event DISABLE TRIGGER USER");
    await postgres.query(
      postgres.at(0),
      "DELETE FROM record.audit_event WHERE id = (SELECT id FROM record.audit_event WHERE interaction = 'read' LIMIT 1)",
    );
    const { verdicts } = await judge(load.operations, load.runName);
    expect(verdicts.durability).toMatch(/^invalid; .*was acknowledged/);
    expect(verdicts.audit).toMatch(/^invalid; .*no audit event/);
  });
});
