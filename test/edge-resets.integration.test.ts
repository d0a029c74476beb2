/** What the edge's clients see of a takeover, on real network stacks: a switch, a client and two edges, each a network namespace. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const run = promisify(execFile);
const resets = join(import.meta.dirname, "..", "charts/edge/files/resets.pl");
const address = { client: "10.203.0.1", old: "10.203.0.2", next: "10.203.0.3" };
const virtualIp = "10.203.0.100";
type Name = keyof typeof address;

const prefix = `dsp-test-${process.pid}`;
let processes: ChildProcess[];

function within(name: Name | "switch", ...command: string[]): [string, string[]] {
  return ["ip", ["netns", "exec", `${prefix}-${name}`, ...command]];
}

async function ip(name: Name | "switch", ...args: string[]): Promise<void> {
  await run(...within(name, "ip", ...args));
}

/** Starts a process that ends with the test. */
function start(name: Name, command: string[], env: Record<string, string> = {}): ChildProcess {
  const [file, args] = within(name, ...command);
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  processes.push(child);
  return child;
}

function startResets(name: "old" | "next"): void {
  const env = { HOST_IP: address[name], VIRTUAL_IP: virtualIp, PEERS: `${address.old} ${address.next}` };
  // The image has neither of these files. What is mounted here is seen in this namespace only.
  const asInTheImage = 'for file in /etc/protocols /etc/services; do [ ! -e $file ] || mount --bind /dev/null $file; done; exec perl "$0"';
  start(name, ["sh", "-ec", asInTheImage, resets], env).stderr?.on("data", (text) => process.stderr.write(`${name}: ${text}`));
}

function bothTell(): void {
  startResets("old");
  startResets("next");
}

/** It answers nothing, and ends all its connections when it is told to. */
const server = `const sockets = []; process.on("SIGUSR2", () => sockets.forEach((socket) => socket.end()));
require("node:net").createServer((socket) => sockets.push(socket.on("data", () => {}).on("error", () => {}))).listen(443, "${virtualIp}", () => console.log("up"))`;
const client = `const socket = require("node:net").connect(443, "${virtualIp}", () => { socket.write("a question"); console.log("connected"); });
socket.on("error", ({ code }) => console.log(code)); setInterval(() => {}, 1000)`;

/** What a process says, as it says it. */
function said(child: ChildProcess): () => string {
  let text = "";
  child.stdout?.on("data", (piece) => {
    text += piece;
  });
  return () => text;
}

