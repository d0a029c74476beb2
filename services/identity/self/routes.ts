import type { Hono } from "hono";
import { type Env, readBody } from "../../lib/http.ts";
import type { Deps } from "../deps.ts";
import { pageHeaders } from "../pages/page.ts";
import { accountPage } from "./account-page.ts";
import {
  addTotp,
  changePassword,
  dropPasskey,
  endSoftware,
  enrolPasskey,
  type Outcome,
  removeTotp,
  renewRecoveryCodes,
  signOutOthers,
} from "./change.ts";
import { loadOwn, type Own, signInAddress } from "./session.ts";

/** GET and POST /identity/account: what people see to by themselves. */
export function selfRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/account", async (call) => {
    const own = await loadOwn(call, deps);
    // An answer without a session is the sign-in's refusal; another try would go round in circles.
    if (!own && call.req.query("error") !== undefined) return call.redirect("/", 303);
    return own ? call.body(await accountPage(own), 200, pageHeaders) : call.redirect(signInAddress(deps, false), 303);
  });
  app.post("/account", async (call) => {
    const fields = new URLSearchParams(new TextDecoder().decode(await readBody(call, deps)));
    const own = await loadOwn(call, deps);
    if (!own || !deps.cookieKeys.verify(fields.get("form") ?? "", "own", own.sessionUid)) {
      return call.redirect(signInAddress(deps, false), 303);
    }
    // Who finds a browser open must not take the account over.
    if (!own.fresh && !alwaysAllowed.has(fields.get("action") ?? "")) return call.redirect(signInAddress(deps, true), 303);
    const outcome = await act(own, fields);
    const now = (await loadOwn(call, deps)) ?? own;
    return call.body(await accountPage(now, outcome), outcome.error === undefined ? 200 : 422, pageHeaders);
  });
}

/** What only takes access away needs no fresh sign-in. */
const alwaysAllowed = new Set(["sign-out-others", "end-access"]);

async function act(own: Own, fields: URLSearchParams): Promise<Outcome> {
  const value = (name: string): string => fields.get(name) ?? "";
  switch (value("action")) {
    case "password":
      return await changePassword(own, { present: value("present"), wanted: value("wanted") });
    case "sign-out-others":
      return await signOutOthers(own);
    case "totp":
      return await addTotp(own, value("offer"), value("code"));
    case "remove-totp":
      return await removeTotp(own);
    case "recovery":
      return await renewRecoveryCodes(own);
    case "passkey":
      return await enrolPasskey(own, value("credential"), value("label"));
    case "end-access":
      return await endSoftware(own, value("client"));
    case "remove-passkey":
      return await dropPasskey(own, value("id"));
    default:
      return {};
  }
}
