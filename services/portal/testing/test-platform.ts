import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createMetrics } from "../../lib/metrics.ts";
import { type Readiness, serveOperations } from "../../lib/operations-server.ts";
import { findRedis } from "../../lib/testing/find-binaries.ts";
import { freePort } from "../../lib/testing/free-port.ts";

/** Parts of a platform beside the portal and the record: pods' ports for operations, a Sentinel, and what a watcher tells anybody. */
export class TestPlatform {
  readonly ports: Record<string, number> = {};
  readonly readiness: Record<string, Readiness> = {};
  /** By site: whether it is overruled. */
  readonly overruled: Record<string, boolean> = {};
  readonly sites = ["site-a", "site-b", "witness"];
  readonly sentinelPort: number;
  readonly #servers: Server[] = [];
  #sentinel: ChildProcess | undefined;
  #root = "";

  private constructor(sentinelPort: number) {
    this.sentinelPort = sentinelPort;
  }

  static async start(services: readonly string[]): Promise<TestPlatform> {
    const platform = new TestPlatform(await freePort());
    for (const service of services) await platform.#serve(service);
    for (const site of platform.sites) await platform.#watch(site);
    return platform;
  }

  /** A Sentinel that watches over the test's Redis. */
  async guard(redisPort: number): Promise<void> {
    const server = findRedis();
    if (!server) throw new Error("redis-server is not installed");
    this.#root = await mkdtemp(join(tmpdir(), "dsp-sentinel-"));
    const file = join(this.#root, "sentinel.conf");
    await writeFile(file, `port ${this.sentinelPort}\ndir ${this.#root}\nsentinel monitor dsp 127.0.0.1 ${redisPort} 1\n`);
    this.#sentinel = spawn(server, [file, "--sentinel"], { stdio: "ignore" });
    const client = new Redis({ port: this.sentinelPort, enableReadyCheck: false, retryStrategy: () => 100 });
    client.on("error", () => {});
    for (let attempt = 0; attempt < 300; attempt++) {
      const replicas = await client.call("SENTINEL", "REPLICAS", "dsp").catch(() => []);
      if (JSON.stringify(replicas).includes('"master-link-status","ok"')) break;
      await sleep(100);
    }
    client.disconnect();
  }

  stopSentinel(): void {
    this.#sentinel?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.stopSentinel();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    if (this.#root !== "") await rm(this.#root, { recursive: true, force: true });
  }

  async #serve(service: string): Promise<void> {
    const metrics = createMetrics({ service, site: "site-a" });
    metrics.pod.set({ pod: `${service}-6d5f-x7k2p`, node: "node-a1" }, 1);
    this.readiness[service] = { ready: true };
    const server = await serveOperations({ metrics, readiness: () => this.readiness[service] ?? { ready: false }, port: 0 });
    this.#servers.push(server);
    this.ports[`${service} operations`] = (server.address() as AddressInfo).port;
  }

  async #watch(site: string): Promise<void> {
    const server = createServer((request, response) => {
      if (request.url === "/readyz") return response.writeHead(200).end("{}");
      if (request.url === "/standing") return response.writeHead(this.overruled[site] ? 409 : 200).end("{}");
      const up = ["pg-1", "pg-2", "pg-3"].map((name) => `dsp_watcher_instance_up{instance="${name}"} 1\n`);
      return response.writeHead(200).end(`dsp_watcher_primary_timeline{instance="pg-1",site="${site}"} 1\n${up.join("")}`);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, resolve));
    this.ports[`${site} watcher`] = (server.address() as AddressInfo).port;
  }
}
