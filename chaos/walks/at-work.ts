/** A patient at work in a real browser: types a note, reloads the page, adds it to the record, again and again. */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { z } from "zod";
import type { CheckResult } from "../check.ts";
import { deadlineMs } from "../load/workloads.ts";
import type { Walk, WalkContext } from "../walk.ts";
import { beginBeat } from "./beat.ts";
import { noteWaits, readWait, startGentleChromium, type Wait } from "./chromium.ts";
import { persist } from "./persist.ts";
import { timeOf } from "./time-of.ts";
import { tryAgain } from "./try-again.ts";
import { connectWeb, type WebAnswer, type WebClient } from "./web-client.ts";

/** A synthetic patient whose password alone is enough. */
const login = "lucas";
const patient = "demo-lucas";
const place = "/portal/patient/upload";
const form = `form[action="${place}"]`;
/** A person reads and thinks between two notes; the lab's processors carry the browser and the platform. */
const everyMs = 5_000;
/** Longer than any drill. */
const tokenTtlS = 3_600;
/** The portal says that it takes a while when, and only when, a wait passes 2 s; a page that comes just then may be quicker than the words. */
const bannerFromMs = 1_900;
const bannerUntilMs = 3_000;
const pageSize = 200;
const pagesMax = 50;
const findingsMax = 10;

/** One note, from the empty form to the portal's word that it is in the record. Times in milliseconds, `beganMs` since 1970. */
export interface TypedNote {
  /** By which it is found again: unique to the run and the note. */
  name: string;
  text: string;
  beganMs: number;
  openMs?: number;
  reloadMs?: number;
  /** From the click that adds it. */
  wait?: Wait;
  /** `forgotten`: the reloaded page no longer had what was typed. `no page`: what was asked for did not come, or not in the deadline. */
  outcome: "added" | "forgotten" | "no page";
  reason?: string;
}

/** One document of the record, in the record's own words. */
export interface StoredNote {
  name: string;
  text: string;
}

function tellWait({ wait }: TypedNote): string | undefined {
  if (wait === undefined) return undefined;
  const { bannerMs, leftMs } = wait;
  if (bannerMs === undefined)
    return leftMs > bannerUntilMs ? `was waited for ${leftMs} ms, and nothing said that it takes a while` : undefined;
  return bannerMs < bannerFromMs ? `was said to take a while after ${bannerMs} ms` : undefined;
}

/** Every page there in the deadline, nothing typed is forgotten, what the portal says was added is in the record once and as it was typed. */
export function judgeNotes(typed: readonly TypedNote[], stored: readonly StoredNote[]): CheckResult {
  const found = Map.groupBy(stored, ({ name }) => name);
  const of = ({ name }: TypedNote) => found.get(name) ?? [];
  const added = typed.filter(({ outcome }) => outcome === "added");
  const lost = added.filter((note) => of(note).length === 0);
  const doubled = typed.filter((note) => of(note).length > 1);
  const changed = typed.filter((note) => of(note).some(({ text }) => text !== note.text));
  const forgotten = typed.filter(({ outcome }) => outcome === "forgotten");
  const noPage = typed.filter(({ outcome }) => outcome === "no page");
  const wrongWaits = typed.flatMap((note) => tellWait(note) ?? []);
  const longest = (of: (note: TypedNote) => number | undefined) => typed.reduce((most, note) => Math.max(most, of(note) ?? 0), 0);
  const figures = {
    typed: typed.length,
    added: added.length,
    lost: lost.length,
    doubled: doubled.length,
    changed: changed.length,
    forgotten: forgotten.length,
    withoutPage: noPage.length,
    banners: typed.filter(({ wait }) => wait?.bannerMs !== undefined).length,
    wrongBanners: wrongWaits.length,
    longestOpenMs: longest(({ openMs }) => openMs),
    longestReloadMs: longest(({ reloadMs }) => reloadMs),
    longestAddMs: longest(({ wait }) => wait?.pageMs),
  };
  if (typed.length === 0) return { verdict: "unknown", figures, findings: ["nobody typed anything"] };
  const tell = (notes: readonly TypedNote[], what: string) =>
    notes.map(
      ({ name, beganMs, reason }) => `the note "${name}" of ${timeOf(beganMs)} ${what}${reason === undefined ? "" : `: ${reason}`}`,
    );
  const findings = [
    ...tell(lost, "was added, the portal said, and is not in the record"),
    ...tell(doubled, "is in the record more than once"),
    ...tell(changed, "is not in the record as it was typed"),
    ...tell(forgotten, "was forgotten when the page was reloaded"),
    ...tell(noPage, "had no page"),
    ...typed.flatMap((note) => {
      const wrong = tellWait(note);
      return wrong === undefined ? [] : tell([note], wrong);
    }),
  ];
  return { verdict: findings.length === 0 ? "valid" : "invalid", figures, findings: findings.slice(0, findingsMax) };
}

async function signInOnce(browser: Browser, { target }: WalkContext): Promise<Page> {
  const context = await browser.newContext({ baseURL: new URL(target.publicUrl).origin, locale: "en-GB" });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(deadlineMs);
    await noteWaits(page);
    await page.goto(`/portal/sign-in?return=${encodeURIComponent(place)}`);
    if (new URL(page.url()).pathname !== place) {
      await page.fill("input[name=login]", login);
      await page.fill("input[type=password]", await target.readDemoPassword());
      await page.keyboard.press("Enter");
      await page.waitForURL(`**${place}`);
    }
    return page;
  } catch (failure) {
    await context.close();
    throw failure;
  }
}

