/** What is measured: PostgreSQL, Redis and the record service with synthetic patients, all of it the benchmark's own and gone when it ends. */
import { existsSync, rmSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Capability } from "./capability.ts";
import { type CpuSeconds, readCpu } from "./cpu.ts";
import { columnsQuery, growStatements, indexesQuery, keepStatements, readColumns, readIndexes } from "./multiply.ts";
import { BenchPostgres, type PostgresMemory } from "./postgres.ts";
import { type RecordService, startRecordService } from "./record-service.ts";
import { type BenchRedis, startRedis } from "./redis.ts";
import { blockPatients, seedBundles } from "./synthetic-record.ts";

/** On a disk: /tmp is often memory, where a commit costs nothing. */
const temporaryFiles = "/var/tmp";
const writersAtOnce = 4;

/** `local`: one PostgreSQL, a commit is on its disk. `synchronous`: two standbys, and it is on the disk of one of them as well. */
export type Commit = "local" | "synchronous";

/** Where the programs are. */
export interface Programs {
  node: string;
  k6: string;
  /** The folder of PostgreSQL's programs. */
  postgresBin: string;
  redisServer: string;
}

export interface TestbedOptions {
  programs: Programs;
  commit: Commit;
  /** At the beginning; see `roundedPatients`. */
  patients: number;
  memory: PostgresMemory;
  signal: AbortSignal;
  onProgress: (text: string) => void;
}

export interface Testbed {
  readonly url: string;
  readonly token: string;
  readonly capability: Capability;
  readonly postgresVersion: string;
  readonly signal: AbortSignal;
  patients(): number;
  /** More patients, before any standby is there; from a whole block on. */
  grow(patients: number): Promise<void>;
  cpu(): CpuSeconds;
  auditRecords(): Promise<number>;
  close(): Promise<void>;
}

/** Beyond the first block, whole blocks. */
export function roundedPatients(patients: number): number {
  return patients <= blockPatients ? patients : Math.ceil(patients / blockPatients) * blockPatients;
}

/** Writes the first block through the API. @throws Error when the service does not take it */
async function seed({ url, tokens }: RecordService, patients: number, signal: AbortSignal): Promise<void> {
  const waiting = seedBundles(patients);
  const headers = { Authorization: `Bearer ${tokens.software}`, "Content-Type": "application/fhir+json" };
  const write = async () => {
    for (let bundle = waiting.pop(); bundle !== undefined; bundle = waiting.pop()) {
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(bundle), signal });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`the patients cannot be written: HTTP ${answer.status} ${text.slice(0, 500)}`);
    }
  };
  await Promise.all(Array.from({ length: writersAtOnce }, write));
}

class RecordTestbed implements Testbed {
  readonly signal: AbortSignal;
  readonly #options: TestbedOptions;
  readonly #root: string;
  #postgres: BenchPostgres | undefined;
  #redis: BenchRedis | undefined;
  #service: RecordService | undefined;
  #patients = 0;

  constructor(options: TestbedOptions, root: string) {
    this.#options = options;
    this.signal = options.signal;
    this.#root = root;
    process.once("exit", this.#onExit);
  }

  /** A second Ctrl-C ends this process without waiting for anybody; the processes end with it. */
  readonly #onExit = () => rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 });

  get #parts(): { postgres: BenchPostgres; service: RecordService } {
    const [postgres, service] = [this.#postgres, this.#service];
    if (postgres === undefined || service === undefined) throw new Error("the testbed has not been opened");
    return { postgres, service };
  }

  async open(): Promise<void> {
    const { programs, commit, memory, signal, onProgress } = this.#options;
    onProgress("PostgreSQL and Redis");
    this.#postgres = await BenchPostgres.start({ bin: programs.postgresBin, root: join(this.#root, "postgres"), memory, signal });
    this.#redis = await startRedis({ server: programs.redisServer, root: this.#root, signal });
    onProgress("the record service");
    const { sentinelPort } = this.#redis;
    this.#service = await startRecordService({ node: programs.node, root: this.#root, postgres: this.#postgres, sentinelPort, signal });
    await this.#writeFirstBlock();
    await this.grow(this.#options.patients);
    if (commit === "synchronous") {
      onProgress("standbys");
      await this.#postgres.addStandbys();
    }
  }

  async #writeFirstBlock(): Promise<void> {
    const { postgres, service } = this.#parts;
    const first = Math.min(this.#options.patients, blockPatients);
    this.#options.onProgress(`${first} patients through the API`);
    await seed(service, first, this.signal);
    await postgres.sql(keepStatements(readColumns(await postgres.sql(columnsQuery))));
    this.#patients = first;
  }

  async grow(patients: number): Promise<void> {
    const { postgres } = this.#parts;
    const [from, to] = [this.#patients, roundedPatients(patients)].map((count) => Math.ceil(count / blockPatients)) as [number, number];
    if (to > from) {
      if (this.#patients % blockPatients !== 0) throw new Error(`only whole blocks of ${blockPatients} patients can be copied`);
      this.#options.onProgress(`copies of them, up to ${(to * blockPatients).toLocaleString("en")} patients`);
      const columns = readColumns(await postgres.sql(columnsQuery));
      const indexes = readIndexes(await postgres.sql(indexesQuery));
      await postgres.sql(growStatements(columns, indexes, { from, to: to - 1 }));
      this.#patients = to * blockPatients;
    } else {
      await postgres.sql("VACUUM (ANALYZE);\nCHECKPOINT;");
    }
  }

  get url(): string {
    return this.#parts.service.url;
  }

  get token(): string {
    return this.#parts.service.tokens.physician;
  }

  get capability(): Capability {
    return this.#parts.service.capability;
  }

  get postgresVersion(): string {
    return this.#parts.postgres.version;
  }

  patients(): number {
    return this.#patients;
  }

  cpu(): CpuSeconds {
    const { postgres, service } = this.#parts;
    return readCpu({ service: service.pid, primary: postgres.primaryPid, standbys: postgres.standbyPids });
  }

  async auditRecords(): Promise<number> {
    return Number(await this.#parts.postgres.sql("SELECT count(*) FROM record.audit_event;"));
  }

  async close(): Promise<void> {
    await this.#service?.stop();
    await Promise.all([this.#postgres?.stop(), this.#redis?.stop()]);
    await rm(this.#root, { recursive: true, force: true, maxRetries: 5 });
    process.off("exit", this.#onExit);
  }
}

/** A benchmark that was killed could not remove its files, which may be gigabytes; its processes have ended with it. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(temporaryFiles)) {
    const owner = /^dsp-bench-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) await rm(join(temporaryFiles, name), { recursive: true, force: true });
  }
}

/** Everything started and the patients written. @throws Error; nothing is left behind then */
export async function openTestbed(options: TestbedOptions): Promise<Testbed> {
  await removeAbandoned();
  const root = await mkdtemp(join(temporaryFiles, `dsp-bench-${process.pid}-`));
  // PostgreSQL's own user must get through to its folder.
  await chmod(root, 0o711);
  const testbed = new RecordTestbed(options, root);
  try {
    await testbed.open();
  } catch (failure) {
    await testbed.close();
    throw failure;
  }
  return testbed;
}
