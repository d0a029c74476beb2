import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserSession } from "./testing/browser-session.ts";
import { hoffmann, marie, startTestPortal, type TestPortal } from "./testing/test-portal.ts";

let portal: TestPortal;

beforeAll(async () => {
  portal = await startTestPortal();
}, 120_000);

afterAll(async () => {
  await portal?.stop();
});

const browser = (language = "en"): BrowserSession => new BrowserSession(portal.origin, language);

async function signedIn(language = "en"): Promise<BrowserSession> {
  portal.identity.person = marie;
  const session = browser(language);
  await session.open("/portal/sign-in");
  return session;
}

describe("pages for everybody", () => {
  it("come in the language that the browser or the visitor wants", async () => {
    const session = browser("fr-LU,de;q=0.5");
    const first = await session.open("/portal/");
    expect(first.text).toMatch(/<html lang="fr">[\s\S]*Votre dossier de santé/);
    expect((await session.open("/portal/?language=de")).text).toContain("Ihre Gesundheitsakte");
    expect((await session.open("/portal/help")).text).toContain("Hilfe und Kontakt");
  });

  it("carry a policy that lets nothing in from elsewhere, and are kept by nobody", async () => {
    const { headers, text } = await browser().open("/portal/");
    expect(headers.get("Content-Security-Policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get("Content-Security-Policy")).not.toContain("unsafe");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(text).not.toMatch(/<script>|style="| on[a-z]+="/);
  });

  it("are small, and their files are kept for ever", async () => {
    const { text } = await browser().open("/portal/");
    const paths = [...text.matchAll(/(?:href|src)="(\/portal\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
    const sizes = await Promise.all(
      paths.map(async (path) => {
        const response = await fetch(portal.origin + path);
        expect(response.headers.get("Cache-Control")).toContain("immutable");
        return (await response.arrayBuffer()).byteLength;
      }),
    );
    expect(paths.length).toBe(3);
    expect(sizes.reduce((sum, size) => sum + size, Buffer.byteLength(text))).toBeLessThan(100_000);
  });

  it("have a worker for the pages beside it, whose newest version is asked for each time", async () => {
    const { status, headers } = await fetch(`${portal.origin}/portal/worker.js`);
    expect([status, headers.get("Content-Type"), headers.get("Cache-Control")]).toEqual([
      200,
      "text/javascript; charset=utf-8",
      "no-cache",
    ]);
  });

  it("say that a page is not there", async () => {
    expect(await browser("de").open("/portal/nowhere")).toMatchObject({
      status: 404,
      text: expect.stringContaining("Diese Seite gibt es nicht"),
    });
  });
});

describe("signing in", () => {
  it("brings the visitor back to where they wanted to go, and out again", async () => {
    portal.identity.person = marie;
    const session = browser();
    const page = await session.open("/portal/patient");
    expect(page).toMatchObject({ status: 200, path: "/portal/patient" });
    expect(page.text).toContain("Hello, Marie Test-Weber");
    const left = await session.submit(page.text, "/portal/sign-out", {});
    expect(left.path).toBe("/portal/");
    expect([...session.cookies.keys()]).not.toContain("__Host-dsp-session");
  });

  it("leads to the page about it, and says on the first page that something changed in it", async () => {
    portal.identity.accountNews = true;
    const session = await signedIn("fr").finally(() => {
      portal.identity.accountNews = false;
    });
    const first = await session.open("/portal/patient");
    expect(first.text).toMatch(/role="status">Quelque chose a changé[^<]*<a href="\/identity\/account#news">/);
    expect(first.text).toContain('<a href="/identity/account">Votre connexion</a>');
    expect((await session.open("/portal/patient/documents")).text).not.toContain("Quelque chose a changé");
    expect((await (await signedIn("fr")).open("/portal/patient")).text).not.toContain("Quelque chose a changé");
  });

  it("ends the session for a cookie that was kept elsewhere too", async () => {
    const session = await signedIn();
    const copy = browser();
    copy.cookies.set("__Host-dsp-session", session.cookies.get("__Host-dsp-session") ?? "");
    const { text } = await copy.open("/portal/patient");
    await session.submit(text, "/portal/sign-out", {});
    expect((await copy.request("/portal/patient")).headers.get("Location")).toMatch(/^\/portal\/sign-in/);
  });

  it("does not accept a state that this browser did not begin", async () => {
    expect((await browser().open("/portal/signed-in?code=x&state=y")).status).toBe(400);
  });

  it("works although the answer to the code was lost", async () => {
    portal.identity.person = marie;
    portal.identity.loseNextAnswer = false;
    const session = browser();
    const pushed = await session.request("/portal/sign-in");
    portal.identity.loseNextAnswer = true;
    const page = await session.open(pushed.headers.get("Location") ?? "");
    expect(page).toMatchObject({ status: 200, path: "/portal/patient" });
  });

  it("shows each only what is theirs", async () => {
    portal.identity.person = hoffmann;
    const session = browser();
    expect((await session.open("/portal/home")).path).toBe("/portal/professional");
    const home = await session.open("/portal/sign-in");
    expect(home.path).toBe("/portal/professional");
    expect((await session.open("/portal/patient")).status).toBe(403);
    expect((await session.open("/portal/operator")).status).toBe(403);
  });
});

describe("a session", () => {
  it("is neither in PostgreSQL nor in Redis in a form that anybody could use", async () => {
    const session = await signedIn();
    const secret = session.cookies.get("__Host-dsp-session") ?? "";
    const rows = await portal.postgres.query<{ row: string }>(
      portal.postgres.at(0),
      "SELECT encode(id, 'base64') || encode(sealed, 'escape') AS row FROM portal.session",
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.some(({ row }) => row.includes(secret) || row.includes("eyJ"))).toBe(false);
  });

  it.each(["seen_at", "created_at"])("ends by itself once its %s is long ago", async (time) => {
    const session = await signedIn();
    const secret = session.cookies.get("__Host-dsp-session");
    // What Redis holds would hide what is changed beside the portal.
    portal.redis.freeze();
    try {
      expect((await session.open("/portal/patient")).status).toBe(200);
      expect(session.cookies.get("__Host-dsp-session")).toBe(secret);
      await portal.postgres.query(portal.postgres.at(0), `UPDATE portal.session SET ${time} = now() - interval '30 days'`);
      await session.open("/portal/patient");
      expect(session.cookies.get("__Host-dsp-session")).not.toBe(secret);
    } finally {
      portal.redis.thaw();
    }
  });

  it("outlives Redis", async () => {
    const session = await signedIn();
    portal.redis.freeze();
    try {
      const begun = Date.now();
      expect((await session.open("/portal/patient")).status).toBe(200);
      expect(Date.now() - begun).toBeLessThan(5000);
    } finally {
      portal.redis.thaw();
    }
  });

  it("lets nobody in with a made-up or changed cookie", async () => {
    for (const secret of ["A".repeat(43), "", "x".repeat(500)]) {
      const session = browser();
      session.cookies.set("__Host-dsp-session", secret);
      expect((await session.request("/portal/patient")).headers.get("Location")).toMatch(/^\/portal\/sign-in/);
    }
  });

  it("renews its tokens once, whichever pods it meets", async () => {
    portal.identity.lifeS = 3;
    const session = await signedIn();
    portal.identity.lifeS = 300;
    const other = await portal.another();
    try {
      await sleep(2200);
      const before = portal.identity.refreshes;
      const cookie = `__Host-dsp-session=${session.cookies.get("__Host-dsp-session")}`;
      const ask = (pod: { fetch: (request: Request) => Promise<Response> | Response }) =>
        pod.fetch(new Request(`${portal.origin}/portal/patient`, { headers: { Cookie: cookie } }));
      const own = { fetch: (request: Request) => fetch(request) };
      const statuses = (await Promise.all([own, other, own, other, own, other].map(ask))).map(({ status }) => status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
      expect(portal.identity.refreshes - before).toBe(1);
      expect((await session.open("/portal/patient")).status).toBe(200);
    } finally {
      other.stop();
    }
  });

  it("survives a renewal whose answer was lost", async () => {
    portal.identity.lifeS = 1;
    const session = await signedIn();
    portal.identity.lifeS = 300;
    await sleep(1100);
    portal.identity.loseNextAnswer = true;
    expect((await session.open("/portal/patient")).status).toBe(200);
  });

  it("takes no form from elsewhere, nor one of another session", async () => {
    const [session, other] = [await signedIn(), await signedIn()];
    const { text } = await other.open("/portal/patient");
    expect((await session.submit(text, "/portal/sign-out", {})).status).toBe(403);
    const own = await session.open("/portal/patient");
    expect((await session.submit(own.text, "/portal/sign-out", {}, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
  });

  it("keeps what was typed, for the one who typed it", async () => {
    const session = await signedIn();
    const { text } = await session.open("/portal/patient");
    const [token = "", key = ""] = [...text.matchAll(/name="_(?:token|key)" value="([^"]+)"/g)].map(([, value]) => value ?? "");
    const body = new URLSearchParams({ _token: token, _key: key, reason: "half a sentence" });
    expect((await session.request("/portal/drafts/report", { method: "POST", body })).status).toBe(204);
    const rows = await portal.postgres.query(portal.postgres.at(0), "SELECT subject, form, content FROM portal.draft");
    expect(rows).toEqual([{ subject: "marie", form: "report", content: { reason: "half a sentence" } }]);
  });
});
