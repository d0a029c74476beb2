/** A real browser, driven as a person does it. */
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

/** In a container there is neither a sandbox for root nor a large /dev/shm. */
const flags = ["--no-sandbox", "--disable-dev-shm-usage"];

const gentle = join(import.meta.dirname, "gentle-chromium.sh");

/** @param executablePath a Chromium. @throws Error when it does not start */
export function startChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags });
}

/**
 * Beside a drill: it yields the processors to the lab. It does not know the stack's authority, and lets no page have a worker whose certificate it
 * could not check; the load and the other walks check it.
 * @param executablePath a Chromium. @throws Error when it does not start
 */
export function startGentleChromium(executablePath: string): Promise<Browser> {
  const env = { ...process.env, DSP_WALK_CHROMIUM: executablePath };
  return chromium.launch({ executablePath: gentle, env, args: [...flags, "--ignore-certificate-errors"] });
}

/** Notes when the last click was, when a banner was shown, and when the next page began and was there, where later pages of the tab find it. */
const noteTimes = `const note = (name) => sessionStorage.setItem("walk-" + name, String(Date.now()));
note("began");
addEventListener("click", () => note("clicked"), true);
addEventListener("DOMContentLoaded", () => {
  note("arrived");
  new MutationObserver(() => {
    const banner = document.getElementById("banner");
    if (banner && !banner.hidden) note("banner");
  }).observe(document.documentElement, { attributes: true, subtree: true, attributeFilter: ["hidden"] });
});`;

const takeTimes = `(() => {
  const times = ["clicked", "banner", "began", "arrived"].map((name) => Number(sessionStorage.getItem("walk-" + name)));
  sessionStorage.removeItem("walk-banner");
  return times;
})()`;

/** Pages of the tab opened from now on note what `readWait` reads. */
export function noteWaits(page: Page): Promise<unknown> {
  return page.addInitScript(noteTimes);
}

export interface Wait {
  /** From the last click until a banner said that it takes a while; undefined: none did. */
  bannerMs: number | undefined;
  /** From the last click until the present page began to come: so long the page before it can say something. */
  leftMs: number;
  /** From the last click until the present page was there. */
  pageMs: number;
}

/** What the last click led to, once: the next reading knows of no banner. */
export async function readWait(page: Page): Promise<Wait> {
  const [clicked, banner, began, arrived] = (await page.evaluate(takeTimes)) as [number, number, number, number];
  return { bannerMs: banner === 0 ? undefined : banner - clicked, leftMs: began - clicked, pageMs: arrived - clicked };
}
