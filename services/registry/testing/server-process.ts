import { freePort } from "../../lib/testing/free-port.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import { type ScriptProcess, startScript, untilReady } from "../../lib/testing/script-process.ts";
import type { TestIssuer } from "../../lib/testing/tokens.ts";

/** Starts a server and waits until it is ready. @throws with its output when it does not become ready */
export async function startServer(
  script: string,
  { postgres, issuer, environment = {} }: { postgres: TestPostgres; issuer: TestIssuer; environment?: Record<string, string> },
): Promise<ScriptProcess> {
  const port = await freePort();
  const server = await startScript(script, port, {
    ...{ PUBLIC_URL: `http://127.0.0.1:${port}/registry`, POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres" },
    ...{ TOKEN_ISSUER: issuer.issuer, TOKEN_AUDIENCE: issuer.audience, TOKEN_JWKS_FILE: issuer.jwksFile, DRAIN_NOTICE_MS: "200" },
    ...environment,
  });
  await untilReady(server);
  return server;
}
