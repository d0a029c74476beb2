import { type ChildProcess, execFile, spawn } from "node:child_process";
import { appendFile, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { findPostgres } from "./find-binaries.ts";
import { freePort } from "./free-port.ts";

const run = promisify(execFile);
/** PostgreSQL refuses to run as root; its files then belong to `nobody`. */
const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** One PostgreSQL server of a test's own. */
export interface TestInstance {
  readonly name: string;
  readonly port: number;
  readonly folder: string;
  process: ChildProcess;
}

/**
 * PostgreSQL servers on loopback with streaming replication and quorum-synchronous commit, as the platform runs them: one
 * primary, the others standbys. For tests that break them; everything ends with `stop`.
 */
export class TestPostgres {
  readonly instances: TestInstance[] = [];
  readonly #bin: string;
  readonly #root: string;

  private constructor(bin: string, root: string) {
    this.#bin = bin;
    this.#root = root;
  }

  /** @throws when PostgreSQL is not installed */
  static async start(options: { standbys: number }): Promise<TestPostgres> {
    const bin = findPostgres();
    if (!bin) {
      throw new Error("PostgreSQL's server binaries are not installed (set DSP_TEST_PG_BIN)");
    }
    const root = await mkdtemp(join(tmpdir(), "dsp-postgres-"));
    if (identity.uid !== undefined) await chown(root, identity.uid, identity.gid);
    const cluster = new TestPostgres(bin, root);
    try {
      await cluster.#startPrimary();
      for (let number = 1; number <= options.standbys; number++) await cluster.addStandby(cluster.at(0));
      if (options.standbys > 0) await cluster.requireQuorum(cluster.at(0));
      await cluster.query(cluster.at(0), "CREATE ROLE record LOGIN");
      await cluster.query(cluster.at(0), "CREATE SCHEMA record AUTHORIZATION record");
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  at(index: number): TestInstance {
    const instance = this.instances[index];
    if (!instance) {
      throw new Error(`no instance ${index}`);
    }
    return instance;
  }

  /** As POSTGRES_HOSTS wants them. */
  get hosts(): string {
    return this.instances.map((instance) => `127.0.0.1:${instance.port}`).join(",");
  }

  async #startPrimary(): Promise<void> {
    const folder = join(this.#root, "pg0");
    await this.#run("initdb", ["-D", folder, "-U", "postgres", "--auth=trust", "--no-sync", "--locale=C.UTF-8"]);
    await appendFile(
      join(folder, "postgresql.conf"),
      [
        "listen_addresses = '127.0.0.1'",
        "unix_socket_directories = ''",
        "shared_buffers = 32MB",
        "max_connections = 60",
        "fsync = off",
        "full_page_writes = off",
        "wal_retrieve_retry_interval = 100ms",
        "wal_receiver_timeout = 2s",
        "wal_sender_timeout = 2s",
        "hot_standby_feedback = on",
        "wal_keep_size = 128MB",
        "",
      ].join("\n"),
    );
    await this.#launch(folder, "pg0");
  }

  /** Adds a standby that streams from the given instance. @param checkpoint of the copy: at once, or as PostgreSQL does it if not told, in minutes */
  async addStandby(primary: TestInstance, checkpoint: "fast" | "spread" = "fast"): Promise<TestInstance> {
    const name = `pg${this.instances.length}`;
    const folder = join(this.#root, name);
    await this.#run("pg_basebackup", [
      "-h",
      "127.0.0.1",
      "-p",
      String(primary.port),
      "-U",
      "postgres",
      "-D",
      folder,
      "-c",
      checkpoint,
      "-X",
      "stream",
      "--no-sync",
    ]);
    await this.#follow(folder, name, primary);
    return await this.#launch(folder, name);
  }

  async #follow(folder: string, name: string, primary: TestInstance): Promise<void> {
    const conninfo = `host=127.0.0.1 port=${primary.port} user=postgres application_name=${name} connect_timeout=1`;
    await appendFile(join(folder, "postgresql.auto.conf"), `primary_conninfo = '${conninfo}'\nrecovery_target_timeline = 'latest'\n`);
    await writeFile(join(folder, "standby.signal"), "");
    if (identity.uid !== undefined) await chown(join(folder, "standby.signal"), identity.uid, identity.gid);
  }

  async #launch(folder: string, name: string): Promise<TestInstance> {
    const port = this.instances.find((instance) => instance.name === name)?.port ?? (await freePort());
    const child = this.#spawn(folder, port);
    const known = this.instances.find((instance) => instance.name === name);
    const instance = known ?? { name, port, folder, process: child };
    instance.process = child;
    if (!known) this.instances.push(instance);
    await this.#answering(instance);
    return instance;
  }

  #spawn(folder: string, port: number): ChildProcess {
    return spawn(join(this.#bin, "postgres"), ["-D", folder, "-p", String(port)], { ...identity, stdio: "ignore", cwd: this.#root });
  }

  async #answering(instance: TestInstance): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      try {
        await this.query(instance, "SELECT 1");
        return;
      } catch {
        await sleep(50);
      }
    }
    throw new Error(`${instance.name} does not answer`);
  }

  /** Commits on this instance from now on wait for any one standby. */
  async requireQuorum(primary: TestInstance): Promise<void> {
    const names = this.instances.filter((instance) => instance !== primary).map((instance) => instance.name);
    await this.query(primary, `ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (${names.join(", ")})'`);
    await this.query(primary, "SELECT pg_reload_conf()");
  }

  /** Runs one statement as superuser. */
  async query<R extends object>(instance: TestInstance, text: string, values: unknown[] = []): Promise<R[]> {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: instance.port,
      user: "postgres",
      database: "postgres",
      connectionTimeoutMillis: 3000,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      return (await client.query<R>(text, values)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** The death of a server and everything it holds: kill -9. */
  async crash(instance: TestInstance): Promise<void> {
    await this.#signalAll(instance, "SIGKILL");
  }

  /** The server and its backends stop where they are; connections stay open and say nothing. */
  async freeze(instance: TestInstance): Promise<void> {
    await this.#signalAll(instance, "SIGSTOP");
  }

  async thaw(instance: TestInstance): Promise<void> {
    await this.#signalAll(instance, "SIGCONT");
  }

  /**
   * The first instance is lost: of its standbys the one whose WAL goes furthest becomes the primary, as the watchers do it. Of a primary
   * that died while it wrote, the others could not follow one that goes less far.
   */
  async failOver(): Promise<TestInstance> {
    const sql = "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0') AS bytes";
    const seen = await Promise.all(
      this.instances.slice(1).map(async (each) => ({ each, bytes: Number((await this.query<{ bytes: string }>(each, sql))[0]?.bytes) })),
    );
    const [next, ...others] = seen.toSorted((left, right) => right.bytes - left.bytes).map(({ each }) => each);
    if (next === undefined) throw new Error("there is no standby to become the primary");
    await this.promote(next, others);
    return next;
  }

  /** Makes the standby a primary, if it is not one yet; the other standbys follow it and its commits wait for one of them. */
  async promote(instance: TestInstance, followers: TestInstance[]): Promise<void> {
    await this.query(instance, "SELECT CASE WHEN pg_is_in_recovery() THEN pg_promote(true, 10) END");
    await this.query(
      instance,
      `ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (${followers.map((follower) => follower.name).join(", ")})'`,
    );
    await this.query(instance, "SELECT pg_reload_conf()");
    for (const follower of followers) {
      const conninfo = `host=127.0.0.1 port=${instance.port} user=postgres application_name=${follower.name} connect_timeout=1`;
      await this.query(follower, `ALTER SYSTEM SET primary_conninfo = '${conninfo}'`);
      await this.query(follower, "SELECT pg_reload_conf()");
    }
  }

  /** Starts a crashed instance again as it is. */
  async restart(instance: TestInstance): Promise<void> {
    await this.#launch(instance.folder, instance.name);
  }

  /** Ends all servers and removes their files. */
  async stop(): Promise<void> {
    for (const instance of this.instances) {
      await this.#signalAll(instance, "SIGKILL");
    }
    await rm(this.#root, { recursive: true, force: true });
  }

  /** PostgreSQL's backends are children of the server process that `spawn` gave us. */
  async #signalAll(instance: TestInstance, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    const { pid } = instance.process;
    if (pid === undefined || instance.process.exitCode !== null || instance.process.signalCode !== null) {
      return;
    }
    const send = (target: number): void => {
      try {
        process.kill(target, signal);
      } catch {
        // It has just ended.
      }
    };
    // asked first: the children of a dead server belong to somebody else, and a stopped one would stay for ever
    const { stdout } = await run("ps", ["-o", "pid=", "--ppid", String(pid)]).catch(() => ({ stdout: "" }));
    send(pid);
    for (const child of stdout.split(/\s+/).filter(Boolean)) send(Number(child));
    if (signal === "SIGKILL") {
      for (let waits = 0; waits < 100 && instance.process.signalCode === null && instance.process.exitCode === null; waits++)
        await sleep(20);
    }
  }

  async #run(tool: string, args: string[]): Promise<void> {
    await run(join(this.#bin, tool), args, { ...identity, cwd: this.#root, env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" } });
  }
}
