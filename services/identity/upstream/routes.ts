import type { Hono } from "hono";
import { getCookie } from "hono/cookie";
import type { Call, Env } from "../../lib/http.ts";
import type { Deps } from "../deps.ts";
import { pageHeaders } from "../pages/page.ts";
import { expiredPage } from "../pages/provider-pages.ts";
import { languageOf, loadVisit } from "../signin/visit.ts";
import { notConfirmed, upstreamCookie } from "./leave.ts";
import { finishUpstream } from "./sign-in.ts";

/** Signing in at the outside provider: out from the sign-in page, back to /identity/upstream, on at /identity/interaction/:uid/upstream. */
export function upstreamRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/upstream", (call) => {
    const uid = getCookie(call, upstreamCookie);
    if (uid === undefined || !/^[A-Za-z0-9_-]{1,100}$/.test(uid)) return expired(call);
    // The interaction's cookie is bound to its own path.
    return call.redirect(`/identity/interaction/${uid}/upstream${new URL(call.req.url).search}`, 303);
  });
  app.get("/interaction/:uid/upstream", async (call) => {
    const visit = await loadVisit(call, deps);
    if (!visit) return expired(call);
    const finished = await finishUpstream(visit, new URL(call.req.url).search).catch((error: unknown) => {
      deps.log.warn({ error }, "the outside identity provider's answer was not usable");
      return false;
    });
    return finished ? call.redirect(`/identity/interaction/${visit.uid}`, 303) : await notConfirmed(visit);
  });
}

function expired(call: Call): Response {
  return call.body(expiredPage(languageOf(call)), 400, pageHeaders);
}
