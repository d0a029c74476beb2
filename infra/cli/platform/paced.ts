import type { KubernetesApi } from "./kubernetes-api.ts";

/**
 * A command in a pod is a container's start on its node, some 0.1 s of processor time, and an instance manager opens a dozen sessions with its
 * server for an answer; a question is a tenth of that.
 */
const getGapMs = 40;
const execGapMs = 600;
const proxyGapMs = 400;

/**
 * The same API, asked little by little: questions begin one after another, none waits for the answer to the one before. For who looks at a platform
 * while it is judged: all at once, a reading of it takes two processors for half a second, and every request with them.
 */
export function paced(api: KubernetesApi): KubernetesApi {
  let freeMs = 0;
  const turn = async (gapMs: number): Promise<void> => {
    const nowMs = performance.now();
    const atMs = Math.max(nowMs, freeMs);
    freeMs = atMs + gapMs;
    if (atMs > nowMs) await new Promise((resolve) => setTimeout(resolve, atMs - nowMs));
  };
  return {
    server: api.server,
    get: async (path) => {
      await turn(path.includes("/proxy/") ? proxyGapMs : getGapMs);
      return api.get(path);
    },
    exec: async (...command) => {
      await turn(execGapMs);
      return api.exec(...command);
    },
  };
}
