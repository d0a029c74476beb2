import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { StepError, type StepTools } from "../cli/recipe.ts";

/** Is there an executable of this name on PATH (or in sbin, which a plain user's PATH may lack)? */
export function onPath(command: string): boolean {
  return [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"].some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Installs Debian packages, those only whose command is missing.
 * @param commandOf the command that shows a package is there
 */
export async function ensureDebianPackages(
  tools: StepTools,
  packages: string[],
  commandOf: (name: string) => string | undefined = (name) => name,
): Promise<void> {
  const missing = packages.filter((name) => !onPath(commandOf(name) ?? name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    throw new StepError(
      `missing on this machine: ${missing.join(", ")}`,
      "Install them with your package manager, or run as root on Debian, where this is done for you.",
    );
  }
  tools.progress(`installing ${missing.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await tools.run("apt-get", ["update", "-qq"], { env });
  await tools.run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env });
}
