import type { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Call, Env } from "../../lib/http.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { pageFor } from "../layout/error-page.ts";
import { localPath, redirectAfterForm } from "../layout/redirect.ts";
import { readForm } from "./form.ts";
import type { Flow } from "./sign-in.ts";
import { greet, member, sessionCookie, visitOf } from "./visit.ts";

const flowMinutes = 30;
const repeatedMax = 2;
const flowCookie = (state: string): string => `dsp-sign-in-${state.slice(0, 12)}`;

/** Signing in and out, and where somebody who is signed in begins. */
export function sessionRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/sign-in", (call) => begin(call, deps, localPath(call.req.query("return")), 0));
  app.get("/signed-in", (call) => finish(call, deps));
  app.get("/home", async (call) => {
    const { principal } = await member(call, deps);
    const home = { patient: "patient", practitioner: "professional", operator: "operator", system: "" }[principal.role];
    return call.redirect(`/portal/${home}`);
  });
  app.post("/sign-out", (call) => signOut(call, deps));
  app.post("/drafts/:form", async (call) => {
    const visit = await member(call, deps);
    const { fields } = await readForm(visit, deps);
    await deps.drafts.save(visit.context, call.req.param("form").slice(0, 100), fields);
    return call.body(null, 204);
  });
}

async function begin(call: Call, deps: Deps, returnTo: string, repeated: number): Promise<Response> {
  const { context, language } = visitOf(call, deps);
  const { url, flow } = await deps.signIn.begin(context, { returnTo, language, repeated });
  setCookie(call, flowCookie(flow.state), Buffer.from(JSON.stringify(flow)).toString("base64url"), {
    ...{ prefix: "host", secure: true, httpOnly: true, sameSite: "Lax", path: "/", maxAge: flowMinutes * 60 },
  });
  call.header("Cache-Control", "no-store");
  return call.redirect(url);
}

async function finish(call: Call, deps: Deps): Promise<Response> {
  const { context, session } = await greet(call, deps);
  const state = call.req.query("state") ?? "";
  const flow = flowOf(getCookie(call, flowCookie(state), "host"));
  call.header("Cache-Control", "no-store");
  // The answer to a former attempt was lost on its way: its session is there.
  if (session && !flow) return call.redirect("/portal/home");
  if (!flow || flow.state !== state || call.req.query("error") !== undefined) return pageFor(visitOf(call, deps), "signIn");
  deleteCookie(call, flowCookie(state), { prefix: "host", secure: true, path: "/" });
  try {
    const tokens = await deps.signIn.finish(context, new URL(call.req.url).search, flow);
    const secret = await deps.sessions.open(context, tokens);
    setCookie(call, sessionCookie, secret, { prefix: "host", secure: true, httpOnly: true, sameSite: "Lax", path: "/" });
    return call.redirect(localPath(flow.returnTo));
  } catch (error) {
    if (error instanceof FhirError) throw error;
    context.log.warn({ requestId: context.requestId, error }, "a sign-in was not accepted");
    // A code is good for one use; when its answer was lost, identity still knows who signed in and gives another one.
    return flow.repeated < repeatedMax ? begin(call, deps, flow.returnTo, flow.repeated + 1) : pageFor(visitOf(call, deps), "signIn");
  }
}

function flowOf(cookie: string | undefined): Flow | undefined {
  try {
    return cookie === undefined ? undefined : (JSON.parse(Buffer.from(cookie, "base64url").toString()) as Flow);
  } catch {
    return undefined;
  }
}

async function signOut(call: Call, deps: Deps): Promise<Response> {
  const visit = await greet(call, deps);
  if (!("principal" in visit)) return redirectAfterForm(call, "/portal/");
  await readForm(visit, deps);
  await deps.sessions.close(visit.context, visit.session.secret);
  deleteCookie(call, sessionCookie, { prefix: "host", secure: true, path: "/" });
  // What was typed into forms is gone with the session on this computer.
  call.header("Clear-Site-Data", '"storage"');
  return call.redirect(await deps.signIn.endUrl(visit.session.tokens), 303);
}
