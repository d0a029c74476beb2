import type { AddressInfo } from "node:net";
import { afterAll, expect, it, vi } from "vitest";
import { createMetrics } from "./metrics.ts";
import { draining, type Readiness, serveOperations } from "./operations-server.ts";

let state: Readiness = { ready: true };
const server = await serveOperations({ metrics: createMetrics({ service: "test" }), readiness: () => state, port: 0 });
const ask = async (path: string) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

it("says alive whatever the readiness, and readiness as HAProxy and Kubernetes want it", async () => {
  const statuses = async () => [(await ask("/health/live")).status, (await ask("/health/ready")).status];
  expect(await statuses()).toEqual([200, 200]);
  state = { ready: false, reason: "starting" };
  expect(await statuses()).toEqual([200, 503]);
  state = { ready: false, reason: draining };
  expect(await statuses()).toEqual([200, 404]);
});

it("says started once it was ready, or was patient for long enough", async () => {
  const started = async () => (await ask("/health/started")).status;
  state = { ready: false, reason: "starting" };
  const other = await serveOperations({ metrics: createMetrics({ service: "test" }), readiness: () => state, port: 0 });
  const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}/health/started`;
  expect([await started(), (await fetch(otherUrl)).status]).toEqual([503, 503]);
  state = { ready: true };
  expect(await started()).toBe(200);
  state = { ready: false, reason: "no primary" };
  expect([await started(), (await fetch(otherUrl)).status]).toEqual([200, 503]);
  const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
  expect((await fetch(otherUrl)).status).toBe(200);
  clock.mockRestore();
  other.close();
  other.closeAllConnections();
});

it("beats for as long as somebody listens", async () => {
  const { body, status } = await ask("/health/beat");
  expect(status).toBe(200);
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const beats: string[] = [];
  while (beats.length < 3) beats.push(new TextDecoder().decode((await reader.read()).value));
  expect(beats.join("")).toMatch(/^\n{3,}$/);
  await reader.cancel();
});

it("gives the metrics, how late the event loop is among them, and nothing else", async () => {
  expect(await (await ask("/metrics")).text()).toContain("nodejs_eventloop_lag");
  expect((await ask("/")).status).toBe(404);
});
