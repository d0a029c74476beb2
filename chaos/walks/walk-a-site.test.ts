import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeTarget } from "../run/testing/made-drill.ts";
import type { Walk, WalkContext } from "../walk.ts";
import { signedIn } from "./signed-in.ts";
import { MadeSite, type Serve } from "./testing/made-site.ts";

const site = new MadeSite();
beforeAll(() => site.start());
afterAll(() => site.stop());

function contextOf(changes: Partial<WalkContext> = {}): WalkContext {
  const target = madeTarget("/nowhere", { publicUrl: `${site.origin}/fhir`, caFile: site.caFile });
  return { target, runName: "made-1", signal: new AbortController().signal, ...changes };
}

async function walkFor(walk: Walk, ms: number) {
  const running = await walk.begin(contextOf());
  await delay(ms);
  return await running.end();
}

const formPage = `<form method="post" action="/identity/interaction/1"><input type="hidden" name="form" value="t">
<input name="login"><input name="password" type="password"></form>`;

/** A portal and an identity as they look from outside. `patientPage` is what somebody who is signed in gets. */
function portal(patientPage: Serve): Serve {
  return (request) => {
    const { path, method, headers, body } = request;
    const cookie = String(headers.cookie ?? "");
    const to = (location: string, ...cookies: string[]) => ({ status: 303, headers: { location, "set-cookie": cookies } });
    if (path === "/portal/sign-in") return to("/identity/interaction/1", "flow=1; Path=/");
    if (path === "/identity/interaction/1" && method === "GET") return { body: formPage };
    if (path === "/identity/interaction/1") {
      const good = body === "form=t&login=marie&password=password" && cookie.includes("flow=1");
      return good ? to("/portal/signed-in?code=1") : { status: 422, body: formPage };
    }
    if (path === "/portal/signed-in") return to("/portal/patient", "__Host-session=s; Path=/; Secure", "flow=; Path=/; Max-Age=0");
    if (path !== "/portal/patient") return { status: 404 };
    return cookie === "__Host-session=s" ? patientPage(request) : to("/portal/sign-in?return=%2Fportal%2Fpatient");
  };
}

const ownPage = { body: '<form method="post" action="/portal/sign-out"></form>' };

describe("the walk of somebody who is signed in", () => {
  it("signs in, and repeats what is lost or answered with 503", async () => {
    let asked = 0;
    site.serve = portal(() => {
      asked += 1;
      return asked === 3 ? "cut" : asked === 4 ? { status: 503 } : ownPage;
    });
    const { verdict, figures, findings } = await walkFor(signedIn, 2_500);
    expect([verdict, findings]).toEqual(["valid", []]);
    expect(figures).toMatchObject({ visits: 3, signedOut: 0, notServed: 0, repeated: 1 });
    expect(figures.longestWaitMs).toBeGreaterThan(150);
  });

  it("notices that it was signed out", async () => {
    let asked = 0;
    site.serve = portal(() => {
      asked += 1;
      return asked > 2 ? { status: 303, headers: { location: "/portal/sign-in" } } : ownPage;
    });
    expect(await walkFor(signedIn, 1_500)).toMatchObject({ verdict: "invalid", figures: { visits: 2, signedOut: 1 } });
  });

  it("cannot begin where nobody lets it in", async () => {
    site.serve = portal(() => ({ status: 500, body: "" }));
    await expect(signedIn.begin(contextOf())).rejects.toThrow("ended at /portal/patient (HTTP 500)");
  });

  it("does nothing more once the run is over", async () => {
    let asked = 0;
    site.serve = portal(() => {
      asked += 1;
      return ownPage;
    });
    const over = new AbortController();
    await signedIn.begin(contextOf({ signal: over.signal }));
    await delay(200);
    over.abort();
    const before = asked;
    await delay(1_200);
    expect(asked).toBe(before);
  });
});
