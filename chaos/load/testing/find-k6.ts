import { execFileSync } from "node:child_process";

/** Whether k6 is on PATH; says so where it is not, since tests are then skipped. */
export function findK6(): boolean {
  try {
    execFileSync("k6", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("   the load's tests are skipped: there is no k6 on PATH\n");
    return false;
  }
}
