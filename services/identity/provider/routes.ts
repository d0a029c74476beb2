import type { Hono } from "hono";
import type { Call, Env } from "../../lib/http.ts";
import { smartConfiguration } from "../../lib/smart-configuration.ts";
import type { Deps } from "../deps.ts";
import { nodeOf, requestScope, scopeOf } from "../request-scope.ts";

const paths = [
  "/.well-known/openid-configuration",
  "/.well-known/oauth-authorization-server",
  "/auth",
  "/auth/:uid",
  "/token",
  "/token/revocation",
  "/jwks",
  "/request",
  "/session/end",
  "/session/end/confirm",
  "/session/end/success",
];

/** OpenID Connect's and OAuth's own addresses, which oidc-provider serves, and SMART's discovery document. */
export function providerRoutes(app: Hono<Env>, deps: Deps): void {
  for (const path of paths) app.all(path, (call) => serve(call, deps));
  app.get("/.well-known/smart-configuration", (call) =>
    call.json(smartConfiguration(deps.identity.issuer), 200, {
      "Access-Control-Allow-Origin": "*",
      "Cache-Control": "public, max-age=300",
    }),
  );
}

/**
 * Hands Node's own request and response to the provider (a Koa application, which knows no other), and tells Hono's server that they
 * are answered. The name by which the platform is reached is its setting's, never a header's.
 */
async function serve(call: Call, deps: Deps): Promise<Response> {
  const { incoming, outgoing } = nodeOf(call);
  const { pathname, host, protocol } = new URL(deps.identity.issuer);
  const url = incoming.url ?? "";
  incoming.originalUrl = url;
  incoming.url = url.slice(url.indexOf(pathname) + pathname.length);
  incoming.headers["x-forwarded-host"] = host;
  incoming.headers["x-forwarded-proto"] = protocol.slice(0, -1);
  const headers = { "X-Request-Id": call.var.requestId, "DSP-Site": deps.settings.site, "Referrer-Policy": "no-referrer" };
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  await requestScope.run(scopeOf(call, deps), () => deps.provider().callback()(incoming as never, outgoing as never));
  return new Response(null, { status: outgoing.statusCode, headers: { "x-hono-already-sent": "true" } });
}
