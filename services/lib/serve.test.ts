import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { get } from "node:https";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HttpService } from "./serve.ts";
import { makeCertificate, type TestCertificate } from "./testing/certificate.ts";

let folder: string;
let tls: TestCertificate;
let service: HttpService;
let session: ClientHttp2Session;
let port: number;
let givenUp: string[];
let release: () => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "dsp-serve-"));
  tls = await makeCertificate(folder);
  givenUp = [];
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    request.signal.addEventListener("abort", () => givenUp.push(pathname));
    if (pathname.startsWith("/slow")) await released;
    return new Response(`${request.method} ${pathname} ${await request.text()}`);
  };
  service = new HttpService({
    fetch,
    port: 0,
    pingEveryMs: 200,
    tlsCertFile: tls.certFile,
    tlsKeyFile: tls.keyFile,
    log: pino({ level: "silent" }),
  });
  port = await service.listen();
  session = connect(`https://127.0.0.1:${port}`, { ca: tls.cert });
  session.on("error", () => undefined);
});

afterEach(async () => {
  session.destroy();
  release();
  await service.drain({ noticeMs: 0, finishMs: 0 });
  rmSync(folder, { recursive: true, force: true });
});

const send = (path: string, method = "GET"): ClientHttp2Stream =>
  session.request({ ":path": path, ":method": method }, { endStream: method === "GET" });

async function answer(stream: ClientHttp2Stream): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
}

/** A line to the service that can be cut: nothing passes any more, and nobody is told. */
async function cuttable(): Promise<{ port: number; cut(): void; ended: Promise<unknown>; stop(): void }> {
  const sockets: Socket[] = [];
  const ended = Promise.withResolvers<void>();
  const line = createServer((near) => {
    const far = connectTcp(port, "127.0.0.1");
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    far.once("close", ended.resolve);
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => line.listen(0, "127.0.0.1", resolve));
  return {
    port: (line.address() as AddressInfo).port,
    cut: () => {
      const [near, far] = sockets as [Socket, Socket];
      near.unpipe(far);
      far.unpipe(near);
      // What comes is taken, as by a network that loses it.
      far.resume();
    },
    ended: ended.promise,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      line.close();
    },
  };
}

describe("HTTP/2", () => {
  it("ends a connection whose other end has gone silent, and no other", async () => {
    const line = await cuttable();
    const distant = connect(`https://127.0.0.1:${line.port}`, { ca: tls.cert });
    distant.on("error", () => undefined);
    const ask = (on: ClientHttp2Session) => answer(on.request({ ":path": "/" }));
    expect([await ask(distant), await ask(session)]).toEqual(["GET / ", "GET / "]);
    line.cut();
    await line.ended;
    expect(await ask(session)).toBe("GET / ");
    distant.destroy();
    line.stop();
  });

  it("serves many requests over one connection, and one that is given up ends no other", async () => {
    const slow = answer(send("/slow"));
    const abandoned = send("/slow/abandoned");
    abandoned.on("error", () => undefined);
    await sleep(100);
    abandoned.close(constants.NGHTTP2_CANCEL);
    const write = send("/write", "POST");
    write.end("body");
    expect(await answer(write)).toBe("POST /write body");
    expect(givenUp).toEqual(["/slow/abandoned"]);
    release();
    expect(await slow).toBe("GET /slow ");
  });

  it("drains: what is under way is answered, and the client is told to send no more", async () => {
    const slow = answer(send("/slow"));
    await sleep(100);
    const goaway = once(session, "goaway");
    const drained = service.drain({ noticeMs: 100, finishMs: 5000 });
    // During the notice it serves as before.
    expect(await answer(send("/late"))).toBe("GET /late ");
    await goaway;
    release();
    expect(await slow).toBe("GET /slow ");
    await drained;
    expect(session.closed).toBe(true);
  });

  it("ends what will not end when the time to finish has passed", async () => {
    const slow = send("/slow");
    slow.on("error", () => undefined);
    await sleep(100);
    await service.drain({ noticeMs: 0, finishMs: 100 });
    await once(slow, "close");
    expect(session.destroyed).toBe(true);
  });
});

it("serves HTTP/1.1 to those who know no other", async () => {
  const [response] = await once(get({ port, host: "127.0.0.1", path: "/old", ca: tls.cert }), "response");
  expect([response.httpVersion, response.statusCode]).toEqual(["1.1", 200]);
  response.resume();
  await once(response, "end");
});
