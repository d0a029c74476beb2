import type { Context as HonoContext } from "hono";
import type { Logger } from "pino";
import type { Interaction } from "./audit-event.ts";
import { RefusedToken } from "./authenticate.ts";
import { type Context, Deadline } from "./context.ts";
import { idPattern } from "./fhir/validate.ts";
import { type FhirError, fhirError } from "./operation-outcome.ts";
import type { Principal } from "./principal.ts";
import { parsePurpose, purposeHeader } from "./purpose-of-use.ts";
import type { ServiceDeps } from "./service-parts.ts";

/** What travels with a request through Hono. */
export interface Env {
  Variables: {
    requestId: string;
    deadline: Deadline;
    log: Logger;
    /** What of the budget the request's body has taken; given back when the request ends. */
    bodyBytes: number;
  };
}

export type Call = HonoContext<Env>;

/** A request id as a proxy or client may send it; anything else is replaced. */
export function requestId(header: string | undefined): string {
  return header !== undefined && /^[A-Za-z0-9._:-]{1,100}$/.test(header) ? header : crypto.randomUUID();
}

/** Who each request speaks for: decided once, since a proof of possession is good once. Nothing from outside can put itself here. */
const principals = new WeakMap<Request, Promise<Principal>>();

const ownRequests = new WeakSet<Request>();

/** A request that the service makes of itself, for a caller whom it has authenticated. */
export function onBehalfOf(principal: Principal, request: Request): Request {
  principals.set(request, Promise.resolve(principal));
  ownRequests.add(request);
  return request;
}

/** Whether the answer becomes a part of another one. */
export function isOwnRequest(call: Call): boolean {
  return ownRequests.has(call.req.raw);
}

/** Whom the request's token speaks for. @throws RefusedToken */
export function principalOf(call: Call, { verifier }: Pick<ServiceDeps, "verifier">): Promise<Principal> {
  const { raw, method } = call.req;
  const known = principals.get(raw);
  if (known) return known;
  const { pathname: path } = new URL(raw.url);
  const verifying = verifier.verify(call.req.header("Authorization"), {
    ...{ method, path, requestId: call.var.requestId },
    proof: call.req.header("DPoP"),
  });
  principals.set(raw, verifying);
  return verifying;
}

/**
 * Verifies the caller's token and makes the operation's context. A refused token that names its account is recorded.
 * @throws FhirError 400, 401
 */
export async function authenticate(
  call: Call,
  deps: ServiceDeps,
  about: { interaction: Interaction; resourceType: string },
): Promise<Context> {
  const base = { requestId: call.var.requestId, deadline: call.var.deadline, log: call.var.log };
  let principal: Principal;
  try {
    principal = await principalOf(call, deps);
  } catch (error) {
    if (!(error instanceof RefusedToken)) {
      throw error;
    }
    deps.metrics.refusedTokens.inc({ status: "401" });
    if (error.principal) {
      await deps.audit.refused({ ...base, principal: error.principal }, { ...about, outcome: "8" });
    }
    throw error.response;
  }
  return { ...base, left: call.req.raw.signal, principal, purpose: parsePurpose(call.req.header(purposeHeader)) };
}

const jsonTypes = new Set(["application/fhir+json", "application/json", "json", "text/json"]);

function mediaType(header: string): string {
  return (header.split(";")[0] ?? "").trim().toLowerCase();
}

/**
 * Whether the client takes FHIR JSON.
 * @throws FhirError 406 when it takes something else only
 */
export function wantsJson(call: Call): void {
  if (!acceptsJson(call, true)) {
    throw fhirError(406, "not-supported", "This server answers application/fhir+json only");
  }
}

/** What the client takes; `_format` is FHIR's way to say so in an address. */
export function acceptHeader(call: Call): string | undefined {
  // A plus sign in a query string is a space once decoded.
  return call.req.query("_format")?.replace(" ", "+") ?? call.req.header("Accept");
}

/** Whether an Accept header (RFC 9110, 12.5.1) takes a media type, its parameters left aside. */
export function accepts(header: string | undefined, type: string): boolean {
  const [kind = ""] = mediaType(type).split("/");
  const taken = (header ?? "*/*").split(",").filter((range) => !/;\s*q=0(\.0*)?\s*$/i.test(range));
  return taken.map(mediaType).some((range) => [mediaType(type), `${kind}/*`, "*/*", ""].includes(range));
}

/** As the client's `_format` or `Accept` says; `unspecified` is the answer when they leave it open. */
export function acceptsJson(call: Call, unspecified: boolean): boolean {
  const format = call.req.query("_format");
  if (format !== undefined) {
    // A plus sign in a query string is a space once decoded.
    return jsonTypes.has(mediaType(format.replace(" ", "+")));
  }
  const types = (call.req.header("Accept") ?? "*/*").split(",").map(mediaType);
  return (
    types.some((type) => jsonTypes.has(type)) ||
    (unspecified && types.some((type) => type === "*/*" || type === "application/*" || type === ""))
  );
}

