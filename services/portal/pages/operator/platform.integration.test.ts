import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserSession } from "../../testing/browser-session.ts";
import { TestPlatform } from "../../testing/test-platform.ts";
import { operator, startTestPortal, type TestPortal } from "../../testing/test-portal.ts";

let portal: TestPortal;
let platform: TestPlatform;

beforeAll(async () => {
  platform = await TestPlatform.start(["identity", "registry", "portal"]);
  portal = await startTestPortal({
    ...{ sites: platform.sites, ports: platform.ports, standbys: 1 },
    sentinels: [{ name: "127.0.0.1", port: platform.sentinelPort }],
  });
  await platform.guard(portal.redis.port);
}, 120_000);

afterAll(async () => {
  await platform?.stop();
  await portal?.stop();
});

async function signedIn(): Promise<BrowserSession> {
  portal.identity.person = operator;
  const session = new BrowserSession(portal.origin);
  await session.open("/portal/sign-in");
  return session;
}

/** The facts of the page, as its script reads them. */
async function facts(session: BrowserSession, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  // The portal looks at the platform once a second at most.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const { status, text } = await session.open("/portal/operator/platform", { headers });
  expect(status).toBe(200);
  return Object.fromEntries([...text.matchAll(/data-fact="([^"]+)">([^<]*)</g)].map(([, name = "", value = ""]) => [name, value]));
}

describe("the platform's page", () => {
  it("shows what really answers, and nothing unknown as good", async () => {
    const session = await signedIn();
    const seen = await facts(session);
    const [primary, standby] = [0, 1].map((at) => `127.0.0.1:${portal.postgres.at(at).port}`);
    expect(seen).toMatchObject({
      ...{ "Database (PostgreSQL)": "Good", [`${primary}: Role`]: "primary", [`${standby}: Role`]: "standby", [`${standby}`]: "answers" },
      ...{ "Cache (Redis)": "Good", Watchers: "Good", "Edge and backup": "Not known here" },
      [`Sentinel 127.0.0.1:${platform.sentinelPort}: Sees as primary`]: `127.0.0.1:${portal.redis.port}`,
      // Nothing listens for the exchange in this test.
      ...{ "Services and sites": "Needs a look", "exchange: State": "Needs a look", "identity, site-a": "1 of 1 ready" },
      "Watchers witness: Sees as primary": "pg-1, timeline 1",
    });
    expect(seen["record: State"]).toBe("Good");
    // The real record's own metrics name its pod and its site.
    expect(seen).toMatchObject({ "record-7c9d-q4n8m": "ready", "record, site-a": "1 of 1 ready" });
    expect((await session.open("/portal/operator")).text).toContain("Last backup</dt><dd>Not known here");
  });

  it("shows what stops working", async () => {
    const session = await signedIn();
    platform.readiness.identity = { ready: false, reason: "draining" };
    platform.readiness.registry = { ready: false, reason: "starting" };
    platform.overruled["site-b"] = true;
    platform.stopSentinel();
    const seen = await facts(session);
    expect(seen).toMatchObject({
      ...{ "identity-6d5f-x7k2p": "finishing its last requests", "registry-6d5f-x7k2p": "not ready (starting)" },
      ...{ "identity, site-a": "0 of 1 ready", "Watchers site-b: Reaches the primary": "this site alone does not" },
      ...{ Watchers: "Needs a look", "Cache (Redis)": "Needs a look", [`Sentinel 127.0.0.1:${platform.sentinelPort}`]: "no answer" },
    });
  });

  it("names the edge that says who it is, and no nonsense", async () => {
    const session = await signedIn();
    expect((await facts(session, { "DSP-Edge": "site-b" }))["Edge and backup"]).toBe("site-b");
    expect((await facts(session, { "DSP-Edge": "<b>" }))["Edge and backup"]).toBe("Not known here");
  });

  it("is for operators only", async () => {
    expect((await new BrowserSession(portal.origin).request("/portal/operator/platform")).status).toBe(303);
    portal.identity.person = { sub: "marie", role: "patient", name: "Marie", patient: "demo-marie" };
    const session = new BrowserSession(portal.origin);
    await session.open("/portal/sign-in");
    expect((await session.open("/portal/operator/platform")).status).toBe(403);
  });

  it("still comes while there is no database, and says so", async () => {
    const session = await signedIn();
    await facts(session);
    await portal.postgres.freeze(portal.postgres.at(0));
    try {
      await new Promise((resolve) => setTimeout(resolve, 2500));
      const seen = await facts(session);
      expect(seen[`127.0.0.1:${portal.postgres.at(0).port}`]).toBe("no answer");
      expect(seen["Database (PostgreSQL)"]).toBe("Needs a look");
    } finally {
      await portal.postgres.thaw(portal.postgres.at(0));
    }
  });
});
