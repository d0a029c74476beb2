/** Requests to the public address, each over a connection that is kept as long as it works. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

export interface WebQuestion {
  method?: "GET" | "POST" | "DELETE";
  url: URL;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** How long this attempt may take. */
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface WebAnswer {
  status: number;
  /** By their names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

export interface WebClient {
  /** @throws Error when no whole answer came: connection refused or lost, too late, aborted */
  ask(question: WebQuestion): Promise<WebAnswer>;
  close(): void;
}

export function connectWeb(caFile: string): WebClient {
  const agent = new Agent({ ca: readFileSync(caFile), keepAlive: true, maxSockets: 40 });
  const ask = ({ method = "GET", url, headers = {}, body, timeoutMs, signal }: WebQuestion): Promise<WebAnswer> =>
    new Promise((resolve, reject) => {
      const limit = AbortSignal.timeout(timeoutMs);
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const both = signal === undefined ? limit : AbortSignal.any([limit, signal]);
      const asked = request(url, { method, agent, headers: { ...headers, ...length }, signal: both }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString("utf8") }),
        );
      });
      asked.on("error", (failure) => reject(limit.aborted ? new Error(`no answer within ${timeoutMs} ms`) : failure));
      asked.end(body);
    });
  return { ask, close: () => agent.destroy() };
}

/** Of an answer that says to come again: no pod was there to give another, or too many ask. */
export function saysAgain({ status }: Pick<WebAnswer, "status">): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}