/** Whether a body is FHIR JSON. @throws FhirError 415 when it is something this server does not read */
export function isJsonBody(call: Call): boolean {
  return isBodyOf(call, jsonTypes);
}

/** Whether a body is of one of these media types, in UTF-8. */
export function isBodyOf(call: Call, types: ReadonlySet<string>): boolean {
  const header = call.req.header("Content-Type") ?? "";
  const charset = /;\s*charset="?([^";]+)"?/i.exec(header)?.[1];
  return types.has(mediaType(header)) && (charset === undefined || charset.trim().toLowerCase() === "utf-8");
}

/** The body as bytes, within the bounds for one body and for all of them, and in time for the answer. @throws FhirError 408, 413, 503 */
export async function readBody(call: Call, deps: ServiceDeps): Promise<Uint8Array> {
  const maxBytes = deps.settings.bodyMaxBytes;
  const tooLong = (): FhirError => fhirError(413, "too-long", `The body may have at most ${maxBytes} bytes`);
  if (Number(call.req.header("Content-Length") ?? 0) > maxBytes) {
    throw tooLong();
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bodyInTime(call, () => call.var.deadline)) {
    length += chunk.length;
    if (length > maxBytes) {
      throw tooLong();
    }
    holdBytes(call, deps, chunk.length);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** Counts what a request holds of its body, or with a negative number no longer holds; its end gives back the rest. @throws FhirError 503 */
export function holdBytes(call: Call, deps: ServiceDeps, bytes: number): void {
  if (bytes > 0) deps.bodies.take(bytes);
  else deps.bodies.give(-bytes);
  call.set("bodyBytes", call.var.bodyBytes + bytes);
}

/**
 * The body as it arrives: what a client sends byte by byte would hold a request for as long as it likes.
 * @param deadline asked for each piece @throws FhirError 408
 */
export async function* bodyInTime(call: Call, deadline: () => Deadline): AsyncGenerator<Uint8Array> {
  const { body } = call.req.raw;
  if (!body) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await arrived(reader.read(), deadline());
      if (done) return;
      yield value;
    }
  } finally {
    // Not cancelled: what is left of the body may have to arrive before the client looks for an answer (`dropRest`).
    reader.releaseLock();
  }
}

/**
 * Lets what is left of a refused request's body arrive, and keeps none of it. A client that sends all it has before it looks for the answer
 * (Node's own over HTTP/2, many over HTTP/1.1) would take an answer that comes in between for a broken connection, and never learn what was
 * wrong. Within `restMaxBytes` and `restMaxMs`; what goes beyond them is cut off.
 */
export async function dropRest(call: Call): Promise<void> {
  const { body } = call.req.raw;
  if (!body || body.locked) return;
  const reader = body.getReader();
  const whole = Deadline.after(restMaxMs);
  try {
    for (let bytes = 0; bytes < restMaxBytes; ) {
      const { done, value } = await arrived(reader.read(), Deadline.after(Math.min(restPauseMs, whole.remainingMs())));
      if (done) return;
      bytes += value.length;
    }
  } catch {
    // The client has left, or is slow: it gets the answer as it is.
  }
  reader.cancel().catch(() => undefined);
}

const restMaxBytes = 64 * 1024 * 1024;
const restMaxMs = 30_000;
const restPauseMs = 2000;

async function arrived<T>(piece: Promise<T>, deadline: Deadline): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(fhirError(408, "timeout", "The body took too long to arrive")), deadline.remainingMs());
  try {
    return await Promise.race([piece, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws FhirError 400 for bytes that are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fhirError(400, "structure", "The body is not UTF-8");
  }
}

/** A preference of the client's (RFC 7240), e.g. `return` or `handling`. */
export function preference(call: Call, name: string): string | undefined {
  const parts = (call.req.header("Prefer") ?? "").split(/[,;]/).map((part) => part.trim().toLowerCase());
  return parts
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(name.length + 1)
    .replaceAll('"', "");
}

/** @throws FhirError 400 */
export function checkId(id: string): void {
  if (!idPattern.test(id)) {
    throw fhirError(400, "value", "Invalid id: letters, digits, '-' and '.', at most 64");
  }
}

/** `Cache-Control: no-cache`: the client must see what it has just written, and rather waits for the primary. */
export function primaryOnly(call: Call): boolean {
  return /(^|,)\s*no-cache\s*(,|$)/i.test(call.req.header("Cache-Control") ?? "");
}
