/** The drills' walk of somebody at work in a browser, at portals as they are: what it sees of one that dies, and of none at all. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeTarget } from "../../chaos/run/testing/made-drill.ts";
import { signIn, takeTurn } from "../../chaos/walks/at-work.ts";
import { PortalProcesses } from "../../services/portal/testing/portal-processes.ts";
import { marie } from "../../services/portal/testing/test-portal.ts";
import { hasBrowser, startBrowser } from "./browser.ts";

let platform: PortalProcesses;
let browser: Browser;
let page: Page;
let folder: string;

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), "dsp-at-work-"));
  [platform, browser] = await Promise.all([PortalProcesses.start(marie), startBrowser()]);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await platform?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const context = () => ({
  ...{ target: madeTarget("/nowhere", { publicUrl: `${platform.edge.origin}/fhir` }), runName: "made" },
  ...{ folder, signal: new AbortController().signal },
});

describe.skipIf(!hasBrowser)("the walk of somebody at work in a browser", () => {
  it("types, reloads and adds, and a portal that dies changes nothing", async () => {
    page = await signIn(browser, context());
    const text = "made 1: a synthetic note that nobody wants to type again.";
    expect(await takeTurn(page, 1, context())).toMatchObject({ name: "made 1", text, outcome: "added" });
    const { serving } = platform;
    platform.kill(serving);
    try {
      expect(await takeTurn(page, 2, context())).toMatchObject({ name: "made 2", outcome: "added" });
    } finally {
      await platform.run(serving);
    }
  });

  it("says that there was no page, and keeps a picture of what there was instead", async () => {
    for (const pod of [0, 1]) platform.kill(pod);
    try {
      const note = await takeTurn(page, 3, context());
      expect(note).toMatchObject({ outcome: "no page", reason: expect.stringContaining("/portal/patient/upload") });
      expect(await readdir(folder)).toEqual(["browser-3.png"]);
    } finally {
      await Promise.all([0, 1].map((pod) => platform.run(pod)));
    }
  });
});
