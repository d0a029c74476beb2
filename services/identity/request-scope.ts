import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import { backgroundContext, type Context } from "../lib/context.ts";
import type { Call } from "../lib/http.ts";
import type { Deps } from "./deps.ts";
import { digest } from "./digest.ts";

/** What the provider's callbacks and its storage need to know of the request they work for. */
export interface RequestScope {
  readonly context: Context;
  /**
   * Names the request and its repetitions: the edge sends a request whose answer was lost again under the same Idempotency-Key.
   * What a request consumed, its own repetition may consume once more; everybody else is refused.
   */
  readonly requestKey: string;
  /** Where the client stands: an IPv4 address, or the /64 of an IPv6 address. */
  readonly network: string;
  readonly userAgent: string;
}

export const requestScope: AsyncLocalStorage<RequestScope> = new AsyncLocalStorage();

/** The scope of the request that is being served. */
export function currentScope(deps: Deps): RequestScope {
  return (
    requestScope.getStore() ?? {
      context: backgroundContext(deps.log, "identity", deps.settings.deadlineMs),
      requestKey: crypto.randomUUID(),
      network: "none",
      userAgent: "",
    }
  );
}

/** Nobody has signed in yet. */
const nobody = { subject: "anonymous", clientId: "browser", role: "system" } as const;

export function scopeOf(call: Call, deps: Deps): RequestScope {
  const key = call.req.header("Idempotency-Key");
  const { requestId, deadline, log } = call.var;
  return {
    context: { requestId, deadline, log, principal: { ...nobody, scopes: [], issuer: deps.identity.issuer } },
    requestKey: key === undefined ? unnamedKey(call) : digest("request", call.req.path, key),
    network: networkOf(call.req.header("X-Forwarded-For"), nodeOf(call).incoming),
    userAgent: (call.req.header("User-Agent") ?? "").slice(0, 300),
  };
}

/** A browser's GET bears no key: the same address from the same browser is the same request. */
function unnamedKey(call: Call): string {
  return call.req.method === "GET" ? digest("get", call.req.url, call.req.header("Cookie") ?? crypto.randomUUID()) : crypto.randomUUID();
}

/** Node's own request and response, which the provider works on. */
export function nodeOf(call: Call): { incoming: IncomingMessage & { originalUrl?: string }; outgoing: HttpBindings["outgoing"] } {
  const { incoming, outgoing } = call.env as unknown as HttpBindings;
  return { incoming, outgoing };
}

/** The edge sets the header anew for each request, so that nobody can choose it. */
function networkOf(forwardedFor: string | undefined, incoming: IncomingMessage): string {
  const address = forwardedFor?.split(",").at(-1)?.trim() ?? incoming.socket.remoteAddress ?? "unknown";
  const plain = address.replace(/^::ffff:/, "");
  return isIPv6(plain) ? prefix64(plain) : plain;
}

function prefix64(address: string): string {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const filled = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return `${filled.slice(0, 4).join(":")}::/64`;
}
