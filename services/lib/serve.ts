import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import type { Logger } from "pino";
import { fhirJson, outcome } from "./operation-outcome.ts";

export interface ServeOptions {
  fetch: (request: Request) => Promise<Response> | Response;
  port: number;
  /** HTTP/2 and HTTP/1.1 over TLS when both are given, plain HTTP/1.1 (for tests) when neither is. Read again when they change. */
  tlsCertFile?: string;
  tlsKeyFile?: string;
  log: Logger;
  /** How long a request may take to arrive, and a connection may lie idle: longer than the proxy in front keeps its own. */
  headersTimeoutMs?: number;
  requestTimeoutMs?: number;
  keepAliveTimeoutMs?: number;
  /** How often the other end of an HTTP/2 connection is asked whether it is there; silent twice in a row, it is not. */
  pingEveryMs?: number;
}

const maxHeaderSize = 32 * 1024;
/** How long a request that takes too long to arrive may go unnoticed. */
const checkingIntervalMs = 5000;

export interface DrainOptions {
  /** Go on accepting requests for so long after readiness went off, until the proxies have noticed. */
  noticeMs: number;
  /** Then let requests under way finish, for at most so long. */
  finishMs: number;
}

type Listener = ReturnType<typeof getRequestListener>;

/** A listening HTTP server that can be drained. */
export class HttpService {
  readonly #server: Server | Http2SecureServer;
  readonly #options: ServeOptions;
  readonly #sessions = new Set<ServerHttp2Session>();
  #draining = false;

  constructor(options: ServeOptions) {
    this.#options = options;
    const handle = getRequestListener(options.fetch, { hostname: "localhost" });
    const listener: Listener = (request, response) => {
      if (this.#draining && request.httpVersionMajor === 1) {
        // Tells the proxy not to use the connection again, so that none is cut under a request. HTTP/2 tells it by GOAWAY, when it closes.
        (response as { setHeader(name: string, value: string): void }).setHeader("Connection", "close");
      }
      return handle(request, response);
    };
    const limits = {
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? 75_000,
      connectionsCheckingInterval: Math.min(options.headersTimeoutMs ?? 10_000, checkingIntervalMs),
      maxHeaderSize,
    };
    const { tlsCertFile, tlsKeyFile } = options;
    this.#server =
      tlsCertFile && tlsKeyFile ? this.#createSecure(tlsCertFile, tlsKeyFile, limits, listener) : createHttpServer(limits, listener);
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
    this.#closeIdle();
    // A keep-alive connection that fell idle meanwhile would hold the server open.
    const sweep = setInterval(() => this.#closeIdle(), 100);
    await Promise.race([closed, sleep(options.finishMs, undefined, { ref: false })]);
    clearInterval(sweep);
    if ("closeAllConnections" in this.#server) this.#server.closeAllConnections();
    for (const session of this.#sessions) session.destroy();
    if (this.#options.tlsCertFile) unwatchFile(this.#options.tlsCertFile);
  }

  /** HTTP/1.1 connections without a request; of HTTP/2, `close` has told each to end with its last. The types do not know it of HTTP/2's server. */
  #closeIdle(): void {
    (this.#server as Pick<Server, "closeIdleConnections">).closeIdleConnections();
  }

  /**
   * HTTP/2 for the edge: all its requests share a connection, so that one which is given up costs no handshake, neither for itself nor for
   * its repetition. A busy service that shook hands for each repetition never got out of it.
   */
  #createSecure(certFile: string, keyFile: string, limits: { requestTimeout: number }, listener: Listener): Http2SecureServer {
    const read = () => ({ cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: "TLSv1.2" as const });
    // The edge may give up many requests at once when this service is slow; it bounds its own clients.
    const resets = { streamResetBurst: 10_000, streamResetRate: 1000 };
    const server = createSecureServer(
      { ...limits, ...resets, ...read(), allowHTTP1: true, settings: { maxHeaderListSize: maxHeaderSize, enablePush: false } },
      listener,
    );
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      endWhenSilent(session, this.#options.pingEveryMs ?? 2000);
    });
    server.on("stream", (stream) => stream.setTimeout(limits.requestTimeout, () => stream.close(constants.NGHTTP2_CANCEL)));
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

/**
 * Ends a connection whose other end is not there any more. What was sent into a line that is cut is sent again at ever longer intervals, and all
 * answers after it wait for that: 4 s after the line was whole again, an edge still heard nothing on its old connections.
 */
function endWhenSilent(session: ServerHttp2Session, pingEveryMs: number): void {
  // Counted in questions, not in time: a process that was frozen itself finds the answer when it goes on.
  let unanswered = 0;
  const timer = setInterval(() => {
    if (session.destroyed || session.closed) return;
    if (unanswered >= 2) return session.destroy();
    if (unanswered++ === 0) session.ping((error) => (unanswered = error ? unanswered : 0));
  }, pingEveryMs).unref();
  session.once("close", () => clearInterval(timer));
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
