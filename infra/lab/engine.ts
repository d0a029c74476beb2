import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StepError, type StepTools } from "../cli/recipe.ts";
import { ensureDebianPackages } from "./debian.ts";
import { toolEnvironment } from "./environment.ts";
import { paths } from "./paths.ts";

const socketPath = join(paths.engineRun, "docker.sock");
const pidFile = join(paths.engineRun, "docker.pid");
const containerdPidFile = join(paths.engineRun, "exec/containerd/containerd.pid");
const logFile = join(paths.engine, "dockerd.log");
const startTimeoutMs = 60_000;
const stopTimeoutMs = 60_000;
// It answers in milliseconds; a busy machine must not be taken for a stuck engine.
const networksTimeoutMs = 60_000;

/** The project's own engine's socket, or undefined where a Docker that the user runs is the engine. */
export function engineSocket(): string | undefined {
  return existsSync(socketPath) ? socketPath : undefined;
}

/** The version of the Docker engine that answers, be it the user's or the project's own; undefined where none does. */
async function engineVersion(tools: StepTools): Promise<string | undefined> {
  try {
    const version = await tools.run("docker", ["version", "--format", "{{.Server.Version}}"], {
      env: toolEnvironment(),
      timeoutMs: 10_000,
    });
    return version.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** A stuck engine of the project's own is started anew. */
export async function engineAnswers(tools: StepTools): Promise<boolean> {
  if ((await engineVersion(tools)) === undefined) return false;
  await restartStuck(tools);
  return true;
}

/**
 * An engine whose networks are locked for good answers everything else, and each step after that would hang.
 * @returns whether it was one of the project's own and was started anew: it ends the containers of before itself
 */
async function restartStuck(tools: StepTools): Promise<boolean> {
  const pid = daemonPid();
  if (pid === undefined) return false;
  const answer = tools.run("docker", ["network", "ls", "--quiet"], { env: toolEnvironment(), timeoutMs: networksTimeoutMs });
  const stuck = await answer.then(
    () => false,
    () => isDaemon(pid),
  );
  if (!stuck) return false;
  tools.progress("the container engine is stuck: starting it anew");
  await kill(tools, pid);
  await startDaemon(tools);
  return true;
}

/**
 * Not asked to stop: whoever is locked up does not hear it. Its containerd goes with it, and must be gone: a daemon that still sees it
 * waits for it instead of starting one.
 */
async function kill(tools: StepTools, pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  for (const [isAlive, file] of [
    [() => isDaemon(pid), pidFile],
    [() => isRunning(readPid(containerdPidFile), "containerd"), containerdPidFile],
  ] as const) {
    for (let waitedMs = 0; isAlive(); waitedMs += 100) {
      if (waitedMs > stopTimeoutMs) throw new StepError("the stuck container engine does not end", `Look at ${logFile}.`);
      await sleep(100, undefined, { signal: tools.signal });
    }
    rmSync(file, { force: true });
  }
  rmSync(socketPath, { force: true });
}

/**
 * Finds a running Docker; else, as root on Debian, installs docker.io and starts a daemon with a socket and a data folder of the
 * project's own. It makes no firewall rules: the lab's network needs none, and nothing is left behind.
 * @returns whether the engine was started by this call (then whatever it holds is from before).
 */
export async function ensureEngine(tools: StepTools): Promise<{ started: boolean; own: boolean; version: string }> {
  removeDeadSocket();
  const running = await engineVersion(tools);
  if (running !== undefined) return { started: await restartStuck(tools), own: engineSocket() !== undefined, version: running };
  if (process.getuid?.() !== 0) {
    throw new StepError("no container engine answers, and starting one needs root", "Start Docker, or run ./dsp up as root on Debian.");
  }
  await ensureDebianPackages(
    tools,
    ["docker.io", "jq", "iptables"],
    (name) => ({ "docker.io": "dockerd", jq: "jq", iptables: "iptables" })[name],
  );
  const installed = await engineVersion(tools);
  if (installed !== undefined) return { started: true, own: false, version: installed };
  await startDaemon(tools);
  const own = await engineVersion(tools);
  if (own === undefined) throw new StepError("the container engine was started and does not answer", `Its log is ${logFile}.`);
  return { started: true, own: true, version: own };
}

/** Stops the project's own engine; a Docker of the user's is never touched. */
export async function stopEngine(tools: StepTools): Promise<boolean> {
  const pid = daemonPid();
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    for (let waitedMs = 0; isDaemon(pid); waitedMs += 200) {
      if (waitedMs > stopTimeoutMs) throw new StepError(`the container engine (process ${pid}) does not stop`, `Look at ${logFile}.`);
      await sleep(200, undefined, { signal: tools.signal });
    }
  }
  await unmountBelow(tools, paths.engineRun);
  rmSync(paths.engineRun, { recursive: true, force: true });
  return pid !== undefined;
}

/** The daemon leaves mounts of network namespaces behind; a folder with one in it cannot be removed. */
async function unmountBelow(tools: StepTools, folder: string): Promise<void> {
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  const below = mounts.map((line) => line.split(" ")[1] ?? "").filter((place) => place.startsWith(`${folder}/`));
  for (const place of below.toReversed()) await tools.run("umount", ["--lazy", place]);
}

function daemonPid(): number | undefined {
  const pid = readPid(pidFile);
  return pid !== undefined && isDaemon(pid) ? pid : undefined;
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function isDaemon(pid: number): boolean {
  return isRunning(pid, "dockerd");
}

function isRunning(pid: number | undefined, program: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program);
  } catch {
    return false;
  }
}

