/** An edge hears its servers' beats, on a real HAProxy: who freezes is taken away long before a check says so, and nobody where all are late. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findHaproxy } from "../infra/cli/test-servers.ts";
import { freePort } from "../services/lib/testing/free-port.ts";

const beats = join(import.meta.dirname, "../charts/edge/files/beats.pl");
const cut = join(import.meta.dirname, "../charts/edge/files/cut.sh");
const beatsModule = join(import.meta.dirname, "../services/lib/beats.ts");
const addresses = ["127.1.0.2", "127.1.0.3", "127.1.0.4"];
/** Checks alone would take longer than this to say that a server is frozen: so many must fail, a second or more apart. */
const checksS = 60;

/**
 * Answers its address after a moment, or after two seconds where that is asked for, with the number of the connection that it was asked on, and
 * beats. Told to go as with its machine, it ends what is heard of it and answers nothing more.
 */
const serverScript = `
import { createServer } from "node:http";
import { Beats } from "${beatsModule}";
const beats = new Beats();
const [address, port, beatPort] = process.argv.slice(1);
let connections = 0;
const work = createServer(({ socket, url }, response) => {
  socket.number ??= ++connections;
  response.setHeader("connection-number", socket.number);
  setTimeout(() => response.end(address), url === "/slow" ? 2000 : 20);
});
work.listen(Number(port), address);
const heard = createServer((request, response) => (request.url === "/health/beat" ? beats.add(response) : response.end()));
heard.listen(Number(beatPort), address);
process.on("SIGUSR2", () => {
  heard.closeAllConnections();
  setTimeout(() => process.kill(process.pid, "SIGSTOP"), 20);
});
`;

const folder = mkdtempSync(join(tmpdir(), "dsp-beats-"));
const servers = new Map<string, ChildProcess>();
let edge: ChildProcess;
let listener: ChildProcess;
let cutter: ChildProcess;
let said = "";
let url: string;
let leadUrl: string;

/**
 * Each on a connection of its own, as clients come.
 * @returns who answered each, on which of HAProxy's connections, and the longest wait in milliseconds
 */
async function askMany(count: number): Promise<{ answers: string[]; connections: { of: string; number: number }[]; longestMs: number }> {
  let longestMs = 0;
  const connections = await Promise.all(
    Array.from({ length: count }, async () => {
      const askedMs = performance.now();
      const answer = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(20_000) });
      const text = await answer.text();
      longestMs = Math.max(longestMs, performance.now() - askedMs);
      expect(answer.status, text).toBe(200);
      return { of: text, number: Number(answer.headers.get("connection-number")) };
    }),
  );
  return { answers: connections.map(({ of }) => of), connections, longestMs };
}

async function tellHaproxy(command: string): Promise<void> {
  const socket = connect(join(folder, "commands"));
  socket.end(`${command}\n`);
  await once(socket.resume(), "close");
}

function answers(of: string): Promise<boolean> {
  return fetch(of).then(
    ({ status }) => status === 200,
    () => false,
  );
}

async function untilAllAnswer(): Promise<void> {
  await vi.waitUntil(async () => new Set((await askMany(9)).answers).size === addresses.length, { timeout: 15_000, interval: 250 });
}

/** Each has been heard for more than a second again, so that its silence means something; what was said until then is of no account. */
async function untilKnown(): Promise<void> {
  await sleep(2000);
  said = "";
}

