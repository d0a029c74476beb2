/** A patient who is signed in at the portal and goes on reading: nobody is signed out by what the platform loses. */
import type { CheckResult } from "../check.ts";
import { deadlineMs } from "../load/workloads.ts";
import type { Walk, WalkContext } from "../walk.ts";
import { beginBeat } from "./beat.ts";
import { Browser, type Page } from "./browser.ts";
import { persist } from "./persist.ts";
import { timeOf } from "./time-of.ts";
import { tryAgain } from "./try-again.ts";
import { connectWeb, type WebClient } from "./web-client.ts";

/** A synthetic patient whose password alone is enough. */
const login = "marie";
const place = "/portal/patient";
const findingsMax = 10;

/** One look at the own record. Milliseconds since 1970. */
export interface Visit {
  n: number;
  beganMs: number;
  endedMs: number;
  attempts: number;
  /** `signed out`: the portal asked who it is. `lost`: no page in the deadline. `wrong`: a page that is none of the record's. */
  outcome: "served" | "signed out" | "lost" | "wrong";
  reason?: string;
}

/** Signed out never, every visit served in the deadline. */
export function judgeVisits(visits: readonly Visit[]): CheckResult {
  const count = (outcome: Visit["outcome"]) => visits.filter((visit) => visit.outcome === outcome).length;
  const bad = visits.filter(({ outcome }) => outcome !== "served");
  const figures = {
    visits: visits.length,
    signedOut: count("signed out"),
    notServed: count("lost") + count("wrong"),
    repeated: visits.filter(({ attempts }) => attempts > 1).length,
    longestWaitMs: visits.reduce((longest, { beganMs, endedMs }) => Math.max(longest, endedMs - beganMs), 0),
  };
  if (visits.length === 0) return { verdict: "unknown", figures, findings: ["nobody visited the portal"] };
  const findings = bad
    .toSorted((left, right) => Number(right.outcome === "signed out") - Number(left.outcome === "signed out"))
    .slice(0, findingsMax)
    .map(({ n, beganMs, endedMs, attempts, outcome, reason }) => {
      const why = reason === undefined ? "" : `: ${reason}`;
      return `visit ${n} at ${timeOf(beganMs)} was ${outcome} after ${endedMs - beganMs} ms and ${attempts} attempts${why}`;
    });
  return { verdict: bad.length === 0 ? "valid" : "invalid", figures, findings };
}

/** What an answer means to somebody who was signed in. */
export function readPage({ status, location, text }: Page): Pick<Visit, "outcome" | "reason"> {
  if (location !== undefined)
    return { outcome: location.pathname.startsWith("/portal/sign-in") ? "signed out" : "wrong", reason: `sent to ${location.pathname}` };
  if (status === 401) return { outcome: "signed out", reason: "HTTP 401" };
  if (status !== 200) return { outcome: "wrong", reason: `HTTP ${status}` };
  // Only a page for somebody who is signed in offers to sign out.
  return text.includes('action="/portal/sign-out"') ? { outcome: "served" } : { outcome: "wrong", reason: "a page for nobody" };
}

async function signInOnce(client: WebClient, origin: string, password: string, signal: AbortSignal): Promise<Browser> {
  const browser = new Browser(client);
  const asked = await browser.go({ url: new URL(`/portal/sign-in?return=${encodeURIComponent(place)}`, origin), signal });
  const page = await browser.submit(asked, { login, password }, signal);
  const { outcome, reason } = readPage(page);
  if (outcome !== "served" || page.url.pathname !== place)
    throw new Error(`the sign-in ended at ${page.url.pathname} (HTTP ${page.status})${reason === undefined ? "" : `: ${reason}`}`);
  return browser;
}

async function signIn(client: WebClient, { target, signal }: WalkContext): Promise<Browser> {
  const password = await target.readDemoPassword();
  const { origin } = new URL(target.publicUrl);
  return tryAgain(() => signInOnce(client, origin, password, signal), signal);
}

async function visit(browser: Browser, n: number, { target, signal }: WalkContext): Promise<Visit> {
  const url = new URL(place, target.publicUrl);
  const beganMs = Date.now();
  const { answer, attempts, reason } = await persist({
    beganMs,
    signal,
    attempt: (timeoutMs) => browser.visit({ url, timeoutMs, signal }),
  });
  const common = { n, beganMs, endedMs: Date.now(), attempts };
  if (answer === undefined) return { ...common, outcome: "lost", reason: `no page in ${deadlineMs} ms: ${reason ?? "never asked"}` };
  return { ...common, ...readPage(answer) };
}

export const signedIn: Walk = {
  name: "signed-in",
  services: ["identity", "portal", "record"],
  title: "A patient who is signed in stays so, and every visit is served",
  async begin(context) {
    const client = connectWeb(context.target.caFile);
    context.signal.addEventListener("abort", () => client.close(), { once: true });
    const browser = await signIn(client, context);
    const visits: Visit[] = [];
    const beat = beginBeat(
      async (n) => {
        visits.push(await visit(browser, n, context));
      },
      { everyMs: 1_000, overlap: false, signal: context.signal },
    );
    return {
      async end() {
        await beat.stop();
        client.close();
        return judgeVisits(visits);
      },
    };
  },
};
