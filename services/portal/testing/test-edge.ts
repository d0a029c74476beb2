import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";

/** How long a server may say nothing before another one is asked. */
const silenceMs = 4000;

/**
 * What the platform's edge (charts/edge) does to a request: it goes to the server of the last one, and with the same Idempotency-Key to the next
 * one when that is gone, or says nothing; 503 when there is none.
 */
export class TestEdge {
  readonly origin: string;
  /** Of the server that the last request was sent to. */
  lastPort: number | undefined;
  /** Requests that were sent to a server, by method and path. */
  readonly sent: string[] = [];
  readonly #server: Server;
  readonly #ports: readonly number[];

  private constructor(server: Server, ports: readonly number[]) {
    this.#server = server;
    this.#ports = ports;
    this.lastPort = ports[0];
    this.origin = `http://localhost:${(server.address() as { port: number }).port}`;
    server.on("request", (asked: IncomingMessage, answer: ServerResponse) => {
      const chunks: Buffer[] = [];
      asked.on("data", (chunk: Buffer) => chunks.push(chunk));
      asked.on("end", () => void this.#serve(asked, Buffer.concat(chunks), answer));
    });
  }

  static async start(ports: readonly number[]): Promise<TestEdge> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    return new TestEdge(server, ports);
  }

  async #serve(asked: IncomingMessage, body: Buffer, answer: ServerResponse): Promise<void> {
    const key = asked.method === "GET" ? {} : { "idempotency-key": asked.headers["idempotency-key"] ?? crypto.randomUUID() };
    const first = this.lastPort;
    for (const port of this.#ports.toSorted((left, right) => Number(right === first) - Number(left === first))) {
      this.sent.push(`${asked.method} ${asked.url}`);
      this.lastPort = port;
      const came = await attempt(port, asked, { body, headers: { ...asked.headers, ...key } });
      if (!came) continue;
      answer.writeHead(came.statusCode ?? 502, came.headers);
      came.pipe(answer);
      return;
    }
    answer.writeHead(503, { "Content-Type": "text/plain" }).end();
  }

  /** After `stop`: somebody answers the address again. */
  async comeBack(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(Number(new URL(this.origin).port), resolve));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Undefined: it is not there, or said nothing for so long. */
async function attempt(
  port: number,
  { method, url }: IncomingMessage,
  { body, headers }: { body: Buffer; headers: IncomingMessage["headers"] },
): Promise<IncomingMessage | undefined> {
  return await new Promise((resolve) => {
    const sending = request({ host: "127.0.0.1", port, method, path: url, headers, agent: false, timeout: silenceMs }, resolve);
    sending.on("timeout", () => sending.destroy());
    sending.on("error", () => resolve(undefined));
    sending.end(body);
  });
}
