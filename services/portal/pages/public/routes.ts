import type { Hono } from "hono";
import type { Call, Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import type { Asset } from "../../layout/assets.ts";
import { greet, NoSuchPage, type Visit, visitOf } from "../../session/visit.ts";
import { accessibilityPage } from "./accessibility.ts";
import { helpPage } from "./help.ts";
import { startPage } from "./start.ts";

/** What everybody may see, and the files that pages refer to. */
export function publicRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/help", async (call) => helpPage(await greetOrNot(call, deps), deps));
  app.get("/accessibility", async (call) => accessibilityPage(await greetOrNot(call, deps)));
  app.get("/assets/:name", (call) => {
    const asset = deps.assets.byName.get(call.req.param("name"));
    if (!asset) throw new NoSuchPage();
    return send(call, asset, "public, max-age=31536000, immutable");
  });
  // It stands beside the pages that it is for: a browser gives it those below its own folder.
  app.get("/worker.js", (call) => send(call, deps.assets.worker, "no-cache"));
}

function send(call: Call, { contentType, bytes, compressed }: Asset, caching: string): Response {
  const zips = /\bgzip\b/.test(call.req.header("Accept-Encoding") ?? "");
  const headers = { "Content-Type": contentType, "Cache-Control": caching, Vary: "Accept-Encoding" };
  return new Response(zips ? compressed : bytes, { headers: { ...headers, ...(zips ? { "Content-Encoding": "gzip" } : {}) } });
}

/** Who is signed in already goes to their own first page. */
export async function showStart(call: Call, deps: Deps): Promise<Response> {
  const visit = await greetOrNot(call, deps);
  return visit.session ? call.redirect("/portal/home") : startPage(visit);
}

/** These pages appear also while nobody can say who is signed in. */
async function greetOrNot(call: Call, deps: Deps): Promise<Visit> {
  return await greet(call, deps).catch(() => visitOf(call, deps));
}
