/** The real servers that the integration tests and the benchmark start for themselves: PostgreSQL, Redis and HAProxy, and the browser that walks the portal, from Debian's packages where they are missing. */
import { existsSync, readdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { StepError, type StepTools } from "./recipe.ts";

const postgresRoot = "/usr/lib/postgresql";
const servicePolicy = "/usr/sbin/policy-rc.d";

/** The folder of PATH that has the command. */
function onPath(command: string): string | undefined {
  return (process.env.PATH ?? "").split(delimiter).find((folder) => existsSync(join(folder, command)));
}

/** The folder of PostgreSQL's programs, the newest of Debian's where nothing else is said; undefined where there is none. */
export function findPostgresBin(): string | undefined {
  const { DSP_TEST_PG_BIN: told } = process.env;
  if (told !== undefined) return told;
  const versions = existsSync(postgresRoot) ? readdirSync(postgresRoot).sort((left, right) => Number(right) - Number(left)) : [];
  const debian = versions.map((version) => join(postgresRoot, version, "bin")).find((folder) => existsSync(join(folder, "postgres")));
  return debian ?? onPath("postgres");
}

/** The path of redis-server; undefined where there is none. */
export function findRedisServer(): string | undefined {
  const folder = onPath("redis-server");
  return folder === undefined ? undefined : join(folder, "redis-server");
}

/** The path of haproxy; undefined where there is none. */
export function findHaproxy(): string | undefined {
  const folder = [onPath("haproxy"), "/usr/sbin"].find((each) => each !== undefined && existsSync(join(each, "haproxy")));
  return folder === undefined ? undefined : join(folder, "haproxy");
}

/** The browser that the portal's tests and the drills drive; undefined where there is none. */
export function findChromium(): string | undefined {
  const { DSP_TEST_CHROMIUM: told } = process.env;
  if (told !== undefined) return told;
  const folder = onPath("chromium");
  return folder === undefined ? undefined : join(folder, "chromium");
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
 * Makes sure that PostgreSQL's, Redis' and HAProxy's programs are there.
 * @throws StepError where they are missing and cannot be installed
 */
export function installTestServers(tools: StepTools): Promise<string> {
  const missing = [
    ...(findPostgresBin() === undefined ? ["postgresql"] : []),
    ...(findRedisServer() === undefined ? ["redis-server"] : []),
    ...(findHaproxy() === undefined ? ["haproxy"] : []),
  ];
  return install(missing, tools);
}

/**
 * Makes sure that there is a Chromium, with a font for it.
 * @throws StepError where it is missing and cannot be installed
 */
export function installBrowser(tools: StepTools): Promise<string> {
  return install(findChromium() === undefined ? ["chromium", "fonts-dejavu-core"] : [], tools);
}

async function install(missing: readonly string[], tools: StepTools): Promise<string> {
  if (missing.length === 0) return "there already";
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    throw new StepError(
      `${missing.join(" and ")} must be on this machine`,
      "Install them with your package manager (elsewhere: DSP_TEST_PG_BIN for PostgreSQL's programs, DSP_TEST_CHROMIUM for Chromium).",
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
