import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { freePort } from "../../lib/testing/free-port.ts";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import { startScript, untilReady } from "../../lib/testing/script-process.ts";
import { RecordProcess } from "./record-process.ts";
import { seedRecord } from "./seed-record.ts";
import { TestEdge } from "./test-edge.ts";
import { type Person, TestIdentity } from "./test-identity.ts";

/** Two portals in processes of their own behind an edge, over a record in a process of its own: each can be frozen, killed and started again. */
export class PortalProcesses {
  readonly edge: TestEdge;
  readonly record: RecordProcess;
  readonly identity: TestIdentity;
  readonly #postgres: TestPostgres;
  readonly #ports: readonly number[];
  readonly #children = new Map<number, ChildProcess>();

  private constructor(parts: { edge: TestEdge; record: RecordProcess; identity: TestIdentity; postgres: TestPostgres; ports: number[] }) {
    this.edge = parts.edge;
    this.record = parts.record;
    this.identity = parts.identity;
    this.#postgres = parts.postgres;
    this.#ports = parts.ports;
  }

  static async start(person: Person): Promise<PortalProcesses> {
    const [postgres, identity] = await Promise.all([TestPostgres.start({ standbys: 0 }), TestIdentity.start(person)]);
    await postgres.query(postgres.at(0), "CREATE ROLE portal LOGIN");
    await postgres.query(postgres.at(0), "CREATE SCHEMA portal AUTHORIZATION portal");
    const record = await RecordProcess.start(postgres, identity);
    await seedRecord(record);
    const ports = [await freePort(), await freePort()];
    const processes = new PortalProcesses({ edge: await TestEdge.start(ports), record, identity, postgres, ports });
    for (const pod of ports.keys()) await processes.run(pod);
    return processes;
  }

  /** Starts a portal, again where it was killed, and waits until it is ready. */
  async run(pod: number): Promise<void> {
    const { identity, record, edge } = this;
    const port = this.#port(pod);
    const portal = await startScript(join(import.meta.dirname, "portal-pod.ts"), port, {
      ...{ PUBLIC_URL: `${edge.origin}/portal`, LOG_LEVEL: "warn", SERVICES_DOMAIN: "test" },
      ...{ POSTGRES_HOSTS: this.#postgres.hosts, POSTGRES_DATABASE: "postgres" },
      ...{ TOKEN_ISSUER: identity.issuer, TOKEN_AUDIENCE: identity.audience, TOKEN_JWKS_FILE: identity.jwksFile },
      ...{ CLIENT_KEY_FILE: identity.clientKeyFile, DRAIN_NOTICE_MS: "100" },
      TEST_PORTS: JSON.stringify({ identity: identity.port, record: record.port }),
    });
    this.#children.set(port, portal.child);
    await untilReady(portal);
  }

  /** The place of the portal that the edge has sent the last request to. */
  get serving(): number {
    return this.#ports.indexOf(this.edge.lastPort ?? 0);
  }

  freeze(pod: number): void {
    this.#children.get(this.#port(pod))?.kill("SIGSTOP");
  }

  thaw(pod: number): void {
    this.#children.get(this.#port(pod))?.kill("SIGCONT");
  }

  kill(pod: number): void {
    this.#children.get(this.#port(pod))?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    for (const child of this.#children.values()) child.kill("SIGKILL");
    this.record.stop();
    this.edge.stop();
    await Promise.all([this.identity.stop(), this.#postgres.stop()]);
  }

  #port(pod: number): number {
    const port = this.#ports[pod];
    if (port === undefined) throw new Error(`no portal ${pod}`);
    return port;
  }
}
