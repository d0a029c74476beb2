import http from "node:http";
import https from "node:https";
import { StringDecoder } from "node:string_decoder";
import type { KubeConfig } from "@kubernetes/client-node";
import { isObject, type Json, parseJson } from "../json.ts";
import { ApiError, CancelledError, UnreachableError } from "./api-error.ts";

const connectTimeoutMs = 10_000;
/** A write may wait for admission webhooks, which have up to 30 s each; a read that takes so long has lost its server. */
const writeTimeoutMs = 60_000;
const readTimeoutMs = 20_000;
const socketsMax = 32;

/** One request to the API server. `path` begins with a slash and carries the query. */
export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: Json;
  contentType?: string;
  signal: AbortSignal;
  timeoutMs?: number;
}

/** What the server answered: the parsed body and the texts of its Warning headers. */
export interface ApiResponse {
  body: Json;
  warnings: string[];
}

/** Talks HTTP to one API server, authenticated as a kubeconfig says. */
export class Connection {
  readonly server: string;
  readonly #kubeConfig: KubeConfig;
  readonly #url: URL;
  readonly #agent: http.Agent;
  readonly #basePath: string;

  /** The kubeconfig's current context decides. Throws when it names no cluster. */
  constructor(kubeConfig: KubeConfig) {
    const cluster = kubeConfig.getCurrentCluster();
    if (!cluster?.server) throw new Error(`the kubeconfig's context "${kubeConfig.getCurrentContext()}" names no cluster`);
    this.server = cluster.server;
    this.#kubeConfig = kubeConfig;
    this.#url = new URL(cluster.server);
    this.#basePath = this.#url.pathname.replace(/\/$/, "");
    const options = { keepAlive: true, maxSockets: socketsMax, timeout: 0 };
    this.#agent = this.#url.protocol === "http:" ? new http.Agent(options) : new https.Agent(options);
  }

  /** Sends a request and reads the whole answer. Throws ApiError, UnreachableError or CancelledError. */
  async request(request: ApiRequest): Promise<ApiResponse> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? (request.method === "GET" ? readTimeoutMs : writeTimeoutMs));
    const response = await this.#open({ ...request, signal: AbortSignal.any([request.signal, timeout]) }, request.signal);
    let text: string;
    try {
      text = await readAll(response);
    } catch (error) {
      throw this.#asError(error, request.signal);
    }
    const status = response.statusCode ?? 0;
    if (status >= 400) throw new ApiError(status, text, retryAfterMs(response));
    return { body: parseJson(text) ?? text, warnings: warningsOf(response) };
  }

  /**
   * Opens a watch and hands over each event until the server ends it or the signal aborts. Resolves at the end of the stream;
   * throws like `request` when it cannot be opened.
   */
  async watch(path: string, onEvent: (type: string, object: Json) => void, signal: AbortSignal): Promise<void> {
    const response = await this.#open({ method: "GET", path, signal }, signal);
    if ((response.statusCode ?? 0) >= 400) throw new ApiError(response.statusCode ?? 0, await readAll(response));
    const decoder = new StringDecoder("utf8");
    let rest = "";
    try {
      for await (const chunk of response) {
        const lines = (rest + decoder.write(chunk as Buffer)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          const event = parseJson(line);
          if (isObject(event) && typeof event.type === "string") onEvent(event.type, event.object ?? null);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      throw this.#asError(error, signal);
    }
  }

  async #open(request: ApiRequest, cancel: AbortSignal): Promise<http.IncomingMessage> {
    const options: https.RequestOptions = {};
    try {
      await this.#kubeConfig.applyToHTTPSOptions(options);
    } catch (error) {
      throw new Error(`cannot authenticate at ${this.server}: ${error instanceof Error ? error.message : String(error)}`);
    }
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers: http.OutgoingHttpHeaders = { accept: "application/json", ...(options.headers as http.OutgoingHttpHeaders | undefined) };
    if (body !== undefined) {
      headers["content-type"] = request.contentType ?? "application/json";
      headers["content-length"] = Buffer.byteLength(body);
    }
    const { hostname, port, protocol } = this.#url;
    Object.assign(options, { hostname: hostname.replace(/^\[|\]$/g, ""), port: port || (protocol === "http:" ? 80 : 443) });
    // Connections through a proxy are made by the agent that the kubeconfig asks for.
    const agent = this.#kubeConfig.getCurrentCluster()?.proxyUrl ? options.agent : this.#agent;
    Object.assign(options, { agent, headers, method: request.method, path: this.#basePath + request.path });
    try {
      return await send(protocol === "http:" ? http : https, { ...options, signal: request.signal }, body);
    } catch (error) {
      throw this.#asError(error, cancel);
    }
  }

  #asError(error: unknown, cancel: AbortSignal): Error {
    if (cancel.aborted) return new CancelledError();
    if (error instanceof ApiError) return error;
    const cause = error instanceof Error ? error : new Error(String(error));
    if (cause.name === "AbortError" || cause.name === "TimeoutError") {
      return new UnreachableError(this.server, Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
    }
    return new UnreachableError(this.server, cause);
  }
}

function send(library: typeof http | typeof https, options: https.RequestOptions, body: string | undefined): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = library.request(options, resolve);
    request.on("error", reject);
    request.on("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => {
        request.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" }));
      }, connectTimeoutMs);
      socket.once("connect", () => clearTimeout(timer));
      socket.once("close", () => clearTimeout(timer));
    });
    request.end(body);
  });
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function retryAfterMs(response: http.IncomingMessage): number | undefined {
  const seconds = Number(response.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

/** Texts of `Warning: 299 - "text"` headers (RFC 9111 writes them so). */
function warningsOf(response: http.IncomingMessage): string[] {
  const header = response.headers.warning;
  if (!header) return [];
  return [...String(header).matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => (match[1] ?? "").replace(/\\(.)/g, "$1"));
}
