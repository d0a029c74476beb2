import { join } from "node:path";
import { freePort } from "../../lib/testing/free-port.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import { type ScriptProcess, startScript, untilReady } from "../../lib/testing/script-process.ts";
import type { TestIdentity } from "./test-identity.ts";

/** The record service as it is, in a process of its own, over the test's PostgreSQL. */
export class RecordProcess {
  readonly #process: ScriptProcess;
  readonly #identity: TestIdentity;

  private constructor(process: ScriptProcess, identity: TestIdentity) {
    this.#process = process;
    this.#identity = identity;
  }

  static async start(postgres: TestPostgres, identity: TestIdentity): Promise<RecordProcess> {
    const record = await startScript(join(import.meta.dirname, "../../record/server.ts"), await freePort(), {
      ...{ PUBLIC_URL: "https://dsp.test/fhir", POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres" },
      ...{ SITE: "site-a", POD_NAME: "record-7c9d-q4n8m", NODE_NAME: "node-a1", LOG_LEVEL: "warn" },
      ...{ TOKEN_ISSUER: identity.issuer, TOKEN_AUDIENCE: identity.audience, TOKEN_JWKS_FILE: identity.jwksFile },
    });
    await untilReady(record);
    return new RecordProcess(record, identity);
  }

  get port(): number {
    return this.#process.port;
  }

  get operationsPort(): number {
    return this.#process.operationsPort;
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
    this.#process.child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process.child.kill("SIGCONT");
  }

  stop(): void {
    this.#process.child.kill("SIGKILL");
  }
}