/** @returns the page with the empty form. @throws Error when nobody was let in */
export function signIn(browser: Browser, context: WalkContext): Promise<Page> {
  return tryAgain(() => signInOnce(browser, context), context.signal);
}

const firstLine = (failure: unknown) => (failure instanceof Error ? failure.message : String(failure)).split("\n")[0] ?? "";

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return Math.round(performance.now() - beganMs);
}

const typedIn = async (page: Page) => [await page.inputValue("#field-name"), await page.inputValue("#field-note")] as const;

async function typeNote(page: Page, note: TypedNote): Promise<TypedNote> {
  const { name, text } = note;
  const openMs = await timed(() => page.goto(place));
  await page.fill("#field-name", name);
  await page.fill("#field-note", text);
  const reloadMs = await timed(() => page.reload());
  const [keptName, keptText] = await typedIn(page);
  const times = { ...note, openMs, reloadMs };
  if (keptName !== name || keptText !== text)
    return { ...times, outcome: "forgotten", reason: `"${keptName}" and ${keptText.length} of ${text.length} characters were there` };
  await page.click(`${form} button:not([name])`, { noWaitAfter: true });
  await page.waitForURL("**/portal/patient/documents?done=added");
  return { ...times, wait: await readWait(page), outcome: "added" };
}

type Turn = Pick<WalkContext, "runName" | "signal" | "folder">;

/** The n-th note; of one that was not added there is a picture of what the person saw instead. @throws Error only when the run is over */
export async function takeTurn(page: Page, n: number, { runName, signal, folder }: Turn): Promise<TypedNote> {
  const name = `${runName} ${n}`;
  const text = `${name}: a synthetic note that nobody wants to type again.`;
  const note: TypedNote = { name, text, beganMs: Date.now(), outcome: "no page" };
  const became = await typeNote(page, note).catch((failure) => {
    signal.throwIfAborted();
    return { ...note, reason: `${firstLine(failure)} (at ${new URL(page.url()).pathname})` };
  });
  if (became.outcome !== "added") {
    // Chromium cannot be pictured while its own page of errors is only just coming.
    await tryAgain(() => page.screenshot({ path: join(folder, `browser-${n}.png`) }), signal).catch(() => undefined);
  }
  return became;
}

const bundleSchema = z.object({
  entry: z
    .array(
      z.object({
        resource: z.object({
          resourceType: z.string(),
          description: z.string().optional(),
          content: z.array(z.object({ attachment: z.object({ url: z.string().optional() }) })).optional(),
        }),
      }),
    )
    .default([]),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).default([]),
});

/** The notes of this run in the record, each with what it says. @throws Error when they cannot be read */
async function readNotes(client: WebClient, { target, runName, signal }: WalkContext): Promise<StoredNote[]> {
  const token = await target.makeUserToken({ role: "patient", person: `Patient/${patient}`, patient, ttlSeconds: tokenTtlS });
  const ask = async (url: URL, accept: string): Promise<WebAnswer> => {
    const headers = { authorization: `Bearer ${token}`, accept, "cache-control": "no-cache" };
    const attempt = (timeoutMs: number) => client.ask({ url, headers, timeoutMs, signal });
    const { answer, reason } = await persist({ beganMs: Date.now(), signal, attempt });
    if (answer?.status !== 200)
      throw new Error(`${url.pathname} cannot be read: ${answer === undefined ? reason : `HTTP ${answer.status}`}`);
    return answer;
  };
  const base = `${target.publicUrl}/`;
  const found: StoredNote[] = [];
  let url: URL | undefined = new URL(`DocumentReference?patient=${patient}&_count=${pageSize}`, base);
  for (let page = 0; url !== undefined; page += 1) {
    if (page >= pagesMax) throw new Error(`the record has more than ${pagesMax * pageSize} documents of ${patient}`);
    const { entry, link } = bundleSchema.parse(JSON.parse((await ask(url, "application/fhir+json")).body));
    for (const { resource } of entry) {
      const content = resource.content?.[0]?.attachment.url;
      if (!resource.description?.startsWith(`${runName} `) || content === undefined) continue;
      const { body } = await ask(new URL(content, base), "text/plain");
      found.push({ name: resource.description, text: body.trimEnd() });
    }
    const next = link.find(({ relation }) => relation === "next")?.url;
    url = next === undefined ? undefined : new URL(next, base);
  }
  return found;
}

export const atWork: Walk = {
  name: "at-work",
  services: ["identity", "portal", "record"],
  title: "Somebody who works in a browser sees every page, loses nothing typed, and what was added is there once",
  needsBrowser: true,
  async begin(context) {
    const { target, signal } = context;
    if (target.browserPath === undefined) throw new Error("this machine has no Chromium");
    const browser = await startGentleChromium(target.browserPath);
    const close = () => browser.close().catch(() => undefined);
    signal.addEventListener("abort", close, { once: true });
    const page = await signIn(browser, context).catch(async (failure) => {
      await close();
      throw failure;
    });
    const typed: TypedNote[] = [];
    const beat = beginBeat(
      async (n) => {
        typed.push(await takeTurn(page, n, context));
      },
      { everyMs, overlap: false, signal },
    );
    return {
      async end() {
        await beat.stop();
        await close();
        const client = connectWeb(target.caFile);
        try {
          return judgeNotes(typed, await readNotes(client, context));
        } finally {
          client.close();
        }
      },
    };
  },
};
