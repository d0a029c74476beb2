import { createHash } from "node:crypto";
import { cpSync, existsSync, rmSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError, type StepTools } from "../cli/recipe.ts";
import { type GoBuild, type GoModule, goModules, type ModuleName, versions } from "./catalogue.ts";
import { ensureDebianPackages, onPath } from "./debian.ts";
import { paths } from "./paths.ts";

const modulesFolder = join(import.meta.dirname, "toolchain");

/** Where a file that an upstream module carries stands once that module is built. */
export function upstreamFile(name: string): string {
  return join(paths.toolchain, "files", name);
}

/**
 * Builds what is missing of the named modules into the cache, each module's binaries only when its go.mod, go.sum or own sources
 * have changed since. Two modules at a time: one links (one core) while the other compiles.
 * @returns names of the modules that were built; empty where all stood already
 */
export async function buildModules(tools: StepTools, names: readonly ModuleName[]): Promise<ModuleName[]> {
  const outdated: ModuleName[] = [];
  for (const name of names) if (!(await isBuilt(name))) outdated.push(name);
  if (outdated.length === 0) return [];
  const go = await findGo(tools);
  const waiting = [...outdated];
  const running = new Set<string>();
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      running.add(name);
      tools.progress(`building ${[...running].join(" and ")} from source (${outdated.length - waiting.length} of ${outdated.length})`);
      await buildModule(tools, go, name);
      running.delete(name);
    }
  };
  await Promise.all([worker(), worker()]);
  await dropGoCaches(tools, go);
  return outdated;
}

async function fingerprint(name: ModuleName): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(goModules[name]));
  const folder = join(modulesFolder, goModules[name].folder);
  for (const file of (await readdir(folder, { recursive: true })).filter((entry) => /\.(go|mod|sum)$/.test(entry)).sort()) {
    hash.update(file).update(await readFile(join(folder, file)));
  }
  return hash.digest("hex");
}

function stampOf(name: ModuleName): string {
  return join(paths.toolchain, `${name}.stamp`);
}

/** Was this module ever built here, be it from older sources? */
export function isBuiltOnce(name: ModuleName): boolean {
  return existsSync(stampOf(name));
}

async function isBuilt(name: ModuleName): Promise<boolean> {
  const module: GoModule = goModules[name];
  const all = [...module.builds.map((build) => join(paths.bin, build.name)), ...Object.keys(module.files ?? {}).map(upstreamFile)];
  if (!all.every(existsSync) || !existsSync(stampOf(name))) return false;
  return (await readFile(stampOf(name), "utf8")) === (await fingerprint(name));
}

interface Go {
  command: string;
  env: Record<string, string | undefined>;
}

function goEnvironment(): Record<string, string | undefined> {
  return {
    ...process.env,
    GOFLAGS: "-mod=mod -trimpath -buildvcs=false",
    CGO_ENABLED: "0",
    GOCACHE: process.env.GOCACHE ?? join(paths.goCaches, "build"),
    GOMODCACHE: process.env.GOMODCACHE ?? join(paths.goCaches, "modules"),
  };
}

async function buildModule(tools: StepTools, go: Go, name: ModuleName): Promise<void> {
  const module: GoModule = goModules[name];
  const cwd = join(modulesFolder, module.folder);
  await mkdir(paths.bin, { recursive: true });
  for (const group of groupByVariables(module.builds)) {
    const variables = Object.entries(group[0]?.variables ?? {}).map(([key, value]) => `-X ${key}=${value}`);
    const scratch = join(paths.toolchain, `build-${name}`);
    await mkdir(scratch, { recursive: true });
    const flags = ["-mod=readonly", "-ldflags", ["-s", "-w", ...variables].join(" ")];
    const single = group.length === 1 ? group[0] : undefined;
    const out = single ? join(scratch, single.name) : `${scratch}/`;
    await tools.run(go.command, ["build", ...flags, "-o", out, ...group.map((build) => build.package)], { cwd, env: go.env });
    for (const build of group) await rename(join(scratch, build.name), join(paths.bin, build.name));
    rmSync(scratch, { recursive: true, force: true });
  }
  for (const [file, source] of Object.entries(module.files ?? {})) {
    const folder = (await tools.run(go.command, ["list", "-m", "-f", "{{.Dir}}", source.module], { cwd, env: go.env })).trim();
    rmSync(upstreamFile(file), { recursive: true, force: true });
    cpSync(join(folder, source.path), upstreamFile(file), { recursive: true });
    await tools.run("chmod", ["-R", "u+w", upstreamFile(file)]);
  }
  await writeFile(stampOf(name), await fingerprint(name));
}