beforeAll(async () => {
  const [port, leadPort, serverPort, beatPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
  for (const address of addresses) {
    const args = ["--input-type=module-typescript", "-e", serverScript, address, String(serverPort), String(beatPort)];
    servers.set(address, spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] }));
  }
  for (const address of addresses) await vi.waitUntil(() => answers(`http://${address}:${beatPort}/`), { timeout: 15_000, interval: 100 });
  const lines = addresses.map((address, index) => `server work-${index + 1} ${address}:${serverPort} port ${beatPort}`);
  const commands = join(folder, "commands");
  const config = `
global
    stats socket ${commands} level admin
defaults
    mode http
    timeout connect 1s
    timeout client 30s
    timeout server 30s
    timeout check 20s
frontend public
    bind 127.0.0.1:${port}
    default_backend work
backend work
    balance roundrobin
    option httpchk GET /
    option redispatch 1
    retries 6
    retry-on conn-failure empty-response response-timeout
    http-reuse always
    default-server check inter 1s fall ${checksS} rise 1
    ${lines.join("\n    ")}
frontend lead
    bind 127.0.0.1:${leadPort}
    http-request return status 503 if { nbsrv(elsewhere) lt 1 }
    http-request return status 200
backend elsewhere
    server voter-0 ${addresses[0]}:${beatPort} check inter 3s
    server voter-1 ${addresses[1]}:${beatPort} check inter 3s
`;
  writeFileSync(join(folder, "haproxy.cfg"), config);
  edge = spawn(findHaproxy() ?? "haproxy", ["-db", "-f", join(folder, "haproxy.cfg")], { stdio: ["ignore", "ignore", "ignore"] });
  const env = {
    ...process.env,
    BEATS: `work:${beatPort}`,
    HAPROXY: commands,
    ELSEWHERE: "elsewhere",
    CUTS: join(folder, "cuts"),
    PORTS: String(serverPort),
  };
  cutter = spawn("bash", [cut], { env, stdio: ["ignore", "ignore", "pipe"] });
  listener = spawn("perl", [beats], { env, stdio: ["ignore", "ignore", "pipe"] });
  for (const { stderr } of [cutter, listener]) {
    stderr?.on("data", (text) => {
      said += text;
    });
  }
  url = `http://127.0.0.1:${port}/`;
  leadUrl = `http://127.0.0.1:${leadPort}/`;
  await vi.waitUntil(() => answers(url), { timeout: 15_000, interval: 100 });
  await untilAllAnswer();
  // For a second it must have heard each.
  await sleep(2000);
}, 45_000);

