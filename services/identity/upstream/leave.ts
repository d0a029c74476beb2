import { setCookie } from "hono/cookie";
import { pageHeaders, renderPage } from "../pages/page.ts";
import { stepPage } from "../signin/step-pages.ts";
import { cookieOptions, type Visit } from "../signin/visit.ts";
import { beginUpstream } from "./sign-in.ts";

/** Remembers which sign-in the way out began at; the outside provider's answer comes to an address of its own. */
export const upstreamCookie = "identity_upstream";
const lifeS = 1800;

/** Sends the browser to the outside provider. */
export async function leaveForUpstream(visit: Visit): Promise<Response> {
  const { call, uid, deps } = visit;
  try {
    const address = await beginUpstream(visit);
    setCookie(call, upstreamCookie, uid, { ...cookieOptions, maxAge: lifeS });
    return call.redirect(address, 303);
  } catch (error) {
    deps.log.warn({ error }, "the outside identity provider was not reached");
    return await notConfirmed(visit);
  }
}

/** The sign-in page again, which says that it did not work. */
export async function notConfirmed(visit: Visit): Promise<Response> {
  const page = await stepPage(visit, "identify", { reason: "upstream" });
  return visit.call.body(renderPage({ ...page, here: `/identity/interaction/${visit.uid}` }), 422, pageHeaders);
}