/** Packages with the same linker variables and a binary named like their last path element are built by one call of go. */
function groupByVariables(builds: readonly GoBuild[]): GoBuild[][] {
  const groups = new Map<string, GoBuild[]>();
  for (const build of builds) {
    const plain = build.package.endsWith(`/${build.name}`);
    const key = plain ? JSON.stringify(build.variables ?? {}) : build.name;
    groups.set(key, [...(groups.get(key) ?? []), build]);
  }
  return [...groups.values()];
}

/**
 * A Go that is new enough: the machine's, or the pinned toolchain, which the Go module proxy serves as a module that any older
 * go command can fetch (Debian's is too old to do so by itself).
 */
async function findGo(tools: StepTools): Promise<Go> {
  const env = goEnvironment();
  const kept = join(paths.toolchain, "go/bin/go");
  for (const command of ["go", "/usr/local/go/bin/go", kept]) {
    const version = await goVersion(tools, command, env);
    if (version && isAtLeast(version, versions.go)) return { command, env: { ...env, GOTOOLCHAIN: "local" } };
  }
  const debianGo = "/usr/lib/go/bin/go";
  if (!existsSync(debianGo) && !onPath("go")) await ensureDebianPackages(tools, ["golang-go"], () => "go");
  const old = onPath("go") ? "go" : debianGo;
  tools.progress(`fetching Go ${versions.go}`);
  await fetchGo(tools, old, env);
  if (!(await goVersion(tools, kept, env)))
    throw new StepError(`Go ${versions.go} cannot be fetched`, "Install Go 1.26 or newer and put it on PATH.");
  return { command: kept, env: { ...env, GOTOOLCHAIN: "local" } };
}

async function fetchGo(tools: StepTools, old: string, env: Record<string, string | undefined>): Promise<void> {
  const module = `golang.org/toolchain@v0.0.1-go${versions.go}.linux-amd64`;
  const printed = await tools.run(old, ["mod", "download", "-json", module], { env: { ...env, GOFLAGS: "-mod=mod" }, cwd: "/" });
  const folder = (JSON.parse(printed) as { Dir: string }).Dir;
  const target = join(paths.toolchain, "go");
  rmSync(target, { recursive: true, force: true });
  cpSync(folder, target, { recursive: true });
  await tools.run("chmod", ["-R", "u+w", target]);
  for (const place of ["bin", "pkg/tool/linux_amd64"]) {
    for (const file of await readdir(join(target, place))) await chmod(join(target, place, file), 0o755);
  }
}

async function goVersion(tools: StepTools, command: string, env: Record<string, string | undefined>): Promise<string | undefined> {
  try {
    const printed = await tools.run(command, ["version"], { env: { ...env, GOTOOLCHAIN: "local" }, cwd: "/" });
    return /go version go(\d+\.\d+(?:\.\d+)?)/.exec(printed)?.[1];
  } catch {
    return undefined;
  }
}

/** Compares dotted versions number by number. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [have, need] = [version, wanted].map((text) => text.replace(/^v/, "").split(".").map(Number)) as [number[], number[]];
  for (const [place, number] of need.entries()) {
    const difference = (have[place] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Once the binaries stand, Go's caches (some 20 GB) can go. Caches that the user's environment names are the user's. */
async function dropGoCaches(tools: StepTools, go: Go): Promise<void> {
  if (process.env.GOCACHE === undefined) rmSync(join(paths.goCaches, "build"), { recursive: true, force: true });
  if (process.env.GOMODCACHE === undefined && existsSync(join(paths.goCaches, "modules"))) {
    await tools.run(go.command, ["clean", "-modcache"], { env: go.env, allowFailure: true });
  }
}
