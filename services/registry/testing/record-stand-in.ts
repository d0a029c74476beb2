import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedPut {
  path: string;
  key: string;
  version: string;
  authorization: string;
}

/** A small HTTP server in the record's place: does each PUT once for its key, in the order they come, and can be told to fail. */
export class RecordStandIn {
  /** What was done, once for each key. */
  readonly done: ReceivedPut[] = [];
  /** How often each key came. */
  readonly seen = new Map<string, number>();
  /** What to answer instead of doing the request; undefined: do it. "lost" does it and cuts the connection without an answer. */
  answer: (put: ReceivedPut) => number | "lost" | undefined = () => undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        if (request.url === "/health/ready") return response.end();
        const { meta } = JSON.parse(text) as { meta: { versionId: string } };
        const { authorization = "" } = request.headers;
        const put = { path: request.url ?? "", key: String(request.headers["idempotency-key"]), version: meta.versionId, authorization };
        this.seen.set(put.key, (this.seen.get(put.key) ?? 0) + 1);
        const answer = this.answer(put);
        if (typeof answer !== "number" && !this.done.some(({ key }) => key === put.key)) this.done.push(put);
        if (answer === "lost") request.socket.destroy();
        else response.writeHead(answer ?? 200).end();
      });
    });
  }

  static async start(): Promise<RecordStandIn> {
    const standIn = new RecordStandIn();
    await new Promise<void>((resolve) => standIn.#server.listen(0, "127.0.0.1", resolve));
    return standIn;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
