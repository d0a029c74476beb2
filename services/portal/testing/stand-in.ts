import { createServer, type IncomingMessage, type Server } from "node:http";
import { decodeJwt } from "jose";

export interface Asked {
  method: string;
  url: URL;
  key: string;
  /** Of the caller's token; a stand-in believes it. */
  claims: Readonly<Record<string, unknown>>;
  /** The body, where it is JSON. */
  body: unknown;
}

export interface Answered {
  status: number;
  content?: unknown;
  bytes?: Buffer;
  contentType?: string;
}

/** A server in another service's place, of a test's own making. */
export async function startStandIn(port: number, answer: (asked: Asked) => Answered): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/health/ready") return response.end();
      const { status, content, bytes, contentType = "application/json" } = answer(askedOf(request, Buffer.concat(chunks).toString()));
      response.writeHead(status, { "Content-Type": contentType }).end(bytes ?? JSON.stringify(content ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, resolve));
  return server;
}

function askedOf(request: IncomingMessage, text: string): Asked {
  return {
    method: request.method ?? "GET",
    url: new URL(request.url ?? "/", "http://stand-in"),
    key: String(request.headers["idempotency-key"] ?? ""),
    claims: decodeJwt((request.headers.authorization ?? "").replace("Bearer ", "")),
    body: text === "" ? undefined : JSON.parse(text),
  };
}

export function refusal(status: number, code: string, text: string): Answered {
  return { status, content: { resourceType: "OperationOutcome", issue: [{ severity: "error", code, details: { text } }] } };
}
