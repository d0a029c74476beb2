import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Target } from "../target.ts";
import { bareTarget } from "../testing/bare-target.ts";
import { eventsOf, parseLsn, readAftermath } from "./aftermath.ts";
import { connectFhir } from "./fhir-client.ts";
import { prepareRun } from "./prepare-run.ts";
import { writeRunFacts } from "./run-facts.ts";
import { FhirServer } from "./testing/fhir-server.ts";

const waits = { pollMs: 10, auditSettleMs: 20, auditLimitMs: 200, primaryLimitMs: 100, replayLimitMs: 100 };

let server: FhirServer;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "dsp-aftermath-"));
  server = new FhirServer();
  await server.start();
  writeFileSync(join(folder, "ca.pem"), server.certificate);
});

afterEach(async () => {
  await server.die();
  rmSync(folder, { recursive: true, force: true });
});

/** A cluster of instances that each answer as told; kubectl is asked as it would be. */
function makeTarget(instances: Record<string, { standby: boolean; lsn: string } | Error>, asked: string[] = []): Target {
  const answer = (instance: string, input: string): string => {
    const state = instances[instance];
    if (state === undefined || state instanceof Error) throw state ?? new Error("no such pod");
    return input
      .split(/;\n\\echo (--)\n/)
      .map((part, index) => (index % 2 === 1 ? part : one(state, part)))
      .filter((rows) => rows !== "")
      .join("\n");
  };
  const one = (state: object, sql: string): string => {
    if (sql.includes("pg_is_in_recovery")) return JSON.stringify({ ...state, timeline: 3 });
    if (sql.startsWith("do ")) return "";
    if (sql.includes("audit_event"))
      return [
        { request: "r1", interaction: "create", outcome: "0", id: "x", version: 1 },
        { request: "r2", interaction: "search-type", outcome: "0", id: null, version: null },
      ]
        .map((row) => JSON.stringify(row))
        .join("\n");
    return server.stored.map((write) => JSON.stringify(write)).join("\n");
  };
  return bareTarget({
    publicUrl: server.url,
    reports: folder,
    caFile: join(folder, "ca.pem"),
    makeToken: async () => "secret",
    run: (_command, args, options) => {
      asked.push(args.join(" "));
      if (args.includes("get"))
        return Promise.resolve(
          `${Object.keys(instances)
            .map((name) => `pod/${name}`)
            .join("\n")}\n`,
        );
      return Promise.resolve().then(() => `${answer(args[4] ?? "", options?.input ?? "")}\n`);
    },
  });
}

async function prepare(target: Target): Promise<void> {
  const client = connectFhir(target, "secret");
  const { patient, hot } = await prepareRun(client, "run").finally(() => client.close());
  writeRunFacts(folder, { runName: "run", startedMs: Date.now(), patient, hot });
}

describe("the aftermath", () => {
  it("is what every instance, the audit trail and the API hold", async () => {
    const asked: string[] = [];
    const target = makeTarget({ "pg-1": { standby: true, lsn: "0/5000" }, "pg-2": { standby: false, lsn: "0/5000" } }, asked);
    await prepare(target);
    const aftermath = await readAftermath(target, "run", folder, waits);
    expect(aftermath.stores).toEqual({ "pg-1": server.stored, "pg-2": server.stored, api: server.stored });
    expect(server.stored).toHaveLength(4);
    expect(aftermath.auditEvents).toEqual([
      { interaction: "create", ok: true, resource: "Observation/x", version: 1 },
      { interaction: "search", ok: true },
    ]);
    expect(aftermath.leftOut).toEqual([]);
    expect(asked.filter((args) => args.includes("exec")).every((args) => args.includes("--container postgres -- psql"))).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, "aftermath.json"), "utf8")).stores).toEqual(aftermath.stores);
  });

  it("leaves out who cannot be read or is behind, and says so, but not one that calls itself primary too", async () => {
    const target = makeTarget({
      "pg-1": { standby: true, lsn: "0/4000" },
      "pg-2": { standby: false, lsn: "0/5000" },
      "pg-3": new Error("no such container"),
      "pg-4": { standby: false, lsn: "0/3000" },
    });
    await prepare(target);
    const aftermath = await readAftermath(target, "run", folder, waits);
    expect(Object.keys(aftermath.stores)).toEqual(["pg-2", "pg-4", "api"]);
    expect(aftermath.leftOut).toEqual(["pg-1 has not caught up with pg-2", "pg-3 could not be read: no such container"]);
  });

  it("cannot be read without a primary", async () => {
    const target = makeTarget({ "pg-1": { standby: true, lsn: "0/4000" } });
    await prepare(target);
    await expect(readAftermath(target, "run", folder, waits)).rejects.toThrow("no PostgreSQL primary");
  });

  it("is not read for another run", async () => {
    const target = makeTarget({ "pg-1": { standby: false, lsn: "0/5000" } });
    await prepare(target);
    await expect(readAftermath(target, "other", folder, waits)).rejects.toThrow("holds the run run, not other");
  });
});

describe("positions in the log", () => {
  it("are compared as numbers", () => {
    expect(parseLsn("1/0") > parseLsn("0/FFFFFFFF")).toBe(true);
    expect(parseLsn("16/B374D848")).toBe(0x16b374d848n);
    expect(() => parseLsn("latest")).toThrow();
  });
});

describe("audit events", () => {
  const row = { request: "r1", interaction: "read", outcome: "0", id: "x", version: 2 };

  it("are one for a read that the edge had to send twice, and two for a write that was done twice", () => {
    expect(eventsOf([row, row, { ...row, request: "r2" }])).toHaveLength(2);
    const write = { ...row, interaction: "update" };
    expect(eventsOf([write, write])).toHaveLength(2);
  });

  it("say what was refused", () => {
    expect(eventsOf([{ ...row, outcome: "4", version: null }])).toEqual([{ interaction: "read", ok: false, resource: "Observation/x" }]);
  });
});
