import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { StepError } from "../cli/recipe.ts";
import { paths } from "./paths.ts";

const lockFile = join(paths.cache, "lab.lock");
/** Tells the commands that the holder starts that the lab is theirs too. */
const holderVariable = "DSP_LAB_LOCK_HOLDER";

/**
 * One command at a time changes the machine's lab, whichever checkout it comes from. Held until this process ends; one that a dead
 * process left behind is taken over.
 * @throws StepError when another one is at work
 */
export function holdLabLock(): void {
  mkdirSync(dirname(lockFile), { recursive: true });
  for (;;) {
    try {
      const file = openSync(lockFile, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      process.env[holderVariable] = String(process.pid);
      process.once("exit", () => rmSync(lockFile, { force: true }));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = lockHolder();
      if (holder === process.pid || String(holder) === process.env[holderVariable]) return;
      if (holder !== undefined) throw new StepError(`another ./dsp is changing the lab (process ${holder})`, "Wait until it has finished.");
      rmSync(lockFile, { force: true });
    }
  }
}

/** The living process that holds the lock. */
function lockHolder(): number | undefined {
  try {
    const pid = Number(readFileSync(lockFile, "utf8"));
    return /infra\/cli\/main|vitest/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8")) ? pid : undefined;
  } catch {
    return undefined;
  }
}
