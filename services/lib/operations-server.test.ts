import type { AddressInfo } from "node:net";
import { afterAll, expect, it } from "vitest";
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

it("gives the metrics, how late the event loop is among them, and nothing else", async () => {
  expect(await (await ask("/metrics")).text()).toContain("nodejs_eventloop_lag");
  expect((await ask("/")).status).toBe(404);
});
