/** The lab's verdicts rest on this writer: here it meets a server that misbehaves on purpose. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { planSecrets } from "../infra/secrets/generate.ts";
import type { Secrets } from "../infra/secrets/shape.ts";
import { longestStallMs, startWriter, type Write } from "./lab/steady-writer.ts";

let secrets: Secrets;
let server: Server | undefined;

beforeAll(async () => {
  ({ secrets } = await planSecrets({}, { edgeNames: ["127.0.0.1"], namespace: "dsp", services: [], callers: [] }));
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Behaviour = (n: number, attempt: number, response: ServerResponse, request: IncomingMessage) => void;

/** Runs the writer against a server; the behaviour is told which write it is, and which attempt at it. */
async function run(
  behave: Behaviour,
  deadlineMs = 2_000,
  runMs = 400,
): Promise<{ writes: readonly Write[]; keys: Map<number, Set<string>> }> {
  const keys = new Map<number, Set<string>>();
  const attempts = new Map<number, number>();
  const listening = createServer({ key: secrets.edge.key, cert: secrets.edge.certificate }, (request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const { n } = JSON.parse(body) as { n: number };
      attempts.set(n, (attempts.get(n) ?? 0) + 1);
      keys.set(n, (keys.get(n) ?? new Set()).add(String(request.headers["idempotency-key"])));
      behave(n, attempts.get(n) ?? 1, response, request);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;
  const url = `https://127.0.0.1:${port}/fhir/Observation`;
  const writer = startWriter({ url, token: "t", authority: secrets.ca.certificate, writesPerSecond: 20, deadlineMs, body: (n) => ({ n }) });
  await delay(runMs);
  await writer.stop();
  return { writes: writer.writes, keys };
}

const acknowledge = (n: number, response: ServerResponse) => response.writeHead(201).end(JSON.stringify({ id: `id-${n}` }));

describe("the steady writer", () => {
  it("keeps its rate although every answer is late", async () => {
    const { writes } = await run((n, _attempt, response) => setTimeout(() => acknowledge(n, response), 300));
    expect(writes.length).toBeGreaterThanOrEqual(7);
    expect(writes.map(({ id }) => id)).toEqual(writes.map(({ n }) => `id-${n}`));
    expect(longestStallMs(writes, 0, Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(300);
  });

  it("repeats what broke off with the same key, and obeys Retry-After", async () => {
    const { writes, keys } = await run((n, attempt, response, request) => {
      if (attempt === 1 && n % 2 === 0) request.socket.destroy();
      else if (attempt === 1) response.writeHead(503, { "retry-after": "0" }).end();
      else acknowledge(n, response);
    });
    expect(writes.map(({ failure }) => failure)).toEqual(writes.map(() => undefined));
    expect(writes.every(({ attempts }) => attempts === 2)).toBe(true);
    expect([...keys.values()].every((used) => used.size === 1)).toBe(true);
  });

  it("calls a refusal a failure at once: a 500 without Retry-After, a 4xx", async () => {
    const { writes } = await run((n, _attempt, response) => response.writeHead(n % 2 === 0 ? 500 : 422).end("no"));
    expect(writes.every(({ failure, attempts }) => /HTTP (500|422)/.test(failure ?? "") && attempts === 1)).toBe(true);
  });

  it("gives up at the deadline, counted from when the write was due, and says why", async () => {
    const { writes } = await run(() => undefined, 500, 200);
    for (const { failure, dueMs, endedMs } of writes) {
      expect(failure).toMatch(/past its deadline/);
      expect((endedMs ?? 0) - dueMs).toBeGreaterThanOrEqual(490);
      expect((endedMs ?? 0) - dueMs).toBeLessThan(2_000);
    }
  });
});
