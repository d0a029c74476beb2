/**
 * Time limits that somebody else keeps. Before a fault is made, what undoes it is laid down where it will run without the drill's process:
 * in a node as a file with a systemd timer, or on the engine in a small container that waits and then calls the engine. Runner, timer and
 * `./dsp drill stop` all run the same commands, which may run more than once.
 */
import { FaultNotPossible } from "../fault.ts";
import type { Target } from "../target.ts";
import { onNode, quote, reasonOf, withEach } from "./node-shell.ts";

const folder = "/var/lib/dsp-faults";
const prefix = "dsp-fault-";
const label = "dsp.fault";
const engineTimeoutMs = 30_000;
/** Within the container that keeps a limit. */
const keeperSocket = "/run/engine.sock";

export interface Keeping {
  id: string;
  /** In words, for whoever finds it. */
  what: string;
  limitS: number;
}

/** A fault that node or engine keeps, and heals by itself when its time is over. */
export interface KeptFault {
  id: string;
  what: string;
  healsAtMs: number;
}

/** A call of the engine's own API: `{path: "/containers/dsp-worker/start"}` */
export interface EngineCall {
  path: string;
  body?: Readonly<Record<string, number>>;
}

/** The file that a node keeps: the commands, then its own removal, which only a success reaches. */
export function healScript({ id, what, limitS }: Keeping, heal: string, nowMs: number): string {
  const lines = [
    "#!/bin/bash",
    `# heals-at: ${Math.round(nowMs + limitS * 1000)}`,
    `# what: ${what.replace(/\s+/g, " ")}`,
    "set -euo pipefail",
    heal,
    `rm -f ${folder}/${id}.sh`,
    "",
  ];
  return lines.join("\n");
}

const layDown = `
mkdir -p ${folder}
printf %s "$3" > ${folder}/$1.new
mv ${folder}/$1.new ${folder}/$1.sh
systemctl is-active --quiet ${prefix}$1.timer || systemd-run --quiet --unit=${prefix}$1 --on-active="$2"s --timer-property=AccuracySec=100ms \\
  --timer-property=RemainAfterElapse=no --property=Restart=on-failure --property=RestartSec=2s --property=StartLimitIntervalSec=0 \\
  /bin/bash ${folder}/$1.sh
systemctl is-active ${prefix}$1.timer`;

/** From now on the node runs `heal` (bash) by itself after the limit, again and again until it succeeds. @throws Error */
export async function keepOnNode(target: Target, node: string, keeping: Keeping, heal: string): Promise<void> {
  const { id, limitS } = keeping;
  await onNode(target, node, layDown, [id, String(Math.ceil(limitS)), healScript(keeping, heal, Date.now())]);
}

const runNow = `
file=${folder}/$1.sh
[ ! -e $file ] || bash $file || [ ! -e $file ]
systemctl stop ${prefix}$1.timer ${prefix}$1.service 2> /dev/null || true
systemctl reset-failed ${prefix}$1.timer ${prefix}$1.service 2> /dev/null || true`;

/** Runs now what the node keeps of a fault, if it still does, and takes the timer away. @throws Error when it fails: the timer stays */
export async function healOnNode(target: Target, node: string, id: string): Promise<void> {
  await onNode(target, node, runNow, [id], engineTimeoutMs);
}

const listFiles = `
for file in ${folder}/*.sh; do
  [ -e "$file" ] || continue
  name=\${file##*/}
  printf '%s\\t%s\\t%s\\n' "\${name%.sh}" "$(sed -n 's/^# heals-at: //p' "$file")" "$(sed -n 's/^# what: //p' "$file")"
done`;

/** Lines of id, time and words, divided by tabs. */
export function parseKept(lines: string): KeptFault[] {
  return lines
    .split("\n")
    .map((line) => line.split("\t"))
    .filter((parts) => parts.length === 3 && parts[0] !== "")
    .map(([id = "", healsAtMs = "", what = ""]) => ({ id, healsAtMs: Number(healsAtMs), what }));
}

/** What a node still keeps. @throws Error when the node does not run */
export async function keptOnNode(target: Target, node: string): Promise<KeptFault[]> {
  return parseKept(await onNode(target, node, listFiles));
}

/** The engine's socket on this machine. @throws FaultNotPossible where the engine is reached in another way */
export function engineSocket(environment: Readonly<Record<string, string>>): string {
  const host = environment.DOCKER_HOST ?? "unix:///var/run/docker.sock";
  if (!host.startsWith("unix:///"))
    throw new FaultNotPossible(`the engine is at ${host}: only one with a socket here can keep a time limit`);
  return host.slice("unix://".length);
}

/** Bash, run in the container that keeps the limit: each call is made until the engine has done it, or says that it is done. */
export function engineScript(calls: readonly EngineCall[]): string {
  const call = [
    "call() {",
    "  for try in 1 2 3 4 5 6; do",
    `    answer=$(curl --silent --write-out '\\n%{http_code}' --max-time 60 --unix-socket ${keeperSocket} \\`,
    '      --request POST --header "Content-Type: application/json" --data "$2" "http://engine$1") || answer=0',
    "    case \"$answer\" in *$'\\n'2??|*$'\\n'304|*'is not paused'*) return 0 ;; esac",
    "    sleep 2",
    "  done",
    "  return 1",
    "}",
    'running="" failed=0',
  ];
  const made = calls.map(
    ({ path, body }) => `call ${quote(path)} ${quote(body === undefined ? "" : JSON.stringify(body))} & running="$running $!"`,
  );
  return [...call, ...made, "for job in $running; do wait $job || failed=1; done", "[ $failed = 0 ]"].join("\n");
}

