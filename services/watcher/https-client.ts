import { Agent, type RequestOptions, request } from "node:https";

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/**
 * HTTPS with kept-alive connections and one deadline a request. A request that timed out may have sat on a connection to something dead,
 * and its fellows may be as dead: none is used again then. Who still waits on one goes on until its own deadline: where all is merely slow, each
 * would end the others.
 */
export class HttpsClient {
  readonly #options: () => Promise<RequestOptions>;
  #agent = newAgent();

  /** The options are asked for anew for each request: tokens and certificates are rotated. */
  constructor(options: () => Promise<RequestOptions>) {
    this.#options = options;
  }

  /** @throws when no whole answer came in time */
  async send(call: { method: string; url: string; timeoutMs: number; headers?: Record<string, string>; body?: unknown }): Promise<Reply> {
    const { method, url, timeoutMs } = call;
    const base = await this.#options();
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = {
      Accept: "application/json",
      ...(text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(text)) }),
      ...(base.headers as Record<string, string> | undefined),
      ...call.headers,
    };
    return await new Promise<Reply>((resolve, reject) => {
      const outgoing = request(url, { ...base, method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const received = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, body: parse(received) });
        });
      });
      const timer = setTimeout(() => {
        this.#shed();
        outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`));
      }, timeoutMs);
      outgoing.on("error", reject);
      outgoing.on("close", () => clearTimeout(timer));
      outgoing.end(text);
    });
  }

  /**
   * Reads an answer that comes line by line, on a connection of its own. Resolves when it ends, however it does; one that says nothing
   * for `silentMs` is given up.
   */
  async readLines(call: { url: string; silentMs: number; signal: AbortSignal }, onLine: (line: string) => void): Promise<void> {
    const base = await this.#options();
    const headers = { Accept: "application/json", ...(base.headers as Record<string, string> | undefined) };
    await new Promise<void>((resolve) => {
      const outgoing = request(call.url, { ...base, headers, agent: false, signal: call.signal }, (response) => {
        let rest = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) onLine(line);
        });
        response.on("error", () => resolve());
        response.on("end", () => resolve());
      });
      outgoing.setTimeout(call.silentMs, () => outgoing.destroy());
      outgoing.on("error", () => resolve());
      outgoing.on("close", () => resolve());
      outgoing.end();
    });
  }

  stop(): void {
    this.#agent.destroy();
  }

  #shed(): void {
    const old = this.#agent;
    this.#agent = newAgent();
    old.maxFreeSockets = 0;
    for (const socket of Object.values(old.freeSockets).flat()) socket?.destroy();
  }
}

function newAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 8, maxFreeSockets: 2, scheduling: "lifo" });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
