import type { Target } from "../target.ts";

const requestTimeoutS = 10;
const toolTimeoutMs = 20_000;
const execTimeoutMs = 6_000;

export interface KubectlOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** @throws Error when kubectl fails, or nobody answers in time */
export function kubectl(target: Target, args: readonly string[], options: KubectlOptions = {}): Promise<string> {
  return target.run("kubectl", [`--request-timeout=${requestTimeoutS}s`, ...args], { timeoutMs: toolTimeoutMs, ...options });
}

/** Runs a command in a container of a pod. @throws Error when it fails, or does not answer within 6 s */
export function inPod(
  target: Target,
  pod: { namespace: string; name: string },
  container: string,
  command: readonly string[],
): Promise<string> {
  const args = ["exec", "--namespace", pod.namespace, pod.name, "--container", container, "--", ...command];
  return target.run("kubectl", args, { timeoutMs: execTimeoutMs });
}
