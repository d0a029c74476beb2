/** What of a transaction is committed, and what its failure says, where statements are sent without waiting for the one before. */
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backgroundContext } from "../context.ts";
import { createMetrics } from "../metrics.ts";
import { TestPostgres } from "../testing/postgres.ts";
import { Database, type Transaction } from "./database.ts";
import { parseHosts } from "./resolve-hosts.ts";

const log = pino({ level: "silent" });
let postgres: TestPostgres;
let database: Database;

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 1 });
  await postgres.query(postgres.at(0), "CREATE TABLE record.noted (text text PRIMARY KEY, place serial)");
  for (const grant of ["TABLE record.noted", "SEQUENCE record.noted_place_seq"])
    await postgres.query(postgres.at(0), `GRANT ALL ON ${grant} TO record`);
  const access = { database: "postgres", user: "record", schema: "record", applicationName: "conversation test" };
  // One connection: what one transaction leaves behind, the next one meets.
  database = new Database({ hosts: parseHosts(postgres.hosts), access, log, metrics: createMetrics({ service: "test" }), poolMax: 1 });
  database.start();
}, 60_000);

afterAll(async () => {
  database?.stop();
  await postgres?.stop();
});

const context = () => backgroundContext(log, "conversation-test", 20_000);
const note = { name: "note", text: "INSERT INTO noted (text) VALUES ($1)" };
const all = { name: "all-noted", text: "SELECT text FROM noted WHERE text LIKE $1 ORDER BY place" };

async function noted(like: string): Promise<string[]> {
  const rows = await postgres.query<{ text: string }>(postgres.at(0), "SELECT text FROM record.noted WHERE text LIKE $1 ORDER BY place", [
    `${like}%`,
  ]);
  return rows.map(({ text }) => text);
}

describe("statements that are not waited for", () => {
  it("are done in their order, seen by what comes after, and committed", async () => {
    const seen = await database.write(context(), async (transaction) => {
      for (const number of [1, 2, 3]) transaction.send(note, [`order ${number}`]);
      return (await transaction.query<{ text: string }>(all, ["order%"])).map(({ text }) => text);
    });
    expect(seen).toEqual(["order 1", "order 2", "order 3"]);
    expect(await noted("order")).toEqual(seen);
  });

  it("fail the transaction when one of them fails, whatever came before and after it", async () => {
    const work = async (transaction: Transaction): Promise<void> => {
      for (const text of ["twice", "twice", "after it"]) transaction.send(note, [`fail ${text}`]);
    };
    await expect(database.write(context(), work)).rejects.toMatchObject({ code: "23505" });
    expect(await noted("fail")).toEqual([]);
  });

  it("say why, not that the transaction is aborted", async () => {
    const work = async (transaction: Transaction): Promise<unknown> => {
      transaction.send(note, ["why"]);
      transaction.send(note, ["why"]);
      return await transaction.query(all, ["why%"]);
    };
    await expect(database.write(context(), work)).rejects.toMatchObject({ code: "23505" });
  });

  it("are undone where the work gives up after them", async () => {
    const work = async (transaction: Transaction): Promise<void> => {
      transaction.send(note, ["given up"]);
      throw new Error("no further");
    };
    await expect(database.write(context(), work)).rejects.toThrow("no further");
    expect(await noted("given up")).toEqual([]);
  });

  it("leave a connection that is good for the next", async () => {
    await database.write(context(), async (transaction) => transaction.send(note, ["next"]));
    expect(await noted("next")).toEqual(["next"]);
  });
});

describe("a reading", () => {
  it("is on record once its answer is there", async () => {
    const record = { statement: note, values: ["read"] };
    const value = await database.readRecorded(
      context(),
      () => false,
      async (asked) => ({ value: (await asked.query(all, ["next%"])).length, record }),
    );
    expect(value).toBe(1);
    expect(await noted("read")).toEqual(["read"]);
  });

  it("has no answer where it cannot be recorded", async () => {
    const record = { statement: note, values: ["read"] };
    const reading = database.readRecorded(
      context(),
      () => false,
      async () => ({ value: 1, record }),
    );
    await expect(reading).rejects.toMatchObject({ code: "23505" });
  });
});
