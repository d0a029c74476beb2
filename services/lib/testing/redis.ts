import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { findRedis } from "./find-binaries.ts";
import { freePort } from "./free-port.ts";

export interface TestRedisOptions {
  /** Nothing without TLS: what redis-server is told, and what its clients are. */
  tls?: { arguments: readonly string[]; ca: string; servername: string };
}

/** A Redis primary and one replica on loopback, for tests that break them. */
export class TestRedis {
  readonly port: number;
  readonly #processes: ChildProcess[];
  readonly #root: string;

  private constructor(port: number, processes: ChildProcess[], root: string) {
    this.port = port;
    this.#processes = processes;
    this.#root = root;
  }

  /** @throws when redis-server is not installed */
  static async start({ tls }: TestRedisOptions = {}): Promise<TestRedis> {
    const server = findRedis();
    if (!server) {
      throw new Error("redis-server is not installed");
    }
    const root = await mkdtemp(join(tmpdir(), "dsp-redis-"));
    const ports = [await freePort(), await freePort()] as const;
    const processes = ports.map((port, number) => {
      const folder = ["--dir", root, "--dbfilename", `${number}.rdb`, "--save", "", "--bind", "127.0.0.1"];
      const listening = tls ? ["--port", "0", "--tls-port", String(port), ...tls.arguments] : ["--port", String(port)];
      const replica = number === 0 ? [] : ["--replicaof", `127.0.0.1 ${ports[0]}`, "--repl-diskless-sync-delay", "0"];
      return spawn(server, [...folder, ...listening, ...replica, "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"], {
        stdio: "ignore",
      });
    });
    const redis = new TestRedis(ports[0], processes, root);
    for (const port of ports) await answering(port);
    await replicating(ports[0], tls);
    return redis;
  }

  freeze(): void {
    this.#processes[0]?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#processes[0]?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) child.kill("SIGKILL");
    await rm(this.#root, { recursive: true, force: true });
  }
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error("redis-server does not answer");
}

/** Until the replica has caught up: from then on WAIT can succeed. */
async function replicating(port: number, tls: TestRedisOptions["tls"]): Promise<void> {
  const client = new Redis({ port, host: "127.0.0.1", ...(tls ? { tls: { ca: tls.ca, servername: tls.servername } } : {}) });
  try {
    for (let attempt = 0; attempt < 200; attempt++) {
      if ((await client.info("replication")).includes("state=online")) return;
      await sleep(50);
    }
    throw new Error("the Redis replica does not follow");
  } finally {
    client.disconnect();
  }
}
