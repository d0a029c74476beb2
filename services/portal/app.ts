import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import type { Call, Env } from "../lib/http.ts";
import { isLanguage } from "../lib/language.ts";
import { createServiceApp } from "../lib/service-app.ts";
import type { Deps } from "./deps.ts";
import { errorPage } from "./layout/error-page.ts";
import { operatorRoutes } from "./pages/operator/routes.ts";
import { patientRoutes } from "./pages/patient/routes.ts";
import { practiceRoutes } from "./pages/practice/routes.ts";
import { professionalRoutes } from "./pages/professional/routes.ts";
import { publicRoutes, showStart } from "./pages/public/routes.ts";
import { sessionRoutes } from "./session/routes.ts";
import { greet, languageCookie, NoSuchPage, SignInNeeded, visitOf } from "./session/visit.ts";

const languageDays = 365;

/** The portal service as a function from request to response; it opens no port. */
export function createApp(deps: Deps): Hono<Env> {
  const app = createServiceApp(deps);
  const portal = new Hono<Env>();
  const policy = contentSecurityPolicy(new URL(deps.signIn.issuer).origin);
  app.use("/portal/*", async (call, next) => {
    const language = call.req.query("language");
    if (call.req.method === "GET" && isLanguage(language)) return chooseLanguage(call, language);
    await next();
    secure(call, policy);
  });
  publicRoutes(portal, deps);
  sessionRoutes(portal, deps);
  patientRoutes(portal, deps);
  professionalRoutes(portal, deps);
  practiceRoutes(portal, deps);
  operatorRoutes(portal, deps);
  portal.all("*", () => {
    throw new NoSuchPage();
  });
  portal.onError((error, call) => answerError(call, deps, error));
  app.get("/portal", (call) => call.redirect("/portal/"));
  // Hono takes the slash from the end of a mounted application's own root.
  app.get("/portal/", (call) => showStart(call, deps));
  app.route("/portal", portal);
  return app;
}

/** Nothing but the portal's own files; forms go to the portal and, to sign out, to identity. */
function contentSecurityPolicy(identity: string): string {
  return [
    ...["default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "connect-src 'self'", "manifest-src 'self'"],
    ...["base-uri 'none'", "frame-ancestors 'none'", `form-action 'self' ${identity}`],
  ].join("; ");
}

function secure(call: Call, policy: string): void {
  const { headers } = call.res;
  if (!headers.has("Content-Security-Policy")) call.header("Content-Security-Policy", policy);
  call.header("X-Content-Type-Options", "nosniff");
  call.header("Referrer-Policy", "same-origin");
  call.header("Cross-Origin-Opener-Policy", "same-origin");
  call.header("Cross-Origin-Resource-Policy", "same-origin");
  call.header("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
  call.header("Strict-Transport-Security", "max-age=31536000");
}

/** Remembers the choice and shows the page that it was made on. */
function chooseLanguage(call: Call, language: string): Response {
  const url = new URL(call.req.url);
  url.searchParams.delete("language");
  setCookie(call, languageCookie, language, {
    ...{ prefix: "host", secure: true, httpOnly: true, sameSite: "Lax", path: "/", maxAge: languageDays * 86_400 },
  });
  return call.redirect(url.pathname + url.search);
}

async function answerError(call: Call, deps: Deps, error: unknown): Promise<Response> {
  const visit = visitOf(call, deps);
  if (error instanceof SignInNeeded) {
    // What was sent with a form stays in the browser's tab, and is there again after the sign-in.
    const from =
      call.req.method === "GET" ? visit.address : new URL(call.req.header("Referer") ?? "/portal/home", "https://portal").pathname;
    const location = `/portal/sign-in?return=${encodeURIComponent(from)}`;
    return call.req.header("Dsp-Script") === undefined
      ? call.redirect(location, 303)
      : new Response(null, { status: 204, headers: { "Dsp-Location": location, "Dsp-Keep": "1" } });
  }
  // The page is the visitor's own where that can be found out; it must come whatever is lost.
  const own = await greet(call, deps).catch(() => visit);
  return errorPage(own, error);
}
