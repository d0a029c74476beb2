import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

/** A service's script in a process of its own, as the platform runs it. */
export interface ScriptProcess {
  readonly port: number;
  /** http://127.0.0.1:<port> */
  readonly url: string;
  readonly operationsPort: number;
  readonly child: ChildProcess;
  /** What it has written so far. */
  output(): string;
}

const pollMs = 100;

/** Starts a script, with nothing in its environment but this, PATH, PORT and METRICS_PORT. */
export async function startScript(script: string, port: number, environment: Readonly<Record<string, string>>): Promise<ScriptProcess> {
  const operationsPort = await freePort();
  const child = spawn(process.execPath, [script], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, PORT: String(port), METRICS_PORT: String(operationsPort), ...environment },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { port, url: `http://127.0.0.1:${port}`, operationsPort, child, output: () => text };
}

/** The status of its `/health/ready`; 0 while nobody answers. */
export async function readyStatus({ url }: Pick<ScriptProcess, "url">): Promise<number> {
  return await fetch(`${url}/health/ready`).then(
    ({ status }) => status,
    () => 0,
  );
}

/** Waits until it is ready. @throws with its output when it ends, or is not ready in time; it is killed then */
export async function untilReady(running: ScriptProcess, limitMs = 60_000): Promise<void> {
  for (let waitedMs = 0; waitedMs < limitMs && running.child.exitCode === null; waitedMs += pollMs) {
    if ((await readyStatus(running)) === 200) return;
    await sleep(pollMs);
  }
  running.child.kill("SIGKILL");
  throw new Error(`not ready: ${running.output()}`);
}
