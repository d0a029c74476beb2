import type { Call } from "../../lib/http.ts";

/**
 * After a form was done: the browser goes on to a page that can be reloaded. The portal's own script is told the place instead, since a page
 * cannot see where a redirection leads.
 * @param location a path of the portal, or an address of identity's
 */
export function redirectAfterForm(call: Call, location: string, headers: Record<string, string> = {}): Response {
  return call.req.header("Dsp-Script") === undefined
    ? new Response(null, { status: 303, headers: { ...headers, Location: location } })
    : new Response(null, { status: 204, headers: { ...headers, "Dsp-Location": location } });
}

/** A path within the portal, or else its start: nobody is sent elsewhere by a link. */
export function localPath(text: string | undefined): string {
  return text !== undefined && /^\/portal(\/[A-Za-z0-9\-._~/]*)?(\?[A-Za-z0-9\-._~%=&+:|,]*)?$/.test(text) && !text.includes("..")
    ? text
    : "/portal/home";
}
