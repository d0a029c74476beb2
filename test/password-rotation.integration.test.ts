/** A password changes while clients have the files of before: on a real PostgreSQL and a real Redis. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect, type PostgresAccess } from "../services/lib/database/connect.ts";
import { RedisConnection } from "../services/lib/redis.ts";
import { TestPostgres } from "../services/lib/testing/postgres.ts";
import { TestRedis } from "../services/lib/testing/redis.ts";

const log = pino({ level: "silent" });

describe("a role's password in PostgreSQL", () => {
  let postgres: TestPostgres;
  let access: PostgresAccess & { passwordFile: string; otherPasswordsFile: string };

  const become = (password: string) => postgres.query(postgres.at(0), `ALTER ROLE rotated PASSWORD '${password}'`);
  async function know(password: string, ...others: string[]): Promise<void> {
    await writeFile(access.passwordFile, `${password}\n`);
    await writeFile(access.otherPasswordsFile, others.join("\n"));
  }
  async function whoAmI(): Promise<string> {
    const { port } = postgres.at(0);
    const client = await connect(access, { address: "127.0.0.1", port }, { connectTimeoutMs: 2000, statementTimeoutMs: 2000 });
    const { rows } = await client.query<{ user: string }>("SELECT current_user AS user");
    await client.end();
    return rows[0]?.user ?? "";
  }

  beforeAll(async () => {
    postgres = await TestPostgres.start({ standbys: 0 });
    const { folder } = postgres.at(0);
    const rules = join(folder, "pg_hba.conf");
    await writeFile(rules, `host all rotated 127.0.0.1/32 scram-sha-256\n${await readFile(rules, "utf8")}`);
    await postgres.query(postgres.at(0), "CREATE ROLE rotated LOGIN PASSWORD 'first'");
    await postgres.query(postgres.at(0), "SELECT pg_reload_conf()");
    access = {
      ...{ database: "postgres", user: "rotated", schema: "public", applicationName: "test" },
      passwordFile: join(folder, "password"),
      otherPasswordsFile: join(folder, "others"),
    };
  }, 60_000);
  afterAll(() => postgres.stop());

  it("is the coming one already for a client that has not heard of the change", async () => {
    await become("second");
    await know("first", "second");
    expect(await whoAmI()).toBe("rotated");
  });

  it("is the one before still for a client that has heard of the change sooner than the server", async () => {
    await become("second");
    await know("third", "fourth", "second");
    expect(await whoAmI()).toBe("rotated");
  });

  it("is refused where none of them is right, in PostgreSQL's own words", async () => {
    await become("fifth");
    await know("first", "second", "third");
    await expect(whoAmI()).rejects.toThrow(/password authentication failed/);
  });
});

describe("the password of Redis", () => {
  let redis: TestRedis;
  let connection: RedisConnection | undefined;
  let operator: Redis;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dsp-redis-password-"));
    redis = await TestRedis.start();
    operator = new Redis({ host: "127.0.0.1", port: redis.port });
  }, 60_000);
  afterEach(() => connection?.stop());
  afterAll(async () => {
    operator.disconnect();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("is read at each connect, and is the one before where the present one is refused", async () => {
    const [present, before] = [join(folder, "present"), join(folder, "before")];
    await operator.acl("SETUSER", "default", "resetpass", ">old");
    await writeFile(present, "new");
    await writeFile(before, "old");
    connection = new RedisConnection({ server: { host: "127.0.0.1", port: redis.port }, log, passwordFiles: [present, before] });
    const { client } = connection;
    await expect.poll(() => client.status, { timeout: 5000 }).toBe("ready");
    expect(await client.ping()).toBe("PONG");

    await operator.acl("SETUSER", "default", "resetpass", ">newer");
    await writeFile(present, "newer");
    await operator.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await expect.poll(() => client.ping().catch(() => "none"), { timeout: 5000 }).toBe("PONG");
  });
});
