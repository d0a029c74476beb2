/** The script of charts/backup against real servers: what it keeps starts, and what does not start is not kept. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPostgres } from "../services/lib/testing/find-binaries.ts";
import { TestPostgres } from "../services/lib/testing/postgres.ts";

const run = promisify(execFile);
const script = join(import.meta.dirname, "../charts/backup/files/backup.sh");
/** PostgreSQL refuses to run as root. */
const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

let postgres: TestPostgres;
let root: string;

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 1 });
  const primary = postgres.at(0);
  for (const statement of [
    // Other tests do without; no standby can be copied then.
    "ALTER SYSTEM SET full_page_writes = on",
    "SELECT pg_reload_conf()",
    "CREATE ROLE backup LOGIN REPLICATION",
    "CREATE ROLE portal LOGIN",
    "CREATE SCHEMA backup AUTHORIZATION backup",
    "CREATE TABLE record.kept AS SELECT n, md5(n::text) AS text FROM generate_series(1, 20000) n",
    "CREATE INDEX kept_text ON record.kept (text)",
  ])
    await postgres.query(primary, statement);
  for (const instance of [primary, primary, postgres.at(1), postgres.at(1)]) await postgres.query(instance, "CHECKPOINT");
  root = mkdtempSync(join(tmpdir(), "dsp-backup-"));
  for (const folder of ["", "backups", "scratch"]) {
    mkdirSync(join(root, folder), { recursive: true });
    if (identity.uid !== undefined) chownSync(join(root, folder), identity.uid, identity.gid);
  }
  writeFileSync(join(root, "password"), "not asked for here\n");
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
  if (root) rmSync(root, { recursive: true, force: true });
});

async function backUp(from: number, keep = 2): Promise<{ code: number; output: string }> {
  const primary = postgres.at(0);
  const env = {
    ...{ PATH: `${findPostgres()}:${process.env.PATH}`, SITE: "site-a", DATABASE: "postgres", READER: "portal", KEEP: String(keep) },
    ...{ BACKUPS: join(root, "backups"), SCRATCH: join(root, "scratch"), PASSWORD_FILE: join(root, "password"), PGSSLMODE: "disable" },
    ...{ SOURCES: "127.0.0.1", PGPORT: String(postgres.at(from).port), PRIMARY: `127.0.0.1 port=${primary.port}` },
  };
  try {
    const { stdout, stderr } = await run("bash", [script], { env, ...identity });
    return { code: 0, output: stdout + stderr };
  } catch (failure) {
    const { code, stdout, stderr } = failure as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const kept = () => readdirSync(join(root, "backups")).filter((name) => !name.startsWith("."));
const told = () => postgres.query<{ name: string }>(postgres.at(0), "SELECT name FROM backup.run ORDER BY name");

describe("a backup", () => {
  it("is taken from a standby, has started, and is told where the portal may read it", async () => {
    const { code, output } = await backUp(1);
    expect(output).toMatch(/done$/m);
    expect(code).toBe(0);
    expect(kept()).toHaveLength(1);
    expect((await told()).map(({ name }) => name)).toEqual(kept());
    const asPortal = await run(join(findPostgres() ?? "", "psql"), [
      ...["--host=127.0.0.1", `--port=${postgres.at(0).port}`, "--username=portal", "--dbname=postgres", "--tuples-only", "--no-align"],
      "--command=SELECT site, bytes > 1000000, tables > 0, ended_at >= started_at FROM backup.run",
    ]);
    expect(asPortal.stdout.trim()).toBe("site-a|t|t|t");
    expect(readdirSync(join(root, "scratch"))).toEqual([]);
  }, 60_000);

  it("makes room: the oldest go, in the folder and in what is told", async () => {
    const [first] = kept();
    await backUp(0);
    const { output } = await backUp(0);
    expect(output).toContain(`removing ${first}`);
    expect(kept()).toHaveLength(2);
    expect(kept()).not.toContain(first);
    expect((await told()).map(({ name }) => name)).toEqual(kept().toSorted());
  }, 120_000);

  it("is not taken while another one is", async () => {
    const before = kept();
    // Not flock's own -c, which takes the user's shell, whatever that is.
    const lock = spawn("flock", [join(root, "backups/.lock"), "sh", "-c", "echo held; read -r _"], { stdio: ["pipe", "pipe", "inherit"] });
    await once(lock.stdout, "data");
    const { code, output } = await backUp(1);
    lock.stdin.end("\n");
    expect([code, output]).toEqual([1, expect.stringContaining("another backup is under way in site-a")]);
    expect(kept()).toEqual(before);
  });

  it("is not kept when an index contradicts its table", async () => {
    const before = [kept(), await told()];
    const primary = postgres.at(0);
    await postgres.query(primary, "CHECKPOINT");
    const [{ path } = { path: "" }] = await postgres.query<{ path: string }>(
      primary,
      "SELECT pg_relation_filepath('record.kept_text') AS path",
    );
    const file = await open(join(primary.folder, path), "r+");
    // The second page is a leaf; its entries turned to nothing.
    await file.write(Buffer.alloc(4000), 0, 4000, 8192 + 2000);
    await file.close();
    const { code, output } = await backUp(0);
    expect(code).not.toBe(0);
    expect(output).toMatch(/kept_text/);
    expect(output).not.toMatch(/kept as/);
    expect([kept().filter((name) => !name.endsWith(".partial")), await told()]).toEqual(before);
  }, 60_000);

  it("clears away what was left half done, when the next one begins", async () => {
    expect(kept().some((name) => name.endsWith(".partial"))).toBe(true);
    await postgres.query(postgres.at(0), "DROP INDEX record.kept_text");
    expect((await backUp(0)).code).toBe(0);
    expect(kept().some((name) => name.endsWith(".partial"))).toBe(false);
  }, 60_000);
});
