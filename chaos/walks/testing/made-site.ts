/** A public address over TLS that answers as a test says: what the walks are tried against. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../../services/lib/testing/certificate.ts";

export interface SiteRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

export interface SiteAnswer {
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: string;
}

/** What the site does with a request: an answer, or `cut` for a connection that is lost. */
export type Serve = (request: SiteRequest) => SiteAnswer | "cut" | Promise<SiteAnswer | "cut">;

export class MadeSite {
  origin = "";
  /** The authority that a client must trust. */
  caFile = "";
  /** Of the site itself; it is for 127.0.0.1 too. */
  keys = { key: "", cert: "" };
  serve: Serve = () => ({ status: 404 });
  #server: Server | undefined;
  #folder = "";

  async start(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), "dsp-walk-"));
    this.keys = await makeCertificate(this.#folder);
    this.caFile = join(this.#folder, "authority.pem");
    await writeFile(this.caFile, this.keys.cert);
    this.#server = createServer(this.keys, (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", async () => {
        const { pathname, searchParams } = new URL(request.url ?? "/", "https://site");
        const body = Buffer.concat(parts).toString("utf8");
        const { method = "GET", headers } = request;
        const answer = await this.serve({ method, path: pathname, query: searchParams, headers, body });
        if (answer === "cut") return request.socket.destroy();
        response.writeHead(answer.status ?? 200, answer.headers);
        response.end(answer.body ?? "");
      });
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    this.origin = `https://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
