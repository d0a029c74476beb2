/** The real servers that the integration tests start for themselves: PostgreSQL and Redis, from Debian's packages where they are missing. */
import { existsSync, readdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { StepError, type StepTools } from "./recipe.ts";

const postgresRoot = "/usr/lib/postgresql";
const servicePolicy = "/usr/sbin/policy-rc.d";

function onPath(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
}

function hasPostgres(): boolean {
  if (process.env.DSP_TEST_PG_BIN !== undefined || onPath("postgres")) return true;
  return existsSync(postgresRoot) && readdirSync(postgresRoot).some((version) => existsSync(join(postgresRoot, version, "bin/postgres")));
}

/** Debian starts a server when it installs it, unless a policy forbids: ours is there for the installation only. */
async function withoutAutostart(install: () => Promise<void>): Promise<void> {
  if (existsSync(servicePolicy)) return install();
  await writeFile(servicePolicy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    await rm(servicePolicy, { force: true });
  }
}

/**
 * Makes sure that PostgreSQL's and Redis' programs are there.
 * @throws StepError where they are missing and cannot be installed
 */
export async function installTestServers(tools: StepTools): Promise<string> {
  const missing = [...(hasPostgres() ? [] : ["postgresql"]), ...(onPath("redis-server") ? [] : ["redis-server"])];
  if (missing.length === 0) return "there already";
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    throw new StepError(
      `the integration tests need ${missing.join(" and ")}`,
      "Install them with your package manager (PostgreSQL's programs elsewhere: DSP_TEST_PG_BIN).",
    );
  }
  tools.progress(`installing ${missing.join(" and ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await withoutAutostart(async () => {
    await tools.run("apt-get", ["update", "-qq"], { env });
    await tools.run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env });
  });
  return `installed ${missing.join(" and ")}`;
}
