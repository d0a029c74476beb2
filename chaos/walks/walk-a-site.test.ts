import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeTarget } from "../run/testing/made-drill.ts";
import type { Walk, WalkContext } from "../walk.ts";
import { messages } from "./messages.ts";
import { signedIn } from "./signed-in.ts";
import { subscription } from "./subscription.ts";
import { MadeSite, type Serve } from "./testing/made-site.ts";

const site = new MadeSite();
beforeAll(() => site.start());
afterAll(() => site.stop());

function contextOf(changes: Partial<WalkContext> = {}): WalkContext {
  const target = madeTarget("/nowhere", {
    publicUrl: `${site.origin}/fhir`,
    caFile: site.caFile,
    makeReceiver: async () => ({ address: "127.0.0.1", certificate: site.keys.cert, key: site.keys.key }),
    makeUserToken: async ({ person = "" }) => person.replace("Practitioner/demo-", ""),
  });
  return { target, runName: "made-1", folder: "/nowhere", signal: new AbortController().signal, ...changes };
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

/** An exchange with one inbox. `damage` is what it does wrong, by the number of the message. */
function exchange(damage: (n: number, attempt: number) => "lose" | "double" | "cut" | "refuse" | undefined = () => undefined): Serve {
  const inbox: { key: string; id: string; subject: string; sent: string }[] = [];
  const attempts = new Map<string, number>();
  return ({ method, path, query, headers, body }) => {
    if (path === "/exchange/messages" && method === "POST") {
      const { to, subject } = JSON.parse(body) as { to: string[]; subject: string };
      const key = String(headers["idempotency-key"]);
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      const wrong = damage(Number(subject.split(" ")[1]), attempt);
      if (wrong === "refuse" || to[0] !== "Practitioner/demo-lentz" || headers.authorization !== "Bearer hoffmann") return { status: 403 };
      const known = inbox.find((item) => item.key === key);
      const item = known ?? { key, id: `m${attempts.size}`, subject, sent: new Date().toISOString() };
      if (!known && wrong !== "lose") inbox.push(item);
      if (wrong === "double") inbox.push({ ...item, key: "", id: `${item.id}-again` });
      return wrong === "cut" ? "cut" : { status: 201, body: JSON.stringify({ id: item.id, reference: `Communication/${item.id}` }) };
    }
    if (path !== "/exchange/inbox" || headers.authorization !== "Bearer lentz") return { status: 403 };
    const from = Number(query.get("_cursor") ?? 0);
    const shown = inbox.toReversed().slice(from, from + 2);
    const next = from + 2 < inbox.length ? { next: String(from + 2) } : {};
    return { body: JSON.stringify({ items: shown.map((item) => ({ ...item, type: "Communication" })), ...next }) };
  };
}

describe("the walk of somebody who sends messages", () => {
  it.each([
    ["arrives once, also after a lost answer", "cut", "valid", { lost: 0, doubled: 0, refused: 0 }],
    ["is lost", "lose", "invalid", { lost: 1, doubled: 0, refused: 0 }],
    ["arrives twice", "double", "invalid", { lost: 0, doubled: 1, refused: 0 }],
    ["is refused", "refuse", "invalid", { lost: 0, doubled: 0, refused: 1 }],
  ] as const)("finds out whether each %s", async (_what, wrong, verdict, figures) => {
    site.serve = exchange((n, attempt) => (n === 1 && attempt === 1 ? wrong : undefined));
    const judged = await walkFor(messages, 1_500);
    expect(judged).toMatchObject({ verdict, figures: { sent: 3, unanswered: 0, ...figures } });
  });

  it("cannot begin where the first message is refused", async () => {
    site.serve = exchange(() => "refuse");
    await expect(messages.begin(contextOf())).rejects.toThrow("the first message was refused: HTTP 403");
  });
});

const secret = "s3cret";

function notify(endpoint: string, body: string, signedWith = secret): Promise<number> {
  const seconds = Math.floor(Date.now() / 1_000);
  const signature = `t=${seconds},v1=${createHmac("sha256", signedWith).update(`${seconds}.${body}`).digest("hex")}`;
  return new Promise((resolve, reject) => {
    const headers = { "dsp-signature": signature, "content-type": "application/fhir+json" };
    const asked = request(endpoint, { method: "POST", headers, ca: readFileSync(site.caFile) }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

function notification(type: string, event?: { number: number; id: string }): string {
  const part = event && [
    { name: "event-number", valueString: String(event.number) },
    { name: "timestamp", valueInstant: new Date().toISOString() },
    { name: "focus", valueReference: { reference: `https://platform/fhir/Observation/${event.id}` } },
  ];
  const parameter = [{ name: "type", valueCode: type }, ...(part ? [{ name: "notification-event", part }] : [])];
  return JSON.stringify({ resourceType: "Bundle", type: "history", entry: [{ resource: { resourceType: "Parameters", parameter } }] });
}

interface Platform {
  serve: Serve;
  /** Requests to subscribe and to end it. */
  asked: string[];
  statuses: number[];
}

/** A record and an exchange that tells of what is created. `damage` is what it does wrong, by the number of the event. */
function platformThatTells(damage: (n: number) => "miss" | "repeat" | "forge" | undefined = () => undefined): Platform {
  let endpoint = "";
  let events = 0;
  let telling = Promise.resolve();
  const platform: Platform = { asked: [], statuses: [], serve: () => ({ status: 404 }) };
  const tell = (body: string, signedWith?: string) => {
    telling = telling.then(async () => void platform.statuses.push(await notify(endpoint, body, signedWith).catch(() => 0)));
  };
  platform.serve = ({ method, path, body }) => {
    if (path === "/exchange/topics")
      return { body: '{"topics":[{"url":"https://platform/document"},{"url":"https://platform/record-change"}]}' };
    if (path === "/fhir/Patient") return { status: 201, body: '{"id":"p1"}' };
    if (path === "/exchange/fhir/Subscription") {
      const asked = JSON.parse(body) as {
        criteria: string;
        channel: { endpoint: string };
        _criteria: { extension: { valueString: string }[] };
      };
      endpoint = asked.channel.endpoint;
      platform.asked.push(`${method} ${asked.criteria} ${asked._criteria.extension[0]?.valueString}`);
      setTimeout(() => tell(notification("handshake")), 50);
      return { status: 201, headers: { "dsp-webhook-secret": secret }, body: '{"id":"s1"}' };
    }
    if (path === "/exchange/fhir/Subscription/s1") {
      platform.asked.push(method);
      return { status: 204 };
    }
    events += 1;
    const event = { number: events, id: `o${events}` };
    const wrong = damage(events);
    if (wrong !== "miss") tell(notification("event-notification", event));
    if (wrong === "repeat") tell(notification("event-notification", event));
    if (wrong === "forge") tell(notification("event-notification", event), "another secret");
    return { status: 201, body: JSON.stringify({ id: event.id }) };
  };
  return platform;
}

describe("the walk of a software that has subscribed", () => {
  it("begins after the handshake, is told of everything, and unsubscribes", async () => {
    const platform = platformThatTells((n) => (n === 2 ? "repeat" : undefined));
    site.serve = platform.serve;
    const { verdict, figures, findings } = await walkFor(subscription, 1_500);
    expect([verdict, findings]).toEqual(["valid", []]);
    expect(figures).toMatchObject({ created: 2, notified: 2, missed: 0, repeated: 1 });
    expect(platform.asked).toEqual(["POST https://platform/record-change Observation?patient=Patient/p1", "DELETE"]);
    expect(platform.statuses).toEqual([200, 200, 200, 200]);
  });

  it("believes nothing that is not signed with its secret", async () => {
    const platform = platformThatTells((n) => (n === 1 ? "forge" : undefined));
    site.serve = platform.serve;
    expect(await walkFor(subscription, 500)).toMatchObject({ verdict: "invalid", figures: { notified: 1 } });
    expect(platform.statuses).toContain(400);
  });

  it("cannot begin where nothing outside is reached", async () => {
    const { makeReceiver: _none, ...target } = contextOf().target;
    await expect(subscription.begin(contextOf({ target }))).rejects.toThrow("reach no software");
  });
});
