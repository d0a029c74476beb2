import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../lib/testing/certificate.ts";
import { freePort } from "../../lib/testing/free-port.ts";
import { type TestInstance, TestPostgres } from "../../lib/testing/postgres.ts";
import { readConfig } from "../config.ts";
import { type RunningWatcher, startWatcher } from "../start-watcher.ts";
import { FakeKubernetes } from "./fake-kubernetes.ts";

const sites = ["site-a", "site-b", "witness"];

/** A primary, two standbys, the fake API, and the environment of a watcher for each site. */
export class WatchedPostgres {
  readonly postgres: TestPostgres;
  readonly kubernetes: FakeKubernetes;
  readonly environments: Record<string, string>[];
  readonly running: RunningWatcher[] = [];
  readonly #folder: string;

  private constructor(parts: Pick<WatchedPostgres, "postgres" | "kubernetes" | "environments"> & { folder: string }) {
    this.postgres = parts.postgres;
    this.kubernetes = parts.kubernetes;
    this.environments = parts.environments;
    this.#folder = parts.folder;
  }

  /** Servers only; `startWatchers` starts the rest. */
  static async start(): Promise<WatchedPostgres> {
    const postgres = await TestPostgres.start({ standbys: 2 });
    const primary = postgres.at(0);
    for (const statement of await grants()) await postgres.query(primary, statement);
    for (const standby of [postgres.at(1), postgres.at(2)]) await ownConninfo(postgres, standby);
    const folder = await mkdtemp(join(tmpdir(), "dsp-watcher-"));
    const tls = await makeCertificate(folder);
    await writeFile(join(folder, "token"), "secret-of-the-test\n");
    const pods = postgres.instances.map(({ name, port }, index) => ({
      name,
      site: sites[index] as string,
      address: "127.0.0.1",
      port,
      labels: { "cnpg.io/instanceRole": index === 0 ? "primary" : "replica" } as Record<string, string>,
    }));
    const kubernetes = new FakeKubernetes({ pods, primary: primary.name, tls, token: "secret-of-the-test" });
    await kubernetes.start();
    const ports = await Promise.all(sites.map(() => freePort()));
    const environments = sites.map((site, index) => environmentOf({ site, folder, kubernetes, ports, port: ports[index] as number }));
    return new WatchedPostgres({ postgres, kubernetes, environments, folder });
  }

  async startWatchers(settings: Record<string, string> = {}): Promise<void> {
    for (const environment of this.environments) this.running.push(await startWatcher(readConfig({ ...environment, ...settings })));
  }

  async stop(): Promise<void> {
    for (const watcher of this.running) watcher.stop();
    this.kubernetes.stop();
    await this.postgres.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The role, and the statements of grants.sql, one by one. */
export async function grants(): Promise<string[]> {
  return ["CREATE ROLE watcher LOGIN CONNECTION LIMIT 30", await readFile(join(import.meta.dirname, "../grants.sql"), "utf8")];
}

/** As the operator does: its own conninfo is in a file of its own, not where ALTER SYSTEM writes. */
async function ownConninfo(postgres: TestPostgres, standby: TestInstance): Promise<void> {
  const conninfo = `host=127.0.0.1 port=${postgres.at(0).port} user=postgres application_name=${standby.name} connect_timeout=1`;
  await appendFile(join(standby.folder, "postgresql.conf"), `primary_conninfo = '${conninfo}'\n`);
  await postgres.query(standby, "ALTER SYSTEM RESET primary_conninfo");
  await postgres.query(standby, "SELECT pg_reload_conf()");
}

function environmentOf(parts: {
  site: string;
  folder: string;
  kubernetes: FakeKubernetes;
  ports: number[];
  port: number;
}): Record<string, string> {
  const { site, folder, kubernetes, ports, port } = parts;
  return {
    SITE: site,
    SITES: sites.join(","),
    WITNESS_SITE: "witness",
    PEER_URLS: JSON.stringify(Object.fromEntries(sites.map((each, index) => [each, `https://127.0.0.1:${ports[index]}`]))),
    NAMESPACE: "dsp",
    POSTGRES_CLUSTER: "pg",
    SYNCHRONOUS_STANDBYS: "1",
    PEER_TOKEN_FILE: join(folder, "token"),
    TLS_CERT_FILE: join(folder, "tls.crt"),
    TLS_KEY_FILE: join(folder, "tls.key"),
    PLATFORM_CA_FILE: join(folder, "tls.crt"),
    PORT: String(port),
    // Tests share the processor with others.
    CALM_ANSWER_MS: "500",
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(kubernetes.port),
    KUBERNETES_TOKEN_FILE: join(folder, "token"),
    KUBERNETES_CA_FILE: join(folder, "tls.crt"),
    LOG_LEVEL: process.env.DSP_TEST_LOG ?? "silent",
  };
}