/** Arguments of `docker` that start the container. It gets no network and no capability: the engine's socket is all it needs. */
export function keeperArguments(keeping: Keeping, image: string, socket: string, calls: readonly EngineCall[], nowMs: number): string[] {
  const { id, what, limitS } = keeping;
  const labels = [`${label}=${id}`, `${label}.heals-at=${Math.round(nowMs + limitS * 1000)}`, `${label}.what=${what.replace(/\s+/g, " ")}`];
  return [
    "run",
    ...["--detach", "--rm", "--name", `${prefix}${id}`],
    ...labels.flatMap((text) => ["--label", text]),
    ...["--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"],
    ...["--volume", `${socket}:${keeperSocket}`, "--env", `HEAL=${engineScript(calls)}`],
    ...["--entrypoint", "bash", image, "-c", `sleep ${Math.ceil(limitS)}; eval "$HEAL"`],
  ];
}

/**
 * From now on the engine heals by itself after the limit. Docker keeps no timers, so a container does, made of an image that a node runs:
 * it is there, and has what is needed.
 * @throws FaultNotPossible when the container does not reach the engine
 */
export async function keepByEngine(target: Target, node: string, keeping: Keeping, calls: readonly EngineCall[]): Promise<void> {
  const name = `${prefix}${keeping.id}`;
  if ((await listKeepers(target)).some(({ id }) => id === keeping.id)) return;
  const socket = engineSocket(target.environment);
  const image = (await target.run("docker", ["inspect", "--format", "{{.Image}}", node], { timeoutMs: engineTimeoutMs })).trim();
  await target.run("docker", keeperArguments(keeping, image, socket, calls, Date.now()), { timeoutMs: engineTimeoutMs });
  const ping = ["exec", name, "curl", "--silent", "--fail", "--max-time", "5", "--unix-socket", keeperSocket, "http://engine/_ping"];
  try {
    await target.run("docker", ping, { timeoutMs: engineTimeoutMs });
  } catch (failure) {
    await releaseEngine(target, keeping.id);
    throw new FaultNotPossible(`nobody would keep the time limit: a container does not reach the engine (${reasonOf(failure)})`);
  }
}

/** Takes the container away, where there still is one. @throws Error */
export async function releaseEngine(target: Target, id: string): Promise<void> {
  const names = await target.run("docker", ["ps", "--all", "--quiet", "--filter", `name=^/?${prefix}${id}$`], {
    timeoutMs: engineTimeoutMs,
  });
  if (names.trim() === "") return;
  await target.run("docker", ["rm", "--force", "--volumes", `${prefix}${id}`], { timeoutMs: engineTimeoutMs }).catch((failure: unknown) => {
    // It takes itself away when its work is done: perhaps just now.
    if (!/no such container|already in progress/i.test(reasonOf(failure))) throw failure;
  });
}

async function listKeepers(target: Target): Promise<KeptFault[]> {
  const format = `{{.Label "${label}"}}\t{{.Label "${label}.heals-at"}}\t{{.Label "${label}.what"}}`;
  const args = ["ps", "--all", "--filter", `label=${label}`, "--format", format];
  return parseKept(await target.run("docker", args, { timeoutMs: engineTimeoutMs }));
}

/** Asked of the engine: the API may be what is broken. */
async function runningNodes(target: Target): Promise<string[]> {
  const args = [
    "ps",
    "--filter",
    "label=io.x-k8s.kind.role",
    "--filter",
    "status=running",
    "--format",
    '{{.Names}}\t{{.Label "io.x-k8s.kind.role"}}',
  ];
  const lines = (await target.run("docker", args, { timeoutMs: engineTimeoutMs })).split("\n");
  return lines.flatMap((line) => {
    const [name, role] = line.split("\t");
    return name !== undefined && (role === "control-plane" || role === "worker") ? [name] : [];
  });
}

/** Every fault that a node or the engine still keeps, whoever made it. @throws Error when engine or nodes do not answer */
export async function listKeptFaults(target: Target): Promise<KeptFault[]> {
  if (target.kind !== "lab") return [];
  const [keepers, nodes] = await Promise.all([listKeepers(target), runningNodes(target)]);
  const onNodes = await Promise.all(nodes.map((node) => keptOnNode(target, node)));
  const byId = new Map([...keepers, ...onNodes.flat()].map((fault) => [fault.id, fault]));
  return [...byId.values()].sort((left, right) => left.healsAtMs - right.healsAtMs);
}

async function healKeeper(target: Target, { id }: KeptFault): Promise<void> {
  await target.run("docker", ["exec", `${prefix}${id}`, "bash", "-c", 'eval "$HEAL"'], { timeoutMs: engineTimeoutMs });
  await releaseEngine(target, id);
}

/** Heals now all that is kept: first the nodes come back, then what they keep themselves is undone. @throws Error with every failure */
export async function healKeptFaults(target: Target): Promise<void> {
  if (target.kind !== "lab") return;
  const failures: string[] = [];
  const note = (failure: unknown) => failures.push(reasonOf(failure));
  await withEach(await listKeepers(target), (fault) => healKeeper(target, fault)).catch(note);
  await withEach(await runningNodes(target), async (node) => {
    for (const { id } of await keptOnNode(target, node)) await healOnNode(target, node, id);
  }).catch(note);
  if (failures.length > 0) throw new Error(`not everything could be healed: ${failures.join("; ")}`);
}
