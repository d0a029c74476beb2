import { spawn } from "node:child_process";
import { planSecrets, type Rotatable, type SecretNeeds } from "./secrets/generate.ts";
import type { Secrets } from "./secrets/shape.ts";

/** Where the secrets of a stack are kept: in its own settings, encrypted by its secrets manager, through the Pulumi command line. */
export interface SecretStore {
  /** The Pulumi command line. */
  pulumi: string;
  /** The folder of Pulumi.yaml. */
  cwd: string;
  stack: string;
  /** The stack's settings file, where it is not the usual one. */
  configFile?: string;
  env: Record<string, string | undefined>;
  signal?: AbortSignal;
}

const key = "dsp:secrets";

/**
 * Makes sure that a stack has every secret it needs; makes what is missing or near its end and leaves the rest.
 * @returns what was made, by name; empty when nothing had to be.
 */
export async function ensureSecrets(store: SecretStore, needs: SecretNeeds): Promise<string[]> {
  return await apply(store, needs, []);
}

/**
 * Makes secrets anew. The change reaches the platform with the next `pulumi up`; the token key before stays in the key set, so that
 * tokens already given out remain good.
 * @returns what was made, by name.
 */
export async function rotate(store: SecretStore, needs: SecretNeeds, which: readonly Rotatable[]): Promise<string[]> {
  return await apply(store, needs, which);
}

/** The secrets of a stack; never print what this returns. */
export async function readSecrets(store: SecretStore): Promise<Partial<Secrets>> {
  const listing = JSON.parse(await runPulumi(store, ["config", "--json"])) as Record<string, unknown>;
  if (!(key in listing)) return {};
  return JSON.parse(await runPulumi(store, ["config", "get", key])) as Partial<Secrets>;
}

async function apply(store: SecretStore, needs: SecretNeeds, which: readonly Rotatable[]): Promise<string[]> {
  const plan = await planSecrets(await readSecrets(store), needs, which);
  // Through standard input: an argument would be seen by every process of the machine.
  if (plan.changed.length > 0) await runPulumi(store, ["config", "set", "--secret", key], JSON.stringify(plan.secrets));
  return plan.changed;
}

async function runPulumi(store: SecretStore, args: readonly string[], input = ""): Promise<string> {
  const configFile = store.configFile ? ["--config-file", store.configFile] : [];
  const child = spawn(store.pulumi, [...args, "--stack", store.stack, ...configFile, "--non-interactive"], {
    cwd: store.cwd,
    env: store.env,
    stdio: ["pipe", "pipe", "pipe"],
    signal: store.signal,
  });
  let output = "";
  let problem = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    problem += text;
  });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`pulumi ${args.slice(0, 2).join(" ")} failed (${code}): ${problem.trim()}`);
  return output;
}
