/** The lab as the tests meet it: its public address, its status, and the tools that break and mend it. */
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { runCommand } from "../../infra/cli/child-process.ts";
import { waitForHealth as waitUntilHealthy } from "../../infra/cli/deploy-steps.ts";
import type { PlatformStatus } from "../../infra/cli/platform/platform-status.ts";
import { readPlatform } from "../../infra/cli/platform/read-platform.ts";
import { readStackFile } from "../../infra/cli/stack-file.ts";
import { makeToken } from "../../infra/cli/token.ts";
import { toolEnvironment } from "../../infra/lab/environment.ts";
import { paths } from "../../infra/lab/paths.ts";

const primaryTimeoutMs = 60_000;
const tokenTtlSeconds = 4 * 3600;

/** Test machines are shared and slow at times: a stall may be so many times its bar here. What is lost or doubled has no room. */
export const room = 3;

export const stack = readStackFile("lab");
export const fhirUrl = stack.publicUrl;
export const authority = readFileSync(stack.caFile, "utf8");

/** Lets this process' own fetch trust the platform, as a client would that was given its certificate. */
export function trustPlatform(): void {
  setDefaultCACertificates([...getCACertificates("default"), authority]);
}

/** A line that is seen at once, whatever the test reporter does: a hang shows where it is. */
export function say(text: string): void {
  process.stderr.write(`   ${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

/** Runs a tool of the lab's (docker, kubectl, pulumi) and resolves with its standard output. */
export function runTool(command: string, args: readonly string[], timeoutMs = 120_000): Promise<string> {
  return runCommand(command, args, { cwd: paths.checkout, env: toolEnvironment(), timeoutMs });
}

export function systemToken(): Promise<string> {
  return makeToken({ stack: "lab", role: "system", ttlSeconds: tokenTtlSeconds });
}

export function readStatus(): Promise<PlatformStatus> {
  return readPlatform(stack);
}

/** Waits for full health; says what is missing as it changes. @throws StepError with the reasons when it is not in time */
export async function waitForHealth(timeoutMs: number): Promise<PlatformStatus> {
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000);
  let said = "";
  const progress = (reasons: string) => {
    if (reasons !== said) say(`not healthy yet (${seconds()} s): ${reasons}`);
    said = reasons;
  };
  const status = await waitUntilHealthy({ progress, signal: new AbortController().signal }, "lab", timeoutMs);
  say(`healthy after ${seconds()} s`);
  return status;
}

/** The status, once it knows a primary: on a busy machine an instance may be late to say what it is. @throws Error when none is known in time */
export async function statusWithPrimary(): Promise<PlatformStatus & { postgres: { primary: string } }> {
  const endMs = performance.now() + primaryTimeoutMs;
  for (;;) {
    const status = await readStatus();
    const { primary } = status.postgres;
    if (primary !== null) return { ...status, postgres: { ...status.postgres, primary } };
    if (performance.now() > endMs) throw new Error(`no primary is known after ${primaryTimeoutMs / 1_000} s: ${status.reasons.join("; ")}`);
  }
}

/** Asks the PostgreSQL primary itself. @returns one text a row, columns separated by | */
export async function queryPrimary(sql: string): Promise<string[]> {
  const { postgres } = await statusWithPrimary();
  const psql = ["psql", "-XAtq", "-U", "postgres", "-d", "dsp", "-c", sql];
  const output = await runTool("kubectl", ["--namespace", "dsp", "exec", postgres.primary, "--container", "postgres", "--", ...psql]);
  return output.trim() === "" ? [] : output.trim().split("\n");
}
