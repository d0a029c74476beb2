/** Breaks the platform under a steady stream of writes: none may be lost, doubled, or fail within its deadline. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { promises } from "../../chaos/promises.ts";
import type { PlatformStatus } from "../../infra/cli/platform/platform-status.ts";
import {
  authority,
  fhirUrl,
  queryPrimary,
  room,
  runTool,
  say,
  statusWithPrimary,
  systemToken,
  trustPlatform,
  waitForHealth,
} from "./platform-under-test.ts";
import { longestStallMs, startWriter, type Write, type Writer } from "./steady-writer.ts";

const writesPerSecond = 20;
/**
 * How long a client of this test goes on with a write, repeating it with its key when a service says 503 after the 20 s that it holds a
 * request: what is promised for the loss of a site, with the room that the short set of drills has.
 */
const deadlineMs = room * promises.site.stallBarMs;
const quietMs = 5_000;
const healthTimeoutMs = 6 * 60_000;
/** Machines of a building are switched on one after another. */
const nextNodeAfterMs = 12_000;
const failuresShown = 5;
const pageSize = 200;
const codeSystem = "urn:dsp:test:run";

let token: string;

interface Run {
  /** Names the run in every resource it writes. */
  name: string;
  patient: string;
  writer: Writer;
}

interface Page {
  entry?: { resource: { id: string; valueInteger: number } }[];
  link?: { relation: string; url: string }[];
}

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const url = path.startsWith("https:") ? path : `${fhirUrl}/${path}`;
  const answer = await fetch(url, {
    ...init,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/fhir+json" },
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function startRun(title: string): Promise<Run> {
  const name = `${title}-${Date.now().toString(36)}`;
  const body = JSON.stringify({ resourceType: "Patient", name: [{ family: `Synthetic ${name}` }] });
  const { id: patient } = await call<{ id: string }>("Patient", { method: "POST", body });
  const writer = startWriter({
    url: `${fhirUrl}/Observation`,
    token,
    authority,
    writesPerSecond,
    deadlineMs,
    body: (n) => ({
      resourceType: "Observation",
      status: "final",
      code: { coding: [{ system: codeSystem, code: name }] },
      subject: { reference: `Patient/${patient}` },
      effectiveDateTime: new Date().toISOString(),
      valueInteger: n,
    }),
  });
  return { name, patient, writer };
}

/** Everything of the run that the API shows, by paging through a search. */
async function readBack({ name, patient }: Run): Promise<{ id: string; n: number }[]> {
  const found: { id: string; n: number }[] = [];
  let next: string | undefined = `Observation?patient=${patient}&code=${encodeURIComponent(`${codeSystem}|${name}`)}&_count=${pageSize}`;
  while (next !== undefined) {
    const page: Page = await call<Page>(next);
    for (const { resource } of page.entry ?? []) found.push({ id: resource.id, n: resource.valueInteger });
    next = page.link?.find(({ relation }) => relation === "next")?.url;
  }
  return found;
}

function summarize(writes: readonly Write[]): string {
  const retried = writes.filter(({ attempts }) => attempts > 1).length;
  const failed = writes.filter(({ failure }) => failure !== undefined).length;
  return `${writes.length} writes, ${retried} sent more than once, ${failed} failed`;
}

async function expectExactlyOnce(run: Run): Promise<void> {
  const { writes } = run.writer;
  const failures = writes.filter(({ failure }) => failure !== undefined).map(({ n, failure }) => `${n}: ${failure}`);
  expect(failures.slice(0, failuresShown), `${failures.length} writes failed`).toEqual([]);
  const acknowledged = writes.filter(({ id }) => id !== undefined).map(({ id, n }) => `${n} ${id}`);
  const shown = (await readBack(run)).map(({ id, n }) => `${n} ${id}`);
  expect(shown.toSorted(), "what the API shows is what was acknowledged, each once").toEqual(acknowledged.toSorted());
  const stored = await queryPrimary(
    `select count(*), count(distinct id) from record.resource_version where type = 'Observation' and '${run.patient}' = any(patient_ids)`,
  );
  expect(stored, "rows and resources in the primary").toEqual([`${writes.length}|${writes.length}`]);
  const audited = await queryPrimary(
    `select count(*) from record.audit_event where resource_type = 'Observation' and interaction = 'create' and outcome = '0' and patient_id = '${run.patient}'`,
  );
  expect(audited, "audit events of the writes").toEqual([`${writes.length}`]);
}

/** The site that hurts most: with the primary, and with the virtual IP where they are together. */
function worstSite(status: PlatformStatus): { name: string; nodes: string[]; why: string } {
  const edgeSite = status.edge.instances.find(({ holdsAddress }) => holdsAddress === true)?.site;
  const primarySite = status.postgres.instances.find(({ role }) => role === "primary")?.site;
  const dataSites = status.sites.filter(({ nodes }) => nodes.some(({ roles }) => roles.includes("worker"))).map(({ name }) => name);
  const name = primarySite !== undefined && dataSites.includes(primarySite) ? primarySite : edgeSite;
  const nodes = status.sites.find((site) => site.name === name)?.nodes.map((node) => node.name) ?? [];
  if (name === undefined || nodes.length === 0) throw new Error("no site to kill: neither primary nor edge holder is known");
  const holds = [...(name === primarySite ? ["the PostgreSQL primary"] : []), ...(name === edgeSite ? ["the virtual IP"] : [])];
  return { name, nodes, why: `holds ${holds.join(" and ")}` };
}

beforeAll(async () => {
  trustPlatform();
  token = await systemToken();
  await waitForHealth(healthTimeoutMs);
}, healthTimeoutMs + 30_000);

describe("under a steady stream of writes", () => {
  it("the PostgreSQL primary's pod is killed: no write is lost, doubled or fails", { timeout: healthTimeoutMs + 180_000 }, async () => {
    const run = await startRun("primary-killed");
    let faultMs = 0;
    try {
      await delay(quietMs);
      const { postgres } = await statusWithPrimary();
      say(`deleting ${postgres.primary} by force`);
      faultMs = performance.now();
      await runTool("kubectl", ["--namespace", "dsp", "delete", "pod", postgres.primary, "--grace-period=0", "--force", "--wait=false"]);
      await delay(30_000);
    } finally {
      await run.writer.stop();
    }
    const { writes } = run.writer;
    say(`primary killed: longest stall ${longestStallMs(writes, faultMs - deadlineMs, Number.POSITIVE_INFINITY)} ms; ${summarize(writes)}`);
    await waitForHealth(healthTimeoutMs);
    await expectExactlyOnce(run);
  });

  describe("a whole site is killed", () => {
    let killed: string[] = [];
    afterAll(async () => {
      // Whatever happened: the site comes back.
      if (killed.length > 0) await runTool("docker", ["start", ...killed]);
      await waitForHealth(healthTimeoutMs);
    }, healthTimeoutMs + 60_000);

    it("no write is lost, doubled or fails, neither when it dies nor when it comes back", {
      timeout: healthTimeoutMs + 300_000,
    }, async () => {
      const run = await startRun("site-killed");
      let faultMs = 0;
      let backMs = 0;
      try {
        await delay(quietMs);
        const site = worstSite(await statusWithPrimary());
        say(`killing ${site.name} (${site.nodes.join(", ")}), which ${site.why}`);
        killed = site.nodes;
        faultMs = performance.now();
        await runTool("docker", ["kill", ...site.nodes]);
        await delay(45_000);
        const during = await statusWithPrimary();
        say(`while it is down: ${during.reasons.join("; ")}`);
        expect(during.healthy).toBe(false);
        say(`starting ${site.name} again`);
        backMs = performance.now();
        for (const node of site.nodes) {
          await runTool("docker", ["start", node]);
          await delay(nextNodeAfterMs);
        }
        killed = [];
        await waitForHealth(healthTimeoutMs);
      } finally {
        await run.writer.stop();
      }
      const { writes } = run.writer;
      say(
        `site killed: longest stall ${longestStallMs(writes, faultMs - deadlineMs, backMs)} ms; back: ${longestStallMs(writes, backMs, Number.POSITIVE_INFINITY)} ms; ${summarize(writes)}`,
      );
      await expectExactlyOnce(run);
    });
  });
});
