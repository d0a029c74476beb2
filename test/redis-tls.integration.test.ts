/** Redis and Sentinel with the settings and the scripts of charts/redis, and what services make of them: nothing goes without TLS. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type PeerCertificate } from "node:tls";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeLeaf, planSecrets } from "../infra/secrets/generate.ts";
import type { KeyPair, Secrets } from "../infra/secrets/shape.ts";
import { RedisConnection, type RedisOptions, type RedisTls } from "../services/lib/redis.ts";
import { findRedis } from "../services/lib/testing/find-binaries.ts";
import { freePort } from "../services/lib/testing/free-port.ts";
import { TestRedis } from "../services/lib/testing/redis.ts";

const run = promisify(execFile);
const log = pino({ level: "silent" });
const scripts = join(import.meta.dirname, "../charts/redis/files");
const password = "of-this-test-alone-and-long-enough";

let folder: string;
let secrets: Secrets;
let redis: TestRedis;
let sentinel: ChildProcess;
let sentinelPort: number;
let connection: RedisConnection | undefined;

async function makeSecrets(): Promise<Secrets> {
  return (await planSecrets({}, { edgeNames: ["localhost"], namespace: "dsp", services: [], callers: [] })).secrets;
}

async function keepCertificate({ certificate, key }: KeyPair): Promise<void> {
  await writeFile(join(folder, "tls/tls.crt"), certificate);
  await writeFile(join(folder, "tls/tls.key"), key);
}

/** What lib.sh has servers told, with the test's places. */
async function tlsSettings(port: number): Promise<string> {
  const library = await readFile(join(scripts, "lib.sh"), "utf8");
  const [body] = library.match(/^tls_settings\(\) \{[\s\S]+?^\}/m) ?? [];
  const { stdout } = await run("bash", ["-c", `tls=${join(folder, "tls")}\n${body}\ntls_settings ${port}`]);
  return stdout;
}

/** Runs ready.sh as the pod of this Redis would, in the test's places. */
async function askReady(): Promise<string> {
  const places = { "/etc/redis-tls": "tls", "/etc/redis-password": "password", "/opt/dsp": "scripts", "/run/redis": "run" };
  await mkdir(join(folder, "scripts"), { recursive: true });
  for (const name of ["lib.sh", "ready.sh"]) {
    const moved = Object.entries(places).reduce(
      (text, [from, to]) => text.replaceAll(from, join(folder, to)),
      await readFile(join(scripts, name), "utf8"),
    );
    await writeFile(join(folder, "scripts", name), moved.replaceAll("127.0.0.1 6379", `127.0.0.1 ${redis.port}`));
  }
  const hosts = Object.fromEntries([0, 1, 2].map((member) => [`REDIS_${member}_SERVICE_HOST`, "127.0.0.1"]));
  const { stdout } = await run("bash", [join(folder, "scripts/ready.sh")], { env: { ...process.env, ...hosts, POD_NAME: "redis-0" } });
  return stdout;
}

const bySentinel = () => ({ sentinels: [{ host: "127.0.0.1", port: sentinelPort }], primaryName: "dsp" });
const directly = () => ({ server: { host: "127.0.0.1", port: redis.port } });

function connectTo(place: Partial<RedisOptions>, tls: RedisTls | undefined): Redis {
  connection = new RedisConnection({ ...place, passwordFiles: [join(folder, "password/password")], tls, log });
  return connection.client;
}

const trusted = () => ({ ca: secrets.ca.certificate, servername: "redis" });

function certificateAt(port: number): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", ...trusted() }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dsp-redis-tls-"));
  for (const part of ["tls", "password", "run"]) await mkdir(join(folder, part));
  secrets = await makeSecrets();
  await keepCertificate(secrets.redisTls);
  await writeFile(join(folder, "tls/ca.crt"), secrets.ca.certificate);
  await writeFile(join(folder, "password/password"), password);
  const given = (await tlsSettings(0)).split("\n").filter((line) => line !== "" && !/^(tls-)?port /.test(line));
  const words = given.flatMap((line) => line.split(" ").map((word, place) => (place === 0 ? `--${word}` : word)));
  redis = await TestRedis.start({ tls: { arguments: words, ...trusted() } });
  const operator = new Redis({ port: redis.port, host: "127.0.0.1", tls: trusted() });
  await operator.acl("SETUSER", "default", "resetpass", `>${password}`);
  operator.disconnect();

  sentinelPort = await freePort();
  const watched = `sentinel monitor dsp 127.0.0.1 ${redis.port} 1\nsentinel auth-pass dsp ${password}\n`;
  await writeFile(join(folder, "sentinel.conf"), `${await tlsSettings(sentinelPort)}dir ${folder}\n${watched}`);
  sentinel = spawn(findRedis() ?? "", [join(folder, "sentinel.conf"), "--sentinel"], { stdio: "ignore" });
  while (!(await certificateAt(sentinelPort).catch(() => undefined))) await sleep(50);
}, 60_000);
afterEach(() => {
  connection?.stop();
  connection = undefined;
});
afterAll(async () => {
  sentinel?.kill("SIGKILL");
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("Redis by way of Sentinel", () => {
  it("serves who trusts its authority and looks for its name, and is followed by its replica", async () => {
    const client = connectTo(bySentinel(), trusted());
    await expect.poll(() => client.status, { timeout: 5000 }).toBe("ready");
    await client.set("kept", "yes");
    expect(await client.get("kept")).toBe("yes");
    expect(await client.wait(1, 2000)).toBe(1);
  });

  const strangers: [string, () => Partial<RedisOptions>, () => Promise<RedisTls | undefined>][] = [
    ["speaks no TLS", bySentinel, async () => undefined],
    ["speaks no TLS, and asks no Sentinel", directly, async () => undefined],
    ["trusts another authority", bySentinel, async () => ({ ...trusted(), ca: (await makeSecrets()).ca.certificate })],
    ["trusts another authority, and asks no Sentinel", directly, async () => ({ ...trusted(), ca: (await makeSecrets()).ca.certificate })],
    ["looks for another name", bySentinel, async () => ({ ...trusted(), servername: "record.dsp.svc" })],
    ["looks for another name, and asks no Sentinel", directly, async () => ({ ...trusted(), servername: "record.dsp.svc" })],
  ];
  for (const [what, place, tls] of strangers) {
    it(`is not there for a client that ${what}`, async () => {
      const client = connectTo(place(), await tls());
      // By way of Sentinel it is told, directly the line is closed.
      await new Promise((resolve) => client.once("error", resolve).once("close", resolve));
      expect(client.status).not.toBe("ready");
      await expect(client.ping()).rejects.toThrow();
    });
  }

  it("shows a new certificate once ready.sh has seen it, and goes on serving who is connected", async () => {
    const client = connectTo(bySentinel(), trusted());
    await expect.poll(() => client.status, { timeout: 5000 }).toBe("ready");
    expect(await askReady()).toBe("a new certificate is loaded\n");
    expect(await askReady()).toBe("");
    const before = await certificateAt(redis.port);

    await keepCertificate(await makeLeaf(secrets.ca, ["redis"], new Date()));
    expect(await certificateAt(redis.port)).toMatchObject({ serialNumber: before.serialNumber });
    expect(await askReady()).toBe("a new certificate is loaded\n");
    expect((await certificateAt(redis.port)).serialNumber).not.toBe(before.serialNumber);
    expect(await client.ping()).toBe("PONG");
  });
});
