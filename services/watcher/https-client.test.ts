import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeCertificate } from "../lib/testing/certificate.ts";
import { HttpsClient } from "./https-client.ts";

let folder: string;
let server: Server;
let client: HttpsClient;
/** On which connection each question came, by path. */
let connections: Map<string, number>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "dsp-https-client-"));
  const { cert, key } = await makeCertificate(folder);
  connections = new Map();
  // `/never` gets no answer, `/NAME/MS` gets one after so long.
  server = createServer({ cert, key }, ({ url = "", socket }, response) => {
    connections.set(url, socket.remotePort ?? 0);
    if (url !== "/never") setTimeout(() => response.end(JSON.stringify(url)), Number(url.split("/")[2]));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  client = new HttpsClient(async () => ({ ca: cert }));
});

afterEach(() => {
  client.stop();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

async function ask(path: string, timeoutMs: number): Promise<unknown> {
  const { port } = server.address() as AddressInfo;
  return (await client.send({ method: "GET", url: `https://127.0.0.1:${port}${path}`, timeoutMs })).body;
}

describe("HttpsClient", () => {
  it("uses no connection again once a question on one was not answered in time, and lets others go on to their own deadline", async () => {
    await ask("/first/0", 5000);
    const slow = ask("/slow/400", 5000);
    await expect(ask("/never", 100)).rejects.toThrow("no answer in 100 ms");
    expect(await slow).toBe("/slow/400");
    await ask("/last/0", 5000);
    const [last, ...before] = ["/last/0", "/first/0", "/slow/400", "/never"].map((path) => connections.get(path));
    expect(before).not.toContain(last);
  });
});
