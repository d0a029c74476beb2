/** A small FHIR server over TLS that keeps its word, and can be made to fall silent: what the load is tried against. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../../services/lib/testing/certificate.ts";
import type { Aftermath, StoredWrite } from "../../check.ts";

interface Done {
  fingerprint: string;
  status: number;
  resource: string;
  version: number;
}

interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

function bodyOf(request: Http2ServerRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
    request.on("error", reject);
  });
}

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "dsp-fhir-server-"));
  return await work(folder).finally(() => rm(folder, { recursive: true }));
}

export class FhirServer {
  readonly stored: StoredWrite[] = [];
  readonly auditEvents: Aftermath["auditEvents"][number][] = [];
  /** HTTP versions that clients spoke. */
  readonly protocols = new Set<string>();
  connections = 0;
  certificate = "";
  url = "";
  readonly #done = new Map<string, Done>();
  readonly #contents = new Map<string, unknown>();
  readonly #sockets = new Set<Socket>();
  readonly #mute = new WeakSet<object>();
  #held: (() => void)[] | undefined;
  #server: Http2SecureServer | undefined;
  #port = 0;
  #keys: { key: string; cert: string } | undefined;

  async start(): Promise<void> {
    this.#keys ??= await inTemporaryFolder(makeCertificate);
    this.certificate = this.#keys.cert;
    const server = createSecureServer({ ...this.#keys, allowHTTP1: true }, (request, response) => void this.#serve(request, response));
    const keep = (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
    };
    server.on("connection", keep);
    server.on("secureConnection", (socket: Socket) => {
      this.connections += 1;
      keep(socket);
    });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    const address = server.address();
    this.#port = typeof address === "object" && address !== null ? address.port : 0;
    this.url = `https://127.0.0.1:${this.#port}/fhir`;
    this.#server = server;
  }

  /** Dies: connections are cut and new ones refused, until it is started again. */
  async die(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server?.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** What stands now is never heard of again, as after the death of an edge that could not say goodbye; new connections work. */
  silenceConnections(): void {
    for (const socket of this.#sockets) this.#mute.add(socket);
  }

  /** Requests wait, as in a service whose primary moves. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  /** As an instance that stands alone, and the API, would be read after the run. */
  aftermath(): Aftermath {
    const current = new Map<string, StoredWrite>();
    for (const write of this.stored) current.set(write.resource, write);
    return { stores: { "pg-1": this.stored, api: [...current.values()] }, auditEvents: this.auditEvents };
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    this.protocols.add(request.httpVersion);
    const { socket } = request;
    const body = await bodyOf(request).catch(() => "");
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve));
    if (this.#mute.has(socket)) return;
    const { status, headers, body: answer } = this.#answer(request, body);
    response.writeHead(status, { "content-type": "application/fhir+json", ...headers });
    response.end(answer === undefined ? "" : JSON.stringify(answer));
  }

  #answer(request: Http2ServerRequest, body: string): Reply {
    const { pathname } = new URL(request.url, this.url);
    const [, , type = "", id] = pathname.split("/");
    if (request.headers.authorization !== "Bearer secret") return { status: 401 };
    if (request.method === "GET")
      return id === undefined ? this.#search(new URL(request.url, this.url).searchParams) : this.#read(`${type}/${id}`);
    const key = String(request.headers["idempotency-key"]);
    const fingerprint = `${request.method} ${pathname} ${request.headers["if-match"] ?? ""} ${body}`;
    const before = this.#done.get(key);
    if (before !== undefined && before.fingerprint !== fingerprint) return { status: 422 };
    const done = before ?? this.#write(type, id, JSON.parse(body), String(request.headers["if-match"] ?? ""));
    if (done === undefined) return { status: 412 };
    this.#done.set(key, { ...done, fingerprint });
    const headers = { etag: `W/"${done.version}"`, location: `${this.url}/${done.resource}/_history/${done.version}` };
    const minimal = request.headers.prefer === "return=minimal";
    return { status: done.status, headers, ...(minimal ? {} : { body: this.#contents.get(done.resource) }) };
  }

  #write(type: string, id: string | undefined, content: { valueString?: string }, ifMatch: string): Omit<Done, "fingerprint"> | undefined {
    const resource = `${type}/${id ?? randomUUID()}`;
    const current = this.stored.findLast((write) => write.resource === resource)?.version ?? 0;
    if (ifMatch !== "" && ifMatch !== `W/"${current}"`) return undefined;
    const version = current + 1;
    const resourceId = resource.split("/")[1];
    this.#contents.set(resource, { ...content, id: resourceId, meta: { versionId: String(version) } });
    if (type === "Observation") {
      this.stored.push({ resource, version, value: content.valueString ?? "" });
      this.auditEvents.push({ interaction: id === undefined ? "create" : "update", resource, version, ok: true });
    }
    return { status: id === undefined ? 201 : 200, resource, version };
  }

  #read(resource: string): Reply {
    const content = this.#contents.get(resource) as { meta: { versionId: string } } | undefined;
    const version = content === undefined ? undefined : Number(content.meta.versionId);
    this.auditEvents.push({ interaction: "read", resource, ...(version === undefined ? {} : { version }), ok: content !== undefined });
    if (content === undefined) return { status: 404 };
    return { status: 200, headers: { etag: `W/"${version}"`, "dsp-served-by": "primary" }, body: content };
  }

  #search(query: URLSearchParams): Reply {
    this.auditEvents.push({ interaction: "search", ok: true });
    const observations = [...this.#contents.values()].filter(
      (content) => (content as { resourceType: string }).resourceType === "Observation",
    );
    const from = Number(query.get("_cursor") ?? 0);
    const to = from + Number(query.get("_count") ?? 20);
    const entry = observations.slice(from, to).map((resource) => ({ resource }));
    query.set("_cursor", String(to));
    const link = to < observations.length ? [{ relation: "next", url: `${this.url}/Observation?${query}` }] : [];
    return { status: 200, headers: { "dsp-served-by": "primary" }, body: { resourceType: "Bundle", entry, link } };
  }
}
