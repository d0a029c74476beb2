import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { KubernetesApi } from "./kubernetes-api.ts";
import { paced } from "./paced.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const pod = { namespace: "dsp", pod: "redis-0", container: "redis" };

/** One whose answers never come, except where told. */
function silent(begun: string[]): KubernetesApi {
  return {
    server: "https://api.test",
    get: (path) => {
      begun.push(path);
      return path === "/broken" ? Promise.reject(new Error("broken")) : new Promise(() => {});
    },
    exec: (target) => {
      begun.push(target.pod);
      return new Promise(() => {});
    },
  };
}

test("questions begin one after another, and one without an answer keeps none back", async () => {
  const begun: string[] = [];
  const api = paced(silent(begun));
  void api.get("/a");
  void api.exec(pod, ["true"]);
  void api.get("/api/v1/pods/https:pg-1:8000/proxy/pg/status");
  void api.get("/b");
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["/a"]);
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toEqual(["/a", "redis-0"]);
  await vi.advanceTimersByTimeAsync(600);
  expect(begun).toEqual(["/a", "redis-0", "/api/v1/pods/https:pg-1:8000/proxy/pg/status"]);
  await vi.advanceTimersByTimeAsync(400);
  expect(begun.at(-1)).toBe("/b");
});

test("a question that fails says so", async () => {
  const api = paced(silent([]));
  await expect(api.get("/broken")).rejects.toThrow("broken");
});
