import type { Target } from "../target.ts";

const requestTimeoutS = 10;
const toolTimeoutMs = 20_000;

export interface KubectlOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** @throws Error when kubectl fails, or nobody answers in time */
export function kubectl(target: Target, args: readonly string[], options: KubectlOptions = {}): Promise<string> {
  return target.run("kubectl", [`--request-timeout=${requestTimeoutS}s`, ...args], { timeoutMs: toolTimeoutMs, ...options });
}
