import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../lib/testing/free-port.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestIdentity } from "./test-identity.ts";

/** The record service as it is, in a process of its own, over the test's PostgreSQL. */
export class RecordProcess {
  readonly port: number;
  readonly operationsPort: number;
  readonly #child: ChildProcess;
  readonly #identity: TestIdentity;
  #output = "";

  private constructor({ port, operationsPort }: { port: number; operationsPort: number }, child: ChildProcess, identity: TestIdentity) {
    this.port = port;
    this.operationsPort = operationsPort;
    this.#child = child;
    this.#identity = identity;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  static async start(postgres: TestPostgres, identity: TestIdentity): Promise<RecordProcess> {
    const [port, operationsPort] = [await freePort(), await freePort()];
    const child = spawn(process.execPath, [join(import.meta.dirname, "../../record/server.ts")], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        ...{ PORT: String(port), METRICS_PORT: String(operationsPort), PUBLIC_URL: "https://dsp.test/fhir" },
        ...{
          POSTGRES_HOSTS: postgres.hosts,
          POSTGRES_DATABASE: "postgres",
          SITE: "site-a",
          POD_NAME: "record-7c9d-q4n8m",
          NODE_NAME: "node-a1",
          LOG_LEVEL: "warn",
        },
        ...{ TOKEN_ISSUER: identity.issuer, TOKEN_AUDIENCE: identity.audience, TOKEN_JWKS_FILE: identity.jwksFile },
      },
    });
    const record = new RecordProcess({ port, operationsPort }, child, identity);
    for (let attempt = 0; attempt < 600; attempt++) {
      const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) return record;
      await sleep(100);
    }
    record.stop();
    throw new Error(`the record did not start: ${record.#output}`);
  }

  /** Writes a resource as the platform's own software. */
  async put(resource: { resourceType: string; id: string; [element: string]: unknown }): Promise<void> {
    const token = await this.#identity.accessToken({ sub: "seed", role: "system", scope: "system/*.cruds", client_id: "seed" });
    const response = await fetch(`http://127.0.0.1:${this.port}/fhir/${resource.resourceType}/${resource.id}`, {
      method: "PUT",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/fhir+json" },
      body: JSON.stringify(resource),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }

  /** As anybody. */
  async get(
    path: string,
    claims: Readonly<Record<string, string>> & { sub: string; role: string },
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      headers: { Authorization: `Bearer ${await this.#identity.accessToken(claims)}` },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}
