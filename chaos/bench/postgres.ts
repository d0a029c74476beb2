/** PostgreSQL for the benchmark: one primary and as many standbys as asked for, as durable as the platform's. */
import { appendFile, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { type OwnedProcess, postgresIdentity, runProgram, startProcess, until } from "./owned-process.ts";

const startLimitMs = 60_000;
const database = "dsp";
const role = "record";

/** Those of charts/postgres, so that a commit costs what it costs there; a test holds the two together. */
export const chartParameters: Readonly<Record<string, string>> = {
  wal_retrieve_retry_interval: "200ms",
  wal_receiver_timeout: "2000ms",
  wal_sender_timeout: "2000ms",
  wal_receiver_status_interval: "1s",
  tcp_user_timeout: "2000ms",
  tcp_keepalives_idle: "2",
  tcp_keepalives_interval: "1",
  tcp_keepalives_count: "3",
  client_connection_check_interval: "1s",
  idle_in_transaction_session_timeout: "30s",
  max_wal_size: "128MB",
  min_wal_size: "32MB",
  wal_keep_size: "128MB",
  recovery_init_sync_method: "syncfs",
  max_slot_wal_keep_size: "1GB",
  wal_compression: "lz4",
  checkpoint_timeout: "5min",
  checkpoint_completion_target: "0.9",
  password_encryption: "scram-sha-256",
  log_min_duration_statement: "1s",
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  track_activity_query_size: "1kB",
  jit: "off",
};
/** Of one file of the write-ahead log. */
export const walSegmentMb = 4;

/** What CloudNativePG sets by itself and what writes more into the write-ahead log; `synchronous_commit` and `fsync` stay on. */
const operatorParameters = { wal_level: "logical", wal_log_hints: "on", full_page_writes: "on", max_replication_slots: "32" };

export interface PostgresMemory {
  /** As PostgreSQL writes it: `1GB`. */
  sharedBuffers: string;
  maxConnections: number;
}

interface Server {
  name: string;
  port: number;
  folder: string;
  process: OwnedProcess;
}

/** PostgreSQL 17 has the chart's collation built in; the C library's C sorts the same. */
export function localeArguments(version: string): string[] {
  const major = Number(/(\d+)/.exec(version)?.[1] ?? 0);
  const builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  return ["--encoding=UTF8", "--locale=C", ...(major >= 17 ? builtin : [])];
}

export class BenchPostgres {
  readonly version: string;
  readonly #bin: string;
  readonly #root: string;
  readonly #signal: AbortSignal;
  /** Of the primary and the two standbys there may be: the service is told of all from the beginning. */
  readonly #ports: readonly number[];
  readonly #servers: Server[] = [];

  private constructor(options: { bin: string; root: string; signal: AbortSignal }, version: string, ports: readonly number[]) {
    this.version = version;
    this.#bin = options.bin;
    this.#root = options.root;
    this.#signal = options.signal;
    this.#ports = ports;
  }

  /** The primary, alone, with the service's database, role and schema. @throws Error */
  static async start(options: { bin: string; root: string; memory: PostgresMemory; signal: AbortSignal }): Promise<BenchPostgres> {
    const { bin, root, memory, signal } = options;
    // `postgres (PostgreSQL) 17.5 (Debian 17.5-1)`
    const version = (await runProgram(join(bin, "postgres"), ["--version"], { signal })).trim().replace(/^\S+ \((.*?)\)/, "$1");
    const postgres = new BenchPostgres(options, version, [await freePort(), await freePort(), await freePort()]);
    try {
      await mkdir(root, { recursive: true });
      if (postgresIdentity.uid !== undefined) await chown(root, postgresIdentity.uid, postgresIdentity.gid ?? postgresIdentity.uid);
      await postgres.#makePrimary(memory);
      await postgres.#launch("pg0");
      await postgres.sql(`CREATE ROLE ${role} LOGIN;\nCREATE DATABASE ${database};`, "postgres");
      await postgres.sql(`CREATE SCHEMA ${role} AUTHORIZATION ${role};`);
    } catch (failure) {
      await postgres.stop();
      throw failure;
    }
    return postgres;
  }

  /** As POSTGRES_HOSTS wants them. */
  get hosts(): string {
    return this.#ports.map((port) => `127.0.0.1:${port}`).join(",");
  }

  get database(): string {
    return database;
  }

  get primaryPid(): number {
    return this.#primary.process.pid;
  }

  get standbyPids(): number[] {
    return this.#servers.slice(1).map(({ process }) => process.pid);
  }

  get #primary(): Server {
    const [primary] = this.#servers;
    if (primary === undefined) throw new Error("PostgreSQL has not been started");
    return primary;
  }

  async #makePrimary({ sharedBuffers, maxConnections }: PostgresMemory): Promise<void> {
    const folder = join(this.#root, "pg0");
    const durable = ["--data-checksums", `--wal-segsize=${walSegmentMb}`];
    await this.#run("initdb", ["-D", folder, "-U", "postgres", "--auth=trust", ...durable, ...localeArguments(this.version)]);
    const reached = { listen_addresses: "127.0.0.1", unix_socket_directories: "" };
    const all = { ...operatorParameters, ...chartParameters, shared_buffers: sharedBuffers, max_connections: maxConnections, ...reached };
    const lines = Object.entries(all).map(([name, value]) => `${name} = '${value}'\n`);
    await appendFile(join(folder, "postgresql.conf"), lines.join(""));
  }

  async #launch(name: string): Promise<void> {
    const folder = join(this.#root, name);
    const port = this.#ports[this.#servers.length] ?? 0;
    const process = startProcess({
      name: `PostgreSQL ${name}`,
      command: join(this.#bin, "postgres"),
      args: ["-D", folder, "-p", String(port)],
      cwd: this.#root,
      env: { LC_ALL: "C.UTF-8" },
      logFile: join(this.#root, `${name}.log`),
      // An immediate shutdown: nothing of it is needed any more.
      endSignal: "SIGQUIT",
      identity: postgresIdentity,
    });
    this.#servers.push({ name, port, folder, process });
    await until(`PostgreSQL ${name} answers`, startLimitMs, this.#signal, async () => {
      if (!process.isRunning()) throw new Error(`PostgreSQL ${name} ended: ${process.lastWords()}`);
      return await this.#run("pg_isready", ["-h", "127.0.0.1", "-p", String(port), "-q"]).then(
        () => true,
        () => false,
      );
    });
  }

  /** Runs statements as superuser on the primary; resolves with the rows, columns separated by `|`. @throws Error */
  async sql(text: string, inDatabase = database): Promise<string> {
    const { port } = this.#primary;
    const how = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"];
    const where = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-d", inDatabase];
    return (await this.#run("psql", [...how, ...where, "-f", "-"], text)).trim();
  }

  /** Two standbys, one of which must hold each commit from then on: as the platform has it. */
  async addStandbys(): Promise<void> {
    const names = ["pg1", "pg2"];
    for (const name of names) {
      const source = `host=127.0.0.1 port=${this.#primary.port} user=postgres application_name=${name}`;
      await this.#run("pg_basebackup", ["-d", source, "-D", join(this.#root, name), "-c", "fast", "-X", "stream", "-R"]);
      await this.#launch(name);
    }
    await this.sql(`ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (${names.join(", ")})';\nSELECT pg_reload_conf();`);
    const inSync = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum' AND state = 'streaming'";
    await until("both standbys follow", startLimitMs, this.#signal, async () => (await this.sql(inSync)) === String(names.length));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.toReversed().map(({ process }) => process.stop()));
  }

  #run(tool: string, args: readonly string[], input?: string): Promise<string> {
    const given = input === undefined ? {} : { input };
    return runProgram(join(this.#bin, tool), args, { signal: this.#signal, cwd: this.#root, identity: postgresIdentity, ...given });
  }
}
