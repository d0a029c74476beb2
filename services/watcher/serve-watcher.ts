import { timingSafeEqual } from "node:crypto";
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { z } from "zod";
import type { CachedFile } from "./cached-file.ts";
import type { WatcherMetrics } from "./metrics.ts";
import type { Log } from "./parts.ts";
import type { Watcher } from "./watcher.ts";

export interface ServeOptions {
  readonly watcher: Watcher;
  readonly metrics: WatcherMetrics;
  readonly token: CachedFile;
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  readonly log: Log;
}

const bodyMaxBytes = 4096;
const requestSchema = z.object({
  term: z.number().int().positive(),
  site: z.string().min(1).max(63),
  primary: z.object({ instance: z.string().min(1).max(253), timeline: z.number().int().nonnegative() }),
  elected: z.boolean().optional(),
});

/** Serves votes to the other watchers, and health, metrics and the view to whoever may see them. @throws when the port cannot be had */
export async function serveWatcher(options: ServeOptions): Promise<{ port: number; close(): void }> {
  const { certFile, keyFile, log } = options;
  const read = () => ({ cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: "TLSv1.2" as const });
  const server = createServer({ ...read(), maxHeaderSize: 8192, requestTimeout: 5000, headersTimeout: 5000 }, (request, response) => {
    answer(options, request, response).catch((error: Error) => {
      log.warn({ reason: error.message }, "request failed");
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.keepAliveTimeout = 60_000;
  // Polling the status follows the symbolic links by which Kubernetes swaps mounted secrets.
  watchFile(certFile, { interval: 5000, persistent: false }, () => {
    try {
      server.setSecureContext(read());
    } catch (error) {
      log.warn({ reason: (error as Error).message }, "TLS certificate not usable, keeping the one in use");
    }
  });
  const port = await listen(server, options.port);
  return {
    port,
    close() {
      unwatchFile(certFile);
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(options: ServeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { watcher, metrics } = options;
  const reply = (status: number, body: object): void => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  };
  switch (`${request.method} ${request.url}`) {
    case "GET /healthz":
      return reply(200, { status: "alive" });
    case "GET /readyz":
      return watcher.cluster ? reply(200, { status: "ready" }) : reply(503, { status: "the cluster was never seen" });
    // For this site's edge.
    case "GET /standing":
      return watcher.overruled
        ? reply(409, { status: "this site alone does not reach the primary" })
        : reply(200, { status: "as the others" });
    case "GET /metrics":
      response.writeHead(200, { "Content-Type": metrics.registry.contentType }).end(await metrics.text(watcher));
      return;
    case "GET /view":
      return (await isPeer(options, request)) ? reply(200, watcher.view()) : reply(401, { error: "a token is needed" });
    case "POST /vote": {
      if (!(await isPeer(options, request))) return reply(401, { error: "a token is needed" });
      const vote = requestSchema.safeParse(await readJson(request));
      return vote.success ? reply(200, watcher.vote(vote.data)) : reply(400, { error: "not a vote" });
    }
    default:
      return reply(404, { error: "not here" });
  }
}

async function isPeer({ token }: ServeOptions, request: IncomingMessage): Promise<boolean> {
  const expected = Buffer.from(`Bearer ${await token.text()}`);
  const given = Buffer.from(request.headers.authorization ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyMaxBytes) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}
