/** What the drills' walks do, done to the services as they are: a walk that the platform refuses would tell nothing of a drill. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeTarget } from "../chaos/run/testing/made-drill.ts";
import type { UserClaims } from "../chaos/target.ts";
import type { Walk } from "../chaos/walk.ts";
import { Browser } from "../chaos/walks/browser.ts";
import { messages } from "../chaos/walks/messages.ts";
import { readPage } from "../chaos/walks/signed-in.ts";
import { subscription } from "../chaos/walks/subscription.ts";
import { MadeSite, type Serve } from "../chaos/walks/testing/made-site.ts";
import type { WebClient } from "../chaos/walks/web-client.ts";
import { createApp as createExchange } from "../services/exchange/app.ts";
import { runWorker } from "../services/exchange/delivery/run-worker.ts";
import { ask, redirectUri, TestPlatform } from "../services/identity/testing/platform.ts";
import { startTestPortal, type TestPortal } from "../services/portal/testing/test-portal.ts";
import { createApp as createRecord } from "../services/record/app.ts";
import { type Both, startBoth } from "./exchange-with-record.ts";

/** As the edge does it. */
function route(both: Both): Serve {
  const record = createRecord(both.record.deps);
  const exchange = createExchange(both.exchange.deps);
  return async ({ method, path, query, headers, body }) => {
    const app = path.startsWith("/fhir/") ? record : exchange;
    const given = Object.entries(headers).filter((each): each is [string, string] => typeof each[1] === "string");
    const question = query.size > 0 ? `?${query}` : "";
    const answer = await app.request(`http://platform${path}${question}`, { method, headers: given, ...(body === "" ? {} : { body }) });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  };
}

describe("walks at the exchange and the record", () => {
  const site = new MadeSite();
  const working = new AbortController();
  let both: Both;
  let worker: Promise<void>;

  beforeAll(async () => {
    await site.start();
    both = await startBoth();
    both.exchange.deps.webhooks.caFile = site.caFile;
    site.serve = route(both);
    worker = runWorker(both.exchange.deps, "test", working.signal);
  }, 120_000);

  afterAll(async () => {
    working.abort();
    await worker;
    await both?.stop();
    await site.stop();
  }, 60_000);

  async function walkFor(walk: Walk, ms: number) {
    const token = ({ role, person, ttlSeconds: _short, ...claims }: UserClaims) =>
      both.issuer.token({
        ...{ sub: `demo-${person ?? role}`, client_id: "dsp-demo", role, ...claims },
        ...(role === "practitioner" ? { scope: "user/*.cruds" } : { scope: "system/*.cruds" }),
        ...(person === undefined ? {} : { fhirUser: person }),
      });
    const target = madeTarget("/nowhere", {
      ...{ publicUrl: `${site.origin}/fhir`, caFile: site.caFile, makeUserToken: token },
      makeToken: (ttlSeconds) => token({ role: "system", ttlSeconds }),
      makeReceiver: async () => ({ address: "127.0.0.1", certificate: site.keys.cert, key: site.keys.key }),
    });
    const running = await walk.begin({ target, runName: `test-${walk.name}`, folder: "/nowhere", signal: new AbortController().signal });
    await delay(ms);
    return await running.end();
  }

  it("messages are sent, and found in the inbox once", async () => {
    const { verdict, figures, findings } = await walkFor(messages, 3_000);
    expect([verdict, findings]).toEqual(["valid", []]);
    expect(figures).toMatchObject({ lost: 0, doubled: 0, refused: 0 });
    expect(figures.acknowledged).toBeGreaterThan(1);
  }, 90_000);

  it("a subscription begins, and every change is told of", async () => {
    const { verdict, figures, findings } = await walkFor(subscription, 4_000);
    expect([verdict, findings]).toEqual(["valid", []]);
    expect(figures).toMatchObject({ missed: 0, outOfOrder: 0, renumbered: 0 });
    expect(figures.notified).toBeGreaterThan(1);
  }, 120_000);
});

describe("a walk at identity", () => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await TestPlatform.start({ standbys: 0 });
  }, 120_000);
  afterAll(() => platform?.stop(), 60_000);

  it("fills in the form of the sign-in and is sent back to the portal", async () => {
    const asked: string[] = [];
    const client: WebClient = {
      ask: async ({ method = "GET", url, headers = {}, body }) => {
        asked.push(`${method} ${url.pathname.replace(/\/[A-Za-z0-9_-]{20,}/g, "/…")}`);
        if (url.href.startsWith(redirectUri)) return { status: 200, headers: {}, body: "the portal" };
        const answer = await platform.at(0).fetch(url, { method, headers, redirect: "manual", ...(body === undefined ? {} : { body }) });
        return {
          status: answer.status,
          headers: { ...Object.fromEntries(answer.headers), "set-cookie": answer.headers.getSetCookie() },
          body: await answer.text(),
        };
      },
      close: () => undefined,
    };
    const browser = new Browser(client);
    const page = await browser.go({ url: (await ask(await platform.portal())).url });
    const back = await browser.submit(page, { login: "marie", password: platform.files.password });
    expect([back.url.searchParams.has("code"), back.text], asked.join(", ")).toEqual([true, "the portal"]);
  }, 90_000);
});

describe("a walk at the portal", () => {
  let portal: TestPortal;

  beforeAll(async () => {
    portal = await startTestPortal();
  }, 120_000);
  afterAll(() => portal?.stop(), 60_000);

  it("tells a page for somebody who is signed in from one for nobody", async () => {
    const identity = new URL(portal.identity.issuer).origin;
    // One address for both, as the edge has it.
    const client: WebClient = {
      ask: async ({ url, headers = {} }) => {
        const at = url.pathname.startsWith("/identity/") ? identity : portal.origin;
        const answer = await fetch(new URL(url.pathname + url.search, at), { headers, redirect: "manual" });
        const location = answer.headers.get("location")?.replace(identity, portal.origin);
        return {
          status: answer.status,
          headers: { "set-cookie": answer.headers.getSetCookie(), ...(location === undefined ? {} : { location }) },
          body: await answer.text(),
        };
      },
      close: () => undefined,
    };
    const browser = new Browser(client);
    const url = new URL("/portal/patient", portal.origin);
    expect(readPage(await browser.visit({ url }))).toMatchObject({ outcome: "signed out" });
    const page = await browser.go({ url: new URL("/portal/sign-in?return=%2Fportal%2Fpatient", portal.origin) });
    expect([page.url.pathname, readPage(page)]).toEqual(["/portal/patient", { outcome: "served" }]);
    expect(readPage(await browser.visit({ url }))).toEqual({ outcome: "served" });
  }, 90_000);
});