afterAll(() => {
  for (const process of [edge, listener, cutter]) process?.kill("SIGKILL");
  for (const server of servers.values()) server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("an edge", () => {
  it("judges nobody while all are silent", async () => {
    for (const server of servers.values()) server.kill("SIGSTOP");
    // For longer than any silence is granted; and they do not come back in the same moment.
    await sleep(2000);
    for (const server of servers.values()) {
      server.kill("SIGCONT");
      await sleep(80);
    }
    await untilAllAnswer();
    expect(said).not.toContain("silent");
  }, 30_000);

  it("sends again elsewhere what a frozen server was given, gives it no more, and lets it back when it is heard, on new connections", async () => {
    await untilKnown();
    const [first = ""] = addresses;
    const highest = (all: { of: string; number: number }[]): number =>
      Math.max(...all.filter(({ of }) => of === first).map(({ number }) => number));
    const before = highest((await askMany(36)).connections);
    servers.get(first)?.kill("SIGSTOP");
    const { answers, longestMs } = await askMany(9);
    console.log(`a frozen server's requests were answered elsewhere after ${Math.round(longestMs)} ms`);
    expect(answers).not.toContain(first);
    expect(longestMs).toBeLessThan((checksS * 1000) / 10);
    await vi.waitUntil(() => /work\/work-1 has been silent for \d+ ms/.test(said), { timeout: 5000 });
    // By what broke the connections, and not by HAProxy, which later versions would have end the clients' connections.
    await vi.waitUntil(() => new RegExp(`[1-9]\\d* connections to ${first} cut`).test(said), { timeout: 5000 });
    expect((await askMany(9)).answers).not.toContain(first);
    servers.get(first)?.kill("SIGCONT");
    await vi.waitUntil(() => said.includes("work/work-1 is given requests again: it is heard"), { timeout: 15_000 });
    const after = (await askMany(9)).connections.filter(({ of }) => of === first);
    expect(after.map(({ number }) => number > before)).toEqual([true, true, true]);
  }, 45_000);

  it("sends again elsewhere what a server was given that HAProxy's own checks find down", async () => {
    await untilKnown();
    const slow = Promise.all(addresses.map(async () => (await fetch(`${url}slow`, { headers: { connection: "close" } })).text()));
    await sleep(300);
    const [, second] = addresses;
    await tellHaproxy("disable health work/work-2; set server work/work-2 health down");
    const answers = await slow;
    await tellHaproxy("enable health work/work-2; set server work/work-2 health up");
    expect(answers).toHaveLength(addresses.length);
    expect(answers).not.toContain(second);
    expect(said).toMatch(new RegExp(`[1-9]\\d* connections to ${second} cut`));
  }, 20_000);

  it("takes away who is starved: never silent for long, and late again and again", async () => {
    await untilKnown();
    const [first = ""] = addresses;
    const judged = /work\/work-1 has been silent for (\d+) ms, and late by (\d+) ms/;
    for (let turn = 0; turn < 20 && !judged.test(said); turn++) {
      servers.get(first)?.kill("SIGSTOP");
      await sleep(180);
      servers.get(first)?.kill("SIGCONT");
      await sleep(40);
    }
    const [, silentMs, lateMs] = judged.exec(said) ?? [];
    console.log(`a starved server was silent for ${silentMs} ms and late by ${lateMs} ms in all`);
    expect(Number(silentMs)).toBeLessThan(300);
    expect(said).not.toMatch(/work-[23] has been/);
    await vi.waitUntil(() => said.includes("work/work-1 is given requests again: it is heard"), { timeout: 15_000 });
    await untilAllAnswer();
  }, 45_000);

  it("waits longer for who falls silent when the others' beats have just been late", async () => {
    await untilKnown();
    for (const server of servers.values()) server.kill("SIGSTOP");
    await sleep(220);
    for (const server of servers.values()) server.kill("SIGCONT");
    await sleep(150);
    const [first = ""] = addresses;
    servers.get(first)?.kill("SIGSTOP");
    const judged = /work\/work-1 has been silent for (\d+) ms/;
    await vi.waitUntil(() => judged.test(said), { timeout: 8000, interval: 20 });
    servers.get(first)?.kill("SIGCONT");
    // A beat that was 0.07 s late gives 0.28 s more.
    expect(Number(judged.exec(said)?.[1])).toBeGreaterThan(500);
    await untilAllAnswer();
  }, 45_000);

  it("takes nobody away where fewer would be left than are away, and must not lead while most are silent at once", async () => {
    await untilKnown();
    expect(await answers(leadUrl)).toBe(true);
    const [first = "", second = ""] = addresses;
    for (const address of [first, second]) servers.get(address)?.kill("SIGSTOP");
    await vi.waitUntil(async () => !(await answers(leadUrl)), { timeout: 5000, interval: 20 });
    for (const address of [first, second]) servers.get(address)?.kill("SIGCONT");
    expect(said).toContain("2 of 3 were silent at once: this machine is cut off");
    expect(said.match(/requests go elsewhere/g)?.length ?? 0).toBeLessThanOrEqual(1);
    await vi.waitUntil(() => answers(leadUrl), { timeout: 10_000, interval: 100 });
    await untilAllAnswer();
  }, 30_000);

  it("takes away who went with its machine: its connection ended, and a new one is never answered", async () => {
    await untilKnown();
    const [first = ""] = addresses;
    servers.get(first)?.kill("SIGUSR2");
    await vi.waitUntil(() => /work\/work-1 has been silent for \d+ ms/.test(said), { timeout: 5000, interval: 20 });
    servers.get(first)?.kill("SIGCONT");
    await untilAllAnswer();
  }, 30_000);

  it("leaves to HAProxy who ended and refuses: its machine lives, and nothing waits for it", async () => {
    await untilKnown();
    servers.get(addresses[0] ?? "")?.kill("SIGKILL");
    await sleep(2000);
    expect(said).not.toContain("silent");
  }, 30_000);
});
