import { createServer, type Server } from "node:http";
import { Beats } from "./beats.ts";
import type { Metrics } from "./metrics.ts";

export interface Readiness {
  ready: boolean;
  reason?: string;
}

/** The reason a service gives while it finishes its last requests. */
export const draining = "draining";

export interface OperationsServerOptions {
  metrics: Metrics;
  readiness: () => Readiness;
  port: number;
}

/** From then on a service counts as started though it was never ready: what it waits for may be away for long, and starting anew would not bring it. */
const startPatienceMs = 20_000;

/**
 * What looks after a service asks here, over plain HTTP and so without a handshake: GET /metrics, GET /health/live, GET /health/started (200 once it was
 * ready: Kubernetes then asks for its readiness at once, and not a period later), and GET /health/ready with 200, with 503 when it must not be given
 * requests, and with 404 when it must be given no more but finishes those it has (HAProxy's `disable-on-404`). GET /health/beat never ends: an empty
 * line ten times a second, which a frozen process does not write.
 * @throws when the port cannot be had
 */
export function serveOperations({ metrics, readiness, port }: OperationsServerOptions): Promise<Server> {
  const patientUntilMs = performance.now() + startPatienceMs;
  let started = false;
  const beats = new Beats();
  const server = createServer((request, response) => {
    if (request.url === "/health/ready") {
      const state = readiness();
      response.writeHead(state.ready ? 200 : state.reason === draining ? 404 : 503, { "Content-Type": "application/json" });
      response.end(JSON.stringify(state));
      return;
    }
    if (request.url === "/health/started") {
      started ||= readiness().ready || performance.now() > patientUntilMs;
      response.writeHead(started ? 200 : 503, { "Content-Type": "application/json" }).end(JSON.stringify({ started }));
      return;
    }
    if (request.url === "/health/live") {
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ live: true }));
      return;
    }
    if (request.url === "/health/beat") {
      beats.add(response);
      return;
    }
    if (request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    metrics.registry.metrics().then(
      (text) => response.writeHead(200, { "Content-Type": metrics.registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => resolve(server));
  });
}
