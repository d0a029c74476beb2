import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import type { Logger } from "pino";
import { fhirJson, outcome } from "./operation-outcome.ts";

export interface ServeOptions {
  fetch: (request: Request) => Promise<Response> | Response;
  port: number;
  /** HTTPS when both are given, plain HTTP (for tests) when neither is. Read again when they change. */
  tlsCertFile?: string;
  tlsKeyFile?: string;
  log: Logger;
  /** How long a request may take to arrive, and a connection may lie idle: longer than the proxy in front keeps its own. */
  headersTimeoutMs?: number;
  requestTimeoutMs?: number;
  keepAliveTimeoutMs?: number;
}

export interface DrainOptions {
  /** Go on accepting requests for so long after readiness went off, until the proxies have noticed. */
  noticeMs: number;
  /** Then let requests under way finish, for at most so long. */
  finishMs: number;
}

/** A listening HTTP server that can be drained. */
export class HttpService {
  readonly #server: Server;
  readonly #options: ServeOptions;
  #draining = false;

  constructor(options: ServeOptions) {
    this.#options = options;
    const handle = getRequestListener(options.fetch, { hostname: "localhost" });
    const listener = (...[request, response]: Parameters<typeof handle>): void => {
      if (this.#draining) {
        // Tells the proxy not to use the connection again, so that none is cut under a request.
        (response as { setHeader(name: string, value: string): void }).setHeader("Connection", "close");
      }
      void handle(request, response);
    };
    const limits = {
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? 75_000,
      maxHeaderSize: 32 * 1024,
    };
    const { tlsCertFile, tlsKeyFile } = options;
    this.#server =
      tlsCertFile && tlsKeyFile ? this.#createHttps(tlsCertFile, tlsKeyFile, limits, listener) : createHttpServer(limits, listener);
    this.#server.on("clientError", refuse);
  }

  /** @throws when the port cannot be had */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port, () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address ? address.port : this.#options.port);
      });
    });
  }

  /** Ends without dropping a request: see `DrainOptions`. Call it after readiness went off. */
  async drain(options: DrainOptions): Promise<void> {
    this.#draining = true;
    await sleep(options.noticeMs);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    // A keep-alive connection that fell idle meanwhile would hold the server open.
    const sweep = setInterval(() => this.#server.closeIdleConnections(), 100);
    await Promise.race([closed, sleep(options.finishMs, undefined, { ref: false })]);
    clearInterval(sweep);
    this.#server.closeAllConnections();
    if (this.#options.tlsCertFile) unwatchFile(this.#options.tlsCertFile);
  }

  #createHttps(certFile: string, keyFile: string, limits: object, listener: (request: never, response: never) => void): HttpsServer {
    const read = () => ({ cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: "TLSv1.2" as const });
    const server = createHttpsServer({ ...limits, ...read() }, listener as never);
    // Polling the status follows the symbolic links by which Kubernetes swaps mounted secrets.
    watchFile(certFile, { interval: 5000, persistent: false }, () => {
      try {
        server.setSecureContext(read());
        this.#options.log.info("TLS certificate read again");
      } catch (error) {
        this.#options.log.error({ error }, "TLS certificate not usable, keeping the one in use");
      }
    });
    return server;
  }
}

/** Answers what is no HTTP request at all, or comes too slowly, before any application sees it. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  const [status, text] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", "The headers are too long"]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["408 Request Timeout", "The request took too long to arrive"]
        : ["400 Bad Request", "Not an HTTP request"];
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(outcome("error", "invalid", text));
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${fhirJson}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
