import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backgroundContext, type Context } from "./context.ts";
import { ServiceClient } from "./service-client.ts";
import { makeCertificate, type TestCertificate } from "./testing/certificate.ts";
import { freePort } from "./testing/free-port.ts";

let folder: string;
let certificate: TestCertificate;
let port: number;
let pods: Pod[];
let client: ServiceClient;

/** A pod on an address of loopback; it answers with that address. */
class Pod {
  readonly address: string;
  asked = 0;
  answersAfterMs = 0;
  ready = true;
  #silent = false;
  #server: Server | undefined;
  #frozen: TcpServer | undefined;

  constructor(address: string) {
    this.address = address;
  }

  async listen(): Promise<void> {
    const server = createServer(certificate, (request, response) => void this.#serve(request, response));
    this.#silent = false;
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, this.address, resolve));
  }

  async #serve({ url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#silent) return;
    if (url === "/health/ready") {
      response.writeHead(this.ready ? 200 : 503).end(JSON.stringify({ ready: this.ready }));
      return;
    }
    this.asked += 1;
    await sleep(this.answersAfterMs);
    if (!this.#silent) response.end(this.address);
  }

  /** Nobody is there any more: connections that are open say nothing, new ones are refused. */
  vanish(): void {
    this.#silent = true;
    this.#server?.close();
  }

  /** Its kernel accepts connections, and nobody speaks on them. */
  async freeze(): Promise<void> {
    this.vanish();
    const frozen = createTcpServer(() => {});
    this.#frozen = frozen;
    await new Promise<void>((resolve) => frozen.listen(port, this.address, resolve));
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
    this.#frozen?.close();
  }
}

const soon = { timeout: 10_000 };
const log = pino({ level: "silent" });
const within = (deadlineMs: number): Context => backgroundContext(log, "test", deadlineMs);

async function ask(): Promise<string> {
  const { body } = await client.call(within(15_000), { method: "GET", path: "/fhir/Patient/1" });
  return body.toString();
}

const addresses = () => pods.map(({ address }) => address);

/** Until there is a connection to each pod, and none is new. */
async function meetAll(): Promise<void> {
  await expect.poll(async () => new Set([await ask(), await ask()]).size, soon).toBe(2);
}

function makeClient(): ServiceClient {
  return new ServiceClient({
    ...{ name: "record", domain: "services.test", port, caFile: certificate.certFile, log },
    lookup: async () => addresses(),
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dsp-client-"));
  certificate = await makeCertificate(folder);
  port = await freePort();
  pods = ["127.0.0.2", "127.0.0.3"].map((address) => new Pod(address));
  for (const pod of pods) await pod.listen();
  client = makeClient();
});

afterEach(async () => {
  client.stop();
  for (const pod of pods) pod.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("a service with two pods", () => {
  it.each([
    ["vanishes", "vanish"],
    ["freezes", "freeze"],
  ] as const)("keeps no request at one that %s, asks it no more, and again when it is back", async (_how, how) => {
    await meetAll();
    const [gone, left] = pods as [Pod, Pod];
    await gone[how]();
    const beganMs = performance.now();
    const before = gone.asked;
    expect([await ask(), await ask()]).toEqual([left.address, left.address]);
    // Less than what a pod that is there may keep a request for.
    expect(performance.now() - beganMs).toBeLessThan(5000);
    expect(gone.asked - before).toBeLessThanOrEqual(1);
    for (let n = 0; n < 10; n += 1) expect(await ask()).toBe(left.address);
    gone.stop();
    await gone.listen();
    await expect.poll(ask, soon).toBe(gone.address);
  });

  it("leaves a request at one that is slow and there", async () => {
    await meetAll();
    for (const pod of pods) pod.answersAfterMs = 2500;
    const before = pods.map(({ asked }) => asked);
    await ask();
    expect(pods.map(({ asked }, index) => asked - (before[index] ?? 0)).toSorted()).toEqual([0, 1]);
  });

  it("gives a pod that has only just begun nothing until it is ready", async () => {
    const [begun, other] = pods as [Pod, Pod];
    client.stop();
    begun.ready = false;
    client = makeClient();
    await expect.poll(ask, soon).toBe(other.address);
    const before = begun.asked;
    for (let n = 0; n < 6; n += 1) expect(await ask()).toBe(other.address);
    expect(begun.asked).toBe(before);
    begun.ready = true;
    await expect.poll(ask, soon).toBe(begun.address);
  });

  it("takes a request away from a pod that holds it and is not ready", async () => {
    await meetAll();
    const [held, other] = pods as [Pod, Pod];
    held.ready = false;
    held.answersAfterMs = 10_000;
    const beganMs = performance.now();
    expect([await ask(), await ask()]).toEqual([other.address, other.address]);
    expect(performance.now() - beganMs).toBeLessThan(5000);
  });

  it("is asked where it is, though all its pods failed a moment ago", async () => {
    await meetAll();
    for (const pod of pods) pod.vanish();
    await expect(client.call(within(1500), { method: "GET", path: "/" })).rejects.toMatchObject({ status: 503 });
    for (const pod of pods) {
      pod.stop();
      await pod.listen();
    }
    expect(addresses()).toContain(await ask());
  });

  it("is looked for anew as soon as one of its pods fails", async () => {
    await meetAll();
    const replacement = new Pod("127.0.0.4");
    await replacement.listen();
    const gone = pods;
    pods = [replacement];
    for (const pod of gone) pod.vanish();
    const beganMs = performance.now();
    expect(await ask()).toBe(replacement.address);
    // Less than until it is looked for anyway.
    expect(performance.now() - beganMs).toBeLessThan(8000);
    for (const pod of gone) pod.stop();
  });
});
