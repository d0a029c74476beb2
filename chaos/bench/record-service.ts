/** The record service as the benchmark runs it: its real process, told of everything by its environment. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { freePort } from "../free-port.ts";
import { type Capability, readCapability } from "./capability.ts";
import { type OwnedProcess, startProcess, until } from "./owned-process.ts";
import { redisPrimaryName } from "./redis.ts";

const program = join(import.meta.dirname, "../../services/record/server.ts");
const startLimitMs = 60_000;
const tokenHours = 6;
const issuer = "dsp-bench";

export interface Tokens {
  /** The platform's own software: writes the patients. */
  software: string;
  /** A physician's: measured, so that whatever decides what a physician may see is part of the cost. */
  physician: string;
}

/** Makes a key and puts its public half into the file. */
async function makeTokens(keysFile: string): Promise<Tokens> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  await writeFile(keysFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", use: "sig" }] }));
  const sign = (claims: Record<string, string>) =>
    new SignJWT({ ...claims, client_id: "dsp-bench" })
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer(issuer)
      .setAudience(issuer)
      .setExpirationTime(`${tokenHours} h`)
      .sign(privateKey);
  const person = { fhirUser: "Practitioner/bench", profession: "physician", name: "Dr. Test Physician" };
  return {
    software: await sign({ sub: "bench-seed", role: "system", scope: "system/*.cruds" }),
    physician: await sign({ sub: "bench-physician", role: "practitioner", scope: "user/*.cruds", ...person }),
  };
}

export interface RecordService {
  /** Of its FHIR API, without a final slash. */
  url: string;
  pid: number;
  tokens: Tokens;
  capability: Capability;
  stop(): Promise<void>;
}

export interface RecordServiceOptions {
  node: string;
  root: string;
  postgres: { hosts: string; database: string };
  sentinelPort: number;
  signal: AbortSignal;
}

function environmentOf({ postgres, sentinelPort }: RecordServiceOptions, ports: { port: number; metricsPort: number }, keysFile: string) {
  return {
    ...{ NODE_ENV: "production", SITE: "bench", LOG_LEVEL: "info" },
    ...{ PORT: String(ports.port), METRICS_PORT: String(ports.metricsPort), PUBLIC_URL: `http://127.0.0.1:${ports.port}/fhir` },
    ...{ POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: postgres.database },
    ...{ REDIS_SENTINELS: `127.0.0.1:${sentinelPort}`, REDIS_PRIMARY_NAME: redisPrimaryName },
    ...{ TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: issuer, TOKEN_JWKS_FILE: keysFile },
    // What is measured is the service, not its bound for one caller.
    RATE_LIMIT_PER_MINUTE: "1000000",
  };
}

async function isReady(metricsPort: number, service: OwnedProcess): Promise<boolean> {
  if (!service.isRunning()) throw new Error(`the record service ended: ${service.lastWords()}`);
  return await fetch(`http://127.0.0.1:${metricsPort}/health/ready`).then(
    async (answer) => {
      await answer.text();
      return answer.status === 200;
    },
    () => false,
  );
}

/** Resolves once it is ready, its migrations done. @throws Error with the end of its log */
export async function startRecordService(options: RecordServiceOptions): Promise<RecordService> {
  const { node, root, signal } = options;
  const keysFile = join(root, "token-keys.json");
  const tokens = await makeTokens(keysFile);
  const [port, metricsPort] = [await freePort(), await freePort()];
  const service = startProcess({
    ...{ name: "the record service", command: node, args: [program], cwd: root, logFile: join(root, "record.log"), endSignal: "SIGKILL" },
    env: environmentOf(options, { port, metricsPort }, keysFile),
  });
  try {
    await until("the record service is ready", startLimitMs, signal, () => isReady(metricsPort, service));
    const url = `http://127.0.0.1:${port}/fhir`;
    const statement: unknown = await (await fetch(`${url}/metadata`, { signal })).json();
    return { url, pid: service.pid, tokens, capability: readCapability(statement), stop: service.stop };
  } catch (failure) {
    await service.stop();
    throw failure;
  }
}
