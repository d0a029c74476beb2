/** The short set of drills, as an SRE runs it: each is judged by what its clients saw. The report stays in reports/drills. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { paths } from "../../infra/lab/paths.ts";
import { room, say, waitForHealth } from "./platform-under-test.ts";

const setLimitMs = 25 * 60_000;
const healthTimeoutMs = 6 * 60_000;

const printedSchema = z.object({
  drills: z.array(
    z.object({ name: z.string(), verdict: z.string(), failed: z.number(), lost: z.number().nullable(), doubled: z.number().nullable() }),
  ),
});

type Printed = z.infer<typeof printedSchema>["drills"];

/** Runs the drills and shows their progress. */
async function runDrills(names: readonly string[]): Promise<Printed> {
  const child = spawn(join(paths.checkout, "dsp"), ["drill", ...names, "--room", String(room), "--json"], {
    cwd: paths.checkout,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: setLimitMs,
  });
  let printed = "";
  for await (const line of createInterface({ input: child.stdout })) printed = line;
  return printedSchema.parse(JSON.parse(printed)).drills;
}

function nothingLost(drills: Printed): boolean {
  return drills.every(({ lost, doubled }) => lost === 0 && doubled === 0);
}

beforeAll(() => waitForHealth(healthTimeoutMs), healthTimeoutMs + 30_000);

describe("the short set of drills", () => {
  it("is valid: pod, Redis, edge, primary, node and site lost, nobody noticed more than a wait", { timeout: 2 * setLimitMs }, async () => {
    const first = await runDrills(["short"]);
    expect(first.length).toBe(6);
    expect(first.filter((drill) => !nothingLost([drill]))).toEqual([]);
    const missed = first.filter(({ verdict }) => verdict !== "valid").map(({ name }) => name);
    if (missed.length === 0) return;
    // The promise is 19 of 20 runs: one miss is seen again before it is believed. What is lost or doubled has no second chance.
    say(`not valid at first: ${missed.join(", ")}; once more`);
    const second = await runDrills(missed);
    expect(nothingLost(second)).toBe(true);
    expect(second.filter(({ verdict }) => verdict !== "valid")).toEqual([]);
  });
});
