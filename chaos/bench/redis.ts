/** Redis for the benchmark, found by way of a Sentinel as on the platform: a primary with its append-only file, a replica, a Sentinel. */
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { type OwnedProcess, startProcess, until } from "./owned-process.ts";

const startLimitMs = 20_000;
export const redisPrimaryName = "dsp";

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export interface BenchRedis {
  sentinelPort: number;
  stop(): Promise<void>;
}

/** @throws Error when it does not answer */
export async function startRedis(options: { server: string; root: string; signal: AbortSignal }): Promise<BenchRedis> {
  const { server, root, signal } = options;
  const processes: OwnedProcess[] = [];
  const stop = async () => {
    await Promise.all(processes.map((process) => process.stop()));
  };
  const start = async (name: string, settings: readonly string[], more: readonly string[] = []): Promise<number> => {
    const folder = join(root, name);
    const port = await freePort();
    await mkdir(folder, { recursive: true });
    const file = join(folder, "redis.conf");
    await writeFile(file, [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, ...settings, ""].join("\n"));
    const logFile = join(root, `${name}.log`);
    const process = startProcess({
      ...{ name, command: server, args: [file, ...more], cwd: folder, env: {}, logFile, endSignal: "SIGKILL" },
    });
    processes.push(process);
    await until(`Redis (${name}) answers`, startLimitMs, signal, () => {
      if (!process.isRunning()) throw new Error(`Redis (${name}) ended: ${process.lastWords()}`);
      return isOpen(port);
    });
    return port;
  };
  try {
    const durable = ["appendonly yes", "appendfsync everysec", 'save ""', "maxmemory-policy noeviction", "repl-diskless-sync-delay 0"];
    const primary = await start("redis-primary", durable);
    await start("redis-replica", [...durable, `replicaof 127.0.0.1 ${primary}`]);
    const watched = [`sentinel monitor ${redisPrimaryName} 127.0.0.1 ${primary} 1`];
    return { sentinelPort: await start("redis-sentinel", watched, ["--sentinel"]), stop };
  } catch (failure) {
    await stop();
    throw failure;
  }
}