/** After a restart of the machine, or a kill -9, the socket file may still be there with nobody behind it. */
function removeDeadSocket(): void {
  if (engineSocket() && daemonPid() === undefined) rmSync(socketPath, { force: true });
}

async function startDaemon(tools: StepTools): Promise<void> {
  await mkdir(paths.engineRun, { recursive: true, mode: 0o700 });
  await mkdir(paths.engine, { recursive: true, mode: 0o711 });
  tools.progress("starting a container engine of our own");
  const log = openSync(logFile, "a");
  const daemon = spawn(
    "dockerd",
    [
      ["--host", `unix://${socketPath}`],
      ["--data-root", join(paths.engine, "data")],
      ["--exec-root", join(paths.engineRun, "exec")],
      ["--pidfile", pidFile],
      ["--bridge", "none"],
      ["--iptables=false", "--ip6tables=false"],
      ["--storage-driver", "overlay2"],
      ["--log-level", "warn"],
      await boundedRuntime(),
    ].flat(),
    { detached: true, stdio: ["ignore", log, log] },
  );
  daemon.on("error", (error) => tools.log(`dockerd: ${error.message}`));
  daemon.unref();
  for (let waitedMs = 0; !(await accepts(socketPath)); waitedMs += 200) {
    if (waitedMs > startTimeoutMs || daemon.exitCode !== null) {
      tools.log((await readFile(logFile, "utf8")).split("\n").slice(-30).join("\n"));
      throw new StepError("the container engine did not start", `Its log is ${logFile}.`);
    }
    await sleep(200, undefined, { signal: tools.signal });
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
    socket.on("connect", () => socket.end());
  });
}

/**
 * Where the machine's capability bounding set is not full, a runtime that asks for no more than there is; else nothing.
 * Bit numbers: linux/capability.h. Only those that a missing bit was ever seen for have a name here.
 */
async function boundedRuntime(): Promise<string[]> {
  const missing = missingCapabilities(
    await readFile("/proc/self/status", "utf8"),
    Number(await readFile("/proc/sys/kernel/cap_last_cap", "utf8")),
  );
  if (missing.length === 0) return [];
  const source = await readFile(join(import.meta.dirname, "engine/runc-bounded"), "utf8");
  const runtime = join(paths.engine, "runc-bounded");
  await writeFile(runtime, source.replace("@DROP@", missing.join(" ")), { mode: 0o755 });
  return ["--add-runtime", `bounded=${runtime}`, "--default-runtime", "bounded"];
}

const capabilityNames =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE".split(
    " ",
  );

/** The capabilities the kernel knows (up to `lastCapability`) that the bounding set in a /proc/PID/status text lacks. */
export function missingCapabilities(status: string, lastCapability: number): string[] {
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return capabilityNames.slice(0, lastCapability + 1).flatMap((name, bit) => ((bounding >> BigInt(bit)) & 1n ? [] : [`CAP_${name}`]));
}
