import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { CommandError } from "./child-process.ts";
import { type RecipeStopped, runRecipe, type Step, StepError, stepLogName } from "./recipe.ts";

const logFolder = mkdtempSync(join(tmpdir(), "dsp-recipe-"));
afterAll(() => rmSync(logFolder, { recursive: true, force: true }));

async function cook(steps: Step[], heartbeatMs = 20_000): Promise<{ shown: string; stopped: RecipeStopped | undefined }> {
  const parts: string[] = [];
  const stream = new Writable({
    write(part, _encoding, done) {
      parts.push(String(part));
      done();
    },
  }) as unknown as NodeJS.WriteStream;
  let stopped: RecipeStopped | undefined;
  await runRecipe(steps, { logFolder, resumeAdvice: "Run it again.", stream, heartbeatMs }).catch((failure) => {
    stopped = failure;
  });
  return { shown: parts.join(""), stopped };
}

describe("runRecipe", () => {
  it("runs the steps in order and shows their short results", async () => {
    const order: string[] = [];
    const step = (name: string, result?: string): Step => ({
      name,
      run: async () => {
        order.push(name);
        return result;
      },
    });
    const { shown, stopped } = await cook([step("one", "7 nodes"), step("two")]);
    expect(stopped).toBeUndefined();
    expect(order).toEqual(["one", "two"]);
    expect(shown).toMatch(/✓ one\s+7 nodes, \d+ ms\n/);
  });

  it("stops at a failure: says what failed, the end of the log, and what to do", async () => {
    const later = { ran: false };
    const { shown, stopped } = await cook([
      {
        name: "Container engine",
        run: async ({ run, log }) => {
          log("a line only for the log");
          await run("sh", ["-c", "echo told; echo so >&2; exit 3"]).catch((cause) => {
            throw new StepError("the engine did not start", "Start it by hand.", { cause });
          });
        },
      },
      {
        name: "later",
        run: async () => {
          later.ran = true;
        },
      },
    ]);
    expect(stopped?.exitCode).toBe(1);
    expect(later.ran).toBe(false);
    expect(shown).toContain("✗ Container engine");
    expect(shown).toMatch(/the engine did not start[\s\S]*told\n\s*so[\s\S]*What to do: Start it by hand\. Run it again\./);
    expect(readFileSync(join(logFolder, stepLogName("Container engine")), "utf8")).toContain("a line only for the log");
  });

  it("shows what is being done while a step takes long", async () => {
    const { shown } = await cook(
      [
        {
          name: "slow",
          run: async ({ progress, run }) => {
            progress("waiting for pg");
            await run("sleep", ["0.2"]);
          },
        },
      ],
      50,
    );
    expect(shown).toMatch(/slow: \d+ ms, waiting for pg/);
  });

  it("ends with 130 on an interrupt, stops the running program and all it started, and says how to go on", async () => {
    const marker = join(logFolder, "survivor");
    const { shown, stopped } = await cook([
      {
        name: "long",
        run: async ({ run }) => {
          setTimeout(() => process.emit("SIGINT", "SIGINT"), 100);
          await run("sh", ["-c", `(sleep 1; touch ${marker}) & wait`]);
        },
      },
    ]);
    expect(stopped?.exitCode).toBe(130);
    expect(shown).toMatch(/interrupted[\s\S]*Run it again\./);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(existsSync(marker)).toBe(false);
  });
});

describe("run", () => {
  const runIn = async (use: (run: Parameters<Step["run"]>[0]["run"]) => Promise<void>) => {
    let failure: unknown;
    const keep = (caught: unknown) => {
      failure = caught;
    };
    await cook([{ name: "command", run: ({ run }) => use(run).catch(keep) }]);
    return failure;
  };

  it("gives standard output, takes input, and hands over lines as they come", async () => {
    const lines: string[] = [];
    const failure = await runIn(async (run) => {
      expect(await run("cat", [], { input: "one\ntwo", onLine: (line) => lines.push(line) })).toBe("one\ntwo");
      expect(await run("sh", ["-c", "echo $WORD; exit 4"], { env: { WORD: "kept" }, allowFailure: true })).toBe("kept\n");
    });
    expect(failure).toBeUndefined();
    expect(lines).toEqual(["one", "two"]);
  });

  it("tells a program that is missing, one that fails and one that takes too long apart", async () => {
    expect(await runIn(async (run) => void (await run("no-such-program", [])))).toMatchObject({
      message: expect.stringMatching(/could not be started/),
    });
    const failed = await runIn(async (run) => void (await run("sh", ["-c", "echo why >&2; exit 5"])));
    expect(failed).toBeInstanceOf(CommandError);
    expect(failed).toMatchObject({ exitCode: 5, stderr: "why\n" });
    expect(await runIn(async (run) => void (await run("sleep", ["5"], { timeoutMs: 100 })))).toMatchObject({
      message: expect.stringMatching(/ran longer than 0\.1 s/),
    });
  });
});
