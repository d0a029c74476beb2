import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The folder with PostgreSQL's server binaries: DSP_TEST_PG_BIN, or the newest of Debian's. Undefined when there is none. */
export function findPostgres(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const candidates = [process.env.DSP_TEST_PG_BIN, ...versions.map((version) => join(debian, version, "bin"))];
  return candidates.find((folder) => folder && existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_basebackup")));
}

/** The path of redis-server, or undefined. */
export function findRedis(): string | undefined {
  const folders = (process.env.PATH ?? "").split(":");
  return folders.map((folder) => join(folder, "redis-server")).find((path) => existsSync(path));
}
