/** A real browser, driven as a person does it. */
import { type Browser, chromium, type Page } from "playwright-core";

/** In a container there is neither a sandbox for root nor a large /dev/shm. */
const flags = ["--no-sandbox", "--disable-dev-shm-usage"];

/** @param executablePath a Chromium. @throws Error when it does not start */
export function startChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags });
}

/** Notes when the last click was, when a banner was shown, and when the next page was there, where later pages of the tab find it. */
const noteTimes = `const note = (name) => sessionStorage.setItem("walk-" + name, String(Date.now()));
addEventListener("click", () => note("clicked"), true);
addEventListener("DOMContentLoaded", () => {
  note("arrived");
  new MutationObserver(() => {
    const banner = document.getElementById("banner");
    if (banner && !banner.hidden) note("banner");
  }).observe(document.documentElement, { attributes: true, subtree: true, attributeFilter: ["hidden"] });
});`;

const takeTimes = `(() => {
  const times = ["clicked", "banner", "arrived"].map((name) => Number(sessionStorage.getItem("walk-" + name)));
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
  /** From the last click until the present page was there. */
  pageMs: number;
}

/** What the last click led to, once: the next reading knows of no banner. */
export async function readWait(page: Page): Promise<Wait> {
  const [clicked, banner, arrived] = (await page.evaluate(takeTimes)) as [number, number, number];
  return { bannerMs: banner === 0 ? undefined : banner - clicked, pageMs: arrived - clicked };
}
