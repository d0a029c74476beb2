import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../lib/testing/free-port.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestIssuer } from "../../lib/testing/tokens.ts";

/** A service run as the platform runs it. */
export interface ServerProcess {
  port: number;
  child: ChildProcess;
  output(): string;
}

/** Starts a server and waits until it is ready. @throws with its output when it does not become ready */
export async function startServer(
  script: string,
  { postgres, issuer, environment = {} }: { postgres: TestPostgres; issuer: TestIssuer; environment?: Record<string, string> },
): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [script], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...{ PATH: process.env.PATH, PORT: String(port), METRICS_PORT: String(await freePort()) },
      ...{ PUBLIC_URL: `http://127.0.0.1:${port}/registry`, POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres" },
      ...{ TOKEN_ISSUER: issuer.issuer, TOKEN_AUDIENCE: issuer.audience, TOKEN_JWKS_FILE: issuer.jwksFile, DRAIN_NOTICE_MS: "200" },
      ...environment,
    },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt++) {
    const status = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return { port, child, output: () => text };
    await sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error(`not ready: ${text}`);
}