beforeEach(async () => {
  processes = [];
  const names = Object.keys(address) as Name[];
  await run("ip", ["netns", "add", `${prefix}-switch`]);
  await ip("switch", "link", "add", "bridge", "type", "bridge");
  await ip("switch", "link", "set", "bridge", "up");
  for (const name of names) {
    await run("ip", ["netns", "add", `${prefix}-${name}`]);
    await ip("switch", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", `${prefix}-${name}`);
    await ip("switch", "link", "set", name, "master", "bridge", "up");
    await ip(name, "addr", "add", `${address[name]}/24`, "dev", "eth0");
    await ip(name, "link", "set", "eth0", "up");
  }
  await ip("old", "addr", "add", `${virtualIp}/24`, "dev", "eth0");
});

afterEach(async () => {
  for (const child of processes) child.kill("SIGKILL");
  for (const name of ["switch", ...Object.keys(address)]) await run("ip", ["netns", "delete", `${prefix}-${name}`]).catch(() => undefined);
});

/** A client waits for an answer of the old edge, which loses its address. @returns what the client says within three seconds of it */
async function clientOfOldEdge(
  beforehand: () => void | Promise<void>,
  lose: (serving: ChildProcess) => Promise<void>,
  { isAnnounced = true, waitsMs = 1500 } = {},
): Promise<string> {
  const serving = start("old", ["node", "-e", server]);
  const up = said(serving);
  await expect.poll(up, { timeout: 5000 }).toContain("up");
  await beforehand();
  const heard = said(start("client", ["node", "-e", client]));
  await expect.poll(heard, { timeout: 5000 }).toContain("connected");
  await sleep(waitsMs);
  if (!isAnnounced) await keepNeighbour();
  await lose(serving);
  // keepalived announces who holds the address to the neighbours.
  if (isAnnounced) await ip("client", "neigh", "flush", "all");
  const endMs = performance.now() + 3000;
  while (performance.now() < endMs && !heard().includes("ECONN")) await sleep(50);
  return heard();
}

/** One of the kernel's counters in the client's network (/proc/net/netstat: a line of names, and one of figures). */
async function counterOfClient(name: string): Promise<number> {
  const { stdout } = await run(...within("client", "cat", "/proc/net/netstat"));
  const [names = [], figures = []] = stdout
    .split("\n")
    .filter((line) => line.startsWith("TcpExt:"))
    .map((line) => line.split(" "));
  return Number(figures[names.indexOf(name)]);
}

/** The client goes on sending to the old edge, whoever says that the address is another's. */
async function keepNeighbour(): Promise<void> {
  const { stdout } = await run(...within("old", "cat", "/sys/class/net/eth0/address"));
  await ip("client", "neigh", "replace", virtualIp, "lladdr", stdout.trim(), "dev", "eth0", "nud", "permanent");
}

const nextHasIt = () => ip("next", "addr", "add", `${virtualIp}/24`, "dev", "eth0");

async function dies(): Promise<void> {
  await ip("old", "link", "set", "eth0", "down");
  await nextHasIt();
}

/** Both hold the address, as when they do not hear each other, until the old edge gives it up. */
async function givesUp(): Promise<void> {
  await nextHasIt();
  await ip("old", "addr", "del", `${virtualIp}/24`, "dev", "eth0");
}

/** The old edge ends what it has, when its words do not arrive any more, and then has no address: whoever looks finds no open connection. */
async function endsUnheard(serving: ChildProcess): Promise<void> {
  await ip("old", "route", "add", "unreachable", `${address.client}/32`);
  serving.kill("SIGUSR2");
  await sleep(300);
  await givesUp();
  await ip("old", "route", "del", "unreachable", `${address.client}/32`);
}

// It takes root, as the container has it that does this.
describe.skipIf(process.getuid?.() !== 0)("a client that waits for an answer of an edge without the address", () => {
  it("waits on, where nobody tells it", async () => {
    expect(await clientOfOldEdge(() => undefined, dies)).not.toContain("ECONN");
  }, 30_000);

  it("is told by the next edge", async () => {
    expect(await clientOfOldEdge(bothTell, dies)).toContain("ECONNRESET");
  }, 30_000);

  it("is told also where it came in the moment before", async () => {
    const bothGoOn = async (): Promise<void> => {
      bothTell();
      await sleep(1500);
    };
    expect(await clientOfOldEdge(bothGoOn, dies, { waitsMs: 0 })).toContain("ECONNRESET");
  }, 30_000);

  it("answers whoever tells it each time, for its first answers go astray while it does not know the next edge", async () => {
    expect(await clientOfOldEdge(bothTell, dies, { isAnnounced: false })).not.toContain("ECONN");
    expect(await counterOfClient("TCPACKSkippedSeq")).toBe(0);
  }, 30_000);

  it("waits on when the edge gives the address up and nobody tells it", async () => {
    expect(await clientOfOldEdge(() => undefined, givesUp)).not.toContain("ECONN");
  }, 30_000);

  it("is told by the edge that gives the address up", async () => {
    expect(await clientOfOldEdge(() => startResets("old"), givesUp)).toContain("ECONNRESET");
  }, 30_000);

  it("is told also where that edge had ended the connection and nobody heard it", async () => {
    expect(await clientOfOldEdge(() => startResets("old"), endsUnheard)).toContain("ECONNRESET");
  }, 30_000);
});
