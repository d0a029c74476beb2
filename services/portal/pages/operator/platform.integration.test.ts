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
      ...{ "Cache (Redis)": "Good", Watchers: "Good", Edge: "Not known here" },
      [`Sentinel 127.0.0.1:${platform.sentinelPort}: Sees as primary`]: `127.0.0.1:${portal.redis.port}`,
      // Nothing listens for the exchange in this test.
      ...{ "Services and sites": "Needs a look", "exchange: State": "Needs a look", "identity, site-a": "1 of 1 ready" },
      "Watchers witness: Sees as primary": "pg-1, timeline 1",
    });
    expect(seen["record: State"]).toBe("Good");
    // The real record's own metrics name its pod and its site.
    expect(seen).toMatchObject({ "record-7c9d-q4n8m": "ready", "record, site-a": "1 of 1 ready" });
    expect(seen["Last backup site-a"]).toBe("none yet");
  });

  it("shows the last backup of each site, once the portal may know of one", async () => {
    const session = await signedIn();
    const primary = portal.postgres.at(0);
    await portal.postgres.query(primary, "CREATE SCHEMA backup");
    await portal.postgres.query(
      primary,
      "CREATE TABLE backup.run (site text, name text, started_at timestamptz, ended_at timestamptz, bytes bigint, tables int)",
    );
    const runs = "('site-a', '1', now(), '2026-01-02 03:04Z', 1), ('site-a', '2', now(), '2026-01-03 03:04Z', 157286400)";
    await portal.postgres.query(primary, `INSERT INTO backup.run (site, name, started_at, ended_at, bytes) VALUES ${runs}`);
    expect((await facts(session))["Last backup site-a"]).toBe("none yet");
    await portal.postgres.query(primary, "GRANT USAGE ON SCHEMA backup TO portal");
    await portal.postgres.query(primary, "GRANT SELECT ON backup.run TO portal");
    expect((await facts(session))["Last backup site-a"]).toMatch(/3 January 2026/);
    expect((await session.open("/portal/operator")).text).toContain("157.3 MB");
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
    expect((await facts(session, { "DSP-Edge": "site-b" })).Edge).toBe("site-b");
    expect((await facts(session, { "DSP-Edge": "<b>" })).Edge).toBe("Not known here");
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
