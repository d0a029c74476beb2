import { setTimeout as delay } from "node:timers/promises";
import { type Command, exitCodes } from "./command.ts";
import type { PlatformStatus } from "./platform/platform-status.ts";
import { readPlatform } from "./platform/read-platform.ts";
import { showStatus } from "./platform/show-status.ts";
import { StepError } from "./recipe.ts";
import { readStackFile, type StackFile } from "./stack-file.ts";

const watchIntervalMs = 2_000;
const exitCodeUnknown = 2;

/** Without a stack there is nothing to be healthy or unhealthy. */
function findStack(name: string): StackFile | undefined {
  try {
    return readStackFile(name);
  } catch (failure) {
    if (!(failure instanceof StepError)) throw failure;
    process.stderr.write(`dsp: ${failure.message}\n     ${failure.advice}\n`);
    return undefined;
  }
}

function exitCodeOf(status: PlatformStatus): number {
  if (status.unknown) return exitCodeUnknown;
  return status.healthy ? exitCodes.ok : exitCodes.failed;
}

export const status: Command = {
  description:
    "Shows sites, nodes, PostgreSQL (roles, lag, synchronous state), the watchers, Redis, the edge (who holds the address), services and endpoints,\n" +
    "asked of the parts themselves, with every wait bounded. Exit code: 0 healthy, 1 not healthy, 2 cannot tell.",
  options: {
    json: { type: "boolean", description: "print the stable JSON form" },
    watch: { type: "boolean", short: "w", description: "show it again every 2 seconds until Ctrl-C" },
    stack: { type: "string", placeholder: "name", description: "the stack to look at (default: lab)" },
  },
  examples: ["./dsp status", "./dsp status --json | jq .postgres.primary"],
  async run(values) {
    const stack = findStack(typeof values.stack === "string" ? values.stack : "lab");
    if (stack === undefined) return exitCodeUnknown;
    for (;;) {
      const current = await readPlatform(stack);
      const text =
        values.json === true ? `${JSON.stringify(current, null, values.watch === true ? 0 : 2)}\n` : showStatus(current, process.stdout);
      const clear = values.watch === true && values.json !== true && process.stdout.isTTY ? "\x1b[H\x1b[2J" : "";
      process.stdout.write(clear + text);
      if (values.watch !== true) return exitCodeOf(current);
      await delay(watchIntervalMs);
    }
  },
};
