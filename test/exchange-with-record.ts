/** The exchange over a real record, both on a test's own PostgreSQL: the record listens on a port, as its pods do. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deps } from "../services/exchange/deps.ts";
import { startTestExchange, type TestExchange } from "../services/exchange/testing/exchange.ts";
import { parseNetworks } from "../services/exchange/webhook/address-guard.ts";
import { HttpService } from "../services/lib/serve.ts";
import { ServiceClient } from "../services/lib/service-client.ts";
import { makeCertificate } from "../services/lib/testing/certificate.ts";
import { TestPostgres } from "../services/lib/testing/postgres.ts";
import { TestIssuer } from "../services/lib/testing/tokens.ts";
import { createApp } from "../services/record/app.ts";
import { startTestRecord, type TestRecord } from "../services/record/testing/record.ts";

export interface Received {
  headers: Record<string, string>;
  body: string;
}

/** A subscriber's web server. */
export interface Receiver {
  url: string;
  caFile: string;
  received: Received[];
  /** What it answers from now on. */
  answer(status: number): void;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const folder = await mkdtemp(join(tmpdir(), "dsp-receiver-"));
  const { certFile, cert, key } = await makeCertificate(folder);
  const received: Received[] = [];
  let status = 200;
  const server = createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() });
      response.writeHead(status, status === 302 ? { Location: "https://127.0.0.1/" } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    caFile: certFile,
    received,
    answer: (next) => {
      status = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Both {
  postgres: TestPostgres;
  issuer: TestIssuer;
  record: TestRecord;
  exchange: TestExchange;
  receiver: Receiver;
  /** Where the record listens. */
  recordOrigin: string;
  stop(): Promise<void>;
}

export async function startBoth(options: { standbys?: number; deps?: Partial<Deps> } = {}): Promise<Both> {
  const postgres = await TestPostgres.start({ standbys: options.standbys ?? 0 });
  const issuer = await TestIssuer.create();
  const record = await startTestRecord({ postgres, issuer });
  const http = new HttpService({ fetch: createApp(record.deps).fetch, port: 0, log: record.deps.log });
  const port = await http.listen();
  const client = new ServiceClient({ name: "record", domain: "test", port, log: record.deps.log, lookup: async () => ["127.0.0.1"] });
  const receiver = await startReceiver();
  const webhooks = { allowed: parseNetworks("127.0.0.1/32"), caFile: receiver.caFile };
  const exchange = await startTestExchange({ postgres, issuer, deps: { record: client, webhooks, ...options.deps } });
  return {
    ...{ postgres, issuer, record, exchange, receiver, recordOrigin: `http://127.0.0.1:${port}` },
    stop: async () => {
      exchange.stop();
      client.stop();
      await receiver.stop();
      await http.drain({ noticeMs: 0, finishMs: 200 });
      record.stop();
      await postgres.stop();
      await issuer.remove();
    },
  };
}
