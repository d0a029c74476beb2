import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCertificate } from "../../lib/testing/certificate.ts";
import { parseNetworks } from "./address-guard.ts";
import { postWebhook, type WebhookOptions } from "./post-webhook.ts";

let folder: string;
let server: Server;
let port: number;
let caFile: string;
let requests = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dsp-webhook-"));
  const { cert, key, certFile } = await makeCertificate(folder);
  caFile = certFile;
  server = createServer({ cert, key }, (request, response) => {
    requests++;
    if (request.url === "/redirect") response.writeHead(302, { Location: "https://127.0.0.1/secret" }).end();
    else if (request.url === "/slow") return;
    else if (request.url === "/endless") {
      response.writeHead(200);
      const write = (): boolean => response.write(Buffer.alloc(8192));
      const timer = setInterval(write, 1);
      response.on("close", () => clearInterval(timer));
    } else response.writeHead(200).end("fine");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const lab = parseNetworks("127.0.0.1/32");
const post = (url: string, options: Partial<WebhookOptions> = {}): Promise<void> =>
  postWebhook({ allowed: lab, caFile, ...options }, { url, headers: {}, body: "{}", timeoutMs: 1000 });

describe("a webhook", () => {
  it("goes to an allowed address", async () => {
    await expect(post(`https://127.0.0.1:${port}/`)).resolves.toBeUndefined();
  });

  it("goes nowhere else, and no connection is made", async () => {
    const before = requests;
    const none = { allowed: parseNetworks("") };
    await expect(post(`https://127.0.0.1:${port}/`, none)).rejects.toThrow("not on the public Internet");
    await expect(post(`https://localhost:${port}/`, none)).rejects.toThrow("not on the public Internet");
    await expect(post(`https://[::ffff:127.0.0.1]:${port}/`, none)).rejects.toThrow("not on the public Internet");
    await expect(post(`https://2130706433:${port}/`, none)).rejects.toThrow("not on the public Internet");
    await expect(post(`http://127.0.0.1:${port}/`)).rejects.toThrow("https");
    expect(requests).toBe(before);
  });

  it("asks for a name once, and refuses one that leads inside with any of its addresses", async () => {
    let asked = 0;
    const lookup = (addresses: string[][]) => async () => addresses[asked++] ?? [];
    await expect(post(`https://outside.test:${port}/`, { lookup: lookup([["8.8.8.8", "10.0.0.1"]]) })).rejects.toThrow("public Internet");
    asked = 0;
    // The second look would lead elsewhere; there is none. The certificate is for the address, not for the name.
    await expect(post(`https://outside.test:${port}/`, { lookup: lookup([["127.0.0.1"], ["10.0.0.1"]]) })).rejects.toThrow(
      "could not be reached",
    );
    expect(asked).toBe(1);
    await expect(post("https://unknown.test/", { lookup: () => Promise.reject(new Error("ENOTFOUND")) })).rejects.toThrow(
      "not known to the DNS",
    );
  });

  it("follows no redirect, waits no longer than its time, and reads no endless answer", async () => {
    await expect(post(`https://127.0.0.1:${port}/redirect`)).rejects.toThrow("answered 302");
    await expect(post(`https://127.0.0.1:${port}/slow`)).rejects.toThrow("did not answer within 1000 ms");
    await expect(post(`https://127.0.0.1:${port}/endless`)).resolves.toBeUndefined();
  });
});
