/** The short set of drills, as an SRE runs it: each is judged by what its clients saw. The report stays in reports/drills. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { paths } from "../../infra/lab/paths.ts";
import { waitForHealth } from "./platform-under-test.ts";

/** Test machines are shared and slow at times: a stall may be so many times its bar here. What is lost or doubled has no room. */
const room = 3;
const setLimitMs = 25 * 60_000;
const healthTimeoutMs = 6 * 60_000;

const printedSchema = z.object({
  drills: z.array(
    z.object({ name: z.string(), verdict: z.string(), failed: z.number(), lost: z.number().nullable(), doubled: z.number().nullable() }),
  ),
});

/** Runs `./dsp drill short` and shows its progress. */
async function runShortSet(): Promise<z.infer<typeof printedSchema>["drills"]> {
  const child = spawn(join(paths.checkout, "dsp"), ["drill", "short", "--room", String(room), "--json"], {
    cwd: paths.checkout,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: setLimitMs,
  });
  let printed = "";
  for await (const line of createInterface({ input: child.stdout })) printed = line;
  return printedSchema.parse(JSON.parse(printed)).drills;
}

beforeAll(() => waitForHealth(healthTimeoutMs), healthTimeoutMs + 30_000);

describe("the short set of drills", () => {
  it("is valid: pod, Redis, edge, primary, node and site lost, nobody noticed more than a wait", { timeout: setLimitMs }, async () => {
    const drills = await runShortSet();
    expect(drills.length).toBe(6);
    expect(drills.map(({ name, lost, doubled }) => ({ name, lost, doubled }))).toEqual(
      drills.map(({ name }) => ({ name, lost: 0, doubled: 0 })),
    );
    expect(drills.filter(({ verdict }) => verdict !== "valid")).toEqual([]);
  });
});
