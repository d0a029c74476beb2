import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { totalmem } from "node:os";
import { join } from "node:path";
import { StepError, type StepTools } from "../cli/recipe.ts";
import { labContainers } from "./cluster.ts";
import { loadBalancerName, localhostName } from "./cluster-config.ts";
import { engineAnswers } from "./engine.ts";
import type { LabFacts } from "./facts.ts";
import { readLabFacts } from "./facts.ts";
import { addressesWithin, networkOwner, parseSubnet } from "./network.ts";
import { paths } from "./paths.ts";
import { isBuiltOnce } from "./toolchain.ts";

const memoryGiBMin = 7;
const diskGiBMin = { warm: 15, cold: 40 } as const;
const gib = 1024 ** 3;

/**
 * Everything that would stop `up` later, found before anything is changed: all problems at once.
 * @throws StepError
 */
export async function checkMachine(tools: StepTools, settings: LabFacts["settings"]): Promise<void> {
  const problems: { what: string; advice: string }[] = [];
  const add = (what: string, advice: string) => problems.push({ what, advice });
  if (process.platform !== "linux") add("the lab needs Linux", "Run it on a Linux machine, or deploy to a cluster as the README says.");
  const answers = await engineAnswers(tools);
  const root = process.getuid?.() === 0;
  if (!answers && !(root && existsSync("/etc/debian_version"))) {
    add("no container engine answers, and this is not root on Debian, where one is installed", "Start Docker, or run as root on Debian.");
  }
  if (totalmem() < memoryGiBMin * gib)
    add(`${(totalmem() / gib).toFixed(1)} GiB of memory; the lab needs ${memoryGiBMin}`, "Use a larger machine.");
  await checkDisk(add);
  try {
    parseSubnet(settings.subnet);
    const taken = addressesWithin(settings.subnet);
    if (taken.length > 0)
      add(
        `the range ${settings.subnet} holds addresses of this machine: ${taken.join(", ")}`,
        "Name another private range: ./dsp up --subnet 172.29.0.0/16",
      );
  } catch (error) {
    add(error instanceof Error ? error.message : String(error), "Name a private range such as 172.29.0.0/16.");
  }
  const running = answers ? await labContainers(tools) : new Map<string, string>();
  if (answers) await checkOwner(tools, running, add);
  for (const [port, holder, option] of [
    [settings.edgePort, localhostName, "--port"],
    [settings.apiPort, loadBalancerName, "--api-port"],
  ] as const) {
    if (running.get(holder) !== "running" && !(await isFree(port)))
      add(`port ${port} of 127.0.0.1 is taken`, `Name another one: ./dsp up ${option} ${port + 1000}`);
  }
  if (problems.length > 0) {
    throw new StepError(problems.map(({ what }) => what).join("; "), [...new Set(problems.map(({ advice }) => advice))].join(" "));
  }
}

async function checkDisk(add: (what: string, advice: string) => void): Promise<void> {
  let folder: string = paths.cache;
  while (!existsSync(folder)) folder = join(folder, "..");
  const { bavail, bsize } = await statfs(folder);
  const need = diskGiBMin[isBuiltOnce("platform") ? "warm" : "cold"];
  const freeGiB = (bavail * bsize) / gib;
  if (freeGiB < need)
    add(
      `${freeGiB.toFixed(1)} GiB free under ${folder}; the lab needs ${need}`,
      "Free some disk, or set XDG_CACHE_HOME to a folder with more room.",
    );
}

/** Another checkout's lab that runs is left alone; what a vanished or stopped one left behind is not in the way. */
async function checkOwner(tools: StepTools, containers: Map<string, string>, add: (what: string, advice: string) => void): Promise<void> {
  const owner = await networkOwner(tools);
  const alive = [...containers.values()].some((state) => state === "running");
  if (owner && owner !== paths.checkout && alive && existsSync(join(owner, ".dsp/lab.json"))) {
    add(`the lab of ${owner} is running on this machine`, `Take that one down first: ${owner}/dsp down`);
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** The settings of a lab: what was asked for, else what this checkout's lab was made with, else the defaults. */
export function labSettings(asked: Partial<LabFacts["settings"]>): LabFacts["settings"] {
  const known = readLabFacts()?.settings;
  const defaults = { artifacts: "packages", subnet: "172.28.0.0/16", edgePort: 8443, apiPort: 16443 } as const;
  return { ...defaults, ...known, ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) };
}
