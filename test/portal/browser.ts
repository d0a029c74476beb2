import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startChromium } from "../../chaos/walks/chromium.ts";
import { findChromium } from "../../infra/cli/test-servers.ts";

const executable = findChromium();

export const hasBrowser = executable !== undefined;
export const whyNot = "no Chromium (apt-get install chromium, or set DSP_TEST_CHROMIUM): the walk through the portal is not run";

/** @throws Error where there is no Chromium */
export function startBrowser(): Promise<Browser> {
  if (executable === undefined) throw new Error(whyNot);
  return startChromium(executable);
}

const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export interface Violation {
  id: string;
  help: string;
  targets: string[];
}

/** What axe-core finds wrong on the page, by WCAG 2.2 A and AA and its own best practices. */
export async function violations(page: Page): Promise<Violation[]> {
  // The page's policy lets no foreign script in; the debugger's way is open.
  await page.evaluate(await axeSource());
  return (await page.evaluate(`axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(({ violations }) =>
    violations.map(({ id, help, nodes }) => ({ id, help, targets: nodes.map(({ target, failureSummary }) => target.join(" ") + ": " + failureSummary) })))`)) as Violation[];
}

let source: string | undefined;

async function axeSource(): Promise<string> {
  source ??= await readFile(axeFile, "utf8");
  return source;
}

const pictures = join(import.meta.dirname, "../../reports/portal");

/** For people to look at; never compared. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** Whether the page is wider than its window: people would have to scroll sideways. */
export async function isTooWide(page: Page): Promise<boolean> {
  return (await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")) as boolean;
}
