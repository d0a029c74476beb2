/** What comes from outside and is wrong, by accident or on purpose, sent to a service that really listens. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HttpService } from "../lib/serve.ts";
import { makeCertificate } from "../lib/testing/certificate.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { createApp } from "./app.ts";
import { startTestRecord, type TestRecord } from "./testing/record.ts";

let postgres: TestPostgres;
let issuer: TestIssuer;
let record: TestRecord;
let service: HttpService;
let port: number;
let token: string;

const [deadlineMs, headersTimeoutMs] = [3000, 2000];

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  record = await startTestRecord({ postgres, issuer, settings: { deadlineMs } });
  service = new HttpService({ fetch: createApp(record.deps).fetch, port: 0, log: record.deps.log, headersTimeoutMs });
  port = await service.listen();
  token = await issuer.token();
}, 60_000);

afterAll(async () => {
  await service?.drain({ noticeMs: 0, finishMs: 100 });
  record?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

interface Sent {
  method?: string;
  body?: string | Buffer;
  headers?: Record<string, string>;
}

async function send(path: string, { method = "GET", body, headers }: Sent = {}): Promise<Response> {
  const own = { Authorization: `Bearer ${token}`, "Content-Type": "application/fhir+json", ...headers };
  const given = body === undefined ? {} : { body: body as string };
  return await fetch(`http://127.0.0.1:${port}/fhir${path}`, { method, headers: own, ...given });
}

const post = (body: string | Buffer, path = "/Patient") => send(path, { method: "POST", body });

/** The status of an answer, which must be an OperationOutcome where it refuses. */
async function statusOf(response: Response): Promise<number> {
  const text = await response.text();
  if (response.status >= 400)
    expect([response.status, JSON.parse(text)]).toMatchObject([response.status, { resourceType: "OperationOutcome" }]);
  return response.status;
}

async function stored(): Promise<number> {
  const [row] = await postgres.query<{ count: string }>(postgres.at(0), "SELECT count(*) FROM record.resource_version");
  return Number(row?.count);
}

/** Sends what must be refused, with a status, and leave nothing behind. */
async function refused(send: () => Promise<Response>, status: number | readonly number[]): Promise<void> {
  const before = await stored();
  expect([status].flat()).toContain(await statusOf(await send()));
  expect(await stored()).toBe(before);
}

const patient = (more: string) => `{"resourceType":"Patient","name":[{"family":"Test-Input"}]${more}}`;
const observation = (value: string) =>
  `{"resourceType":"Observation","status":"final","code":{"text":"t"},"subject":{"reference":"Patient/p"},"valueQuantity":{"value":${value}}}`;
const deep = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);

describe("a body that is wrong is refused, and nothing of it kept", () => {
  it.each<[string, string | Buffer]>([
    ["nothing", ""],
    ["white space", " \n "],
    ["half an object", patient("").slice(0, -1)],
    ["a comma too many", patient(",")],
    ["two objects", patient("") + patient("")],
    ["single quotes", "{'resourceType':'Patient'}"],
    ["a comment", `/* */${patient("")}`],
    ["NaN", observation("NaN")],
    ["null", "null"],
    ["a text", '"Patient"'],
    ["a list of resources", `[${patient("")}]`],
    ["XML", "<Patient xmlns='http://hl7.org/fhir'/>"],
    ["an element twice", patient(',"gender":"male","gender":"female"')],
    ["an element twice, once escaped", patient(',"gender":"male","gende\\u0072":"female"')],
    ["two types", patient(',"resourceType":"Observation"')],
    ["an element twice, deep within", patient(',"contact":[{"name":{"text":"\\"a\\":", "text" : "b"}}]')],
    ["__proto__", patient(',"__proto__":{"resourceType":"Observation"}')],
    ["constructor", patient(',"constructor":{"prototype":{"x":1}}')],
    ["10,000 lists", `{"resourceType":"Patient","name":${deep(10_000, "[", "]")}}`],
    ["10,000 objects", `{"resourceType":"Patient","extension":${deep(10_000, '[{"extension":', "}]").replace("{}", '{"url":"u"}')}}`],
    ["10,000 lists that do not end", `{"resourceType":"Patient","name":${"[".repeat(10_000)}`],
    ["a million brackets", "[".repeat(1_000_000)],
    [
      "contained within contained",
      patient(`,"contained":${deep(100, '[{"resourceType":"Patient","contained":', "}]").replace(":}", ":[]}")}`),
    ],
    ["a number beyond any", observation("1e999999")],
    ["a number below any", observation("1e-999999")],
    ["a negative number beyond any", observation("-1e400")],
    ["a number of 100,000 digits", observation("9".repeat(100_000))],
    ["a number with 100,000 decimals", observation(`0.${"1".repeat(100_000)}`)],
    ["a number with a zero before it", observation("01")],
    ["a hexadecimal number", observation("0x10")],
    ["an integer beyond integers", patient(',"multipleBirthInteger":99999999999999999999')],
    ["half a surrogate pair", patient(',"gender":"\\ud83d"')],
    ["half a surrogate pair in a name", patient(',"\\udc00":1')],
    ["NUL", patient(',"language":"\\u0000"')],
    ["a raw control character", patient(`,"language":"a${String.fromCharCode(1)}b"`)],
    ["bytes that are not UTF-8", Buffer.concat([Buffer.from(patient("").slice(0, -1)), Buffer.from([0xff, 0xfe, 0x7d])])],
    ["half a surrogate pair in UTF-8", Buffer.from(patient(',"language":"@"').replace("@", "\u00ff"), "latin1")],
    ["an overlong slash", Buffer.concat([Buffer.from('{"resourceType":"Patient","language":"'), Buffer.from([0xc0, 0xaf, 0x22, 0x7d])])],
    ["UTF-16", Buffer.from(patient(""), "utf16le")],
  ])("%s", async (_title, body) => {
    await refused(() => post(body), 400);
  });

  it.each<[string, string, string]>([
    [
      "a Bundle of Bundles, 10,000 deep",
      "",
      deep(10_000, '{"resourceType":"Bundle","type":"batch","entry":[{"resource":', "}]}").replace(":}", ":{}}"),
    ],
    ["an entry of a Bundle twice", "", '{"resourceType":"Bundle","type":"batch","entry":[],"entry":[]}'],
    ["a Bundle that is none", "", "[]"],
  ])("%s", async (_title, path, body) => {
    await refused(() => post(body, path || "/"), [400, 404]);
    await refused(() => send("", { method: "POST", body }), 400);
  });

  it("a patch", async () => {
    const { id } = (await (await post(patient(""))).json()) as { id: string };
    const headers = { "Content-Type": "application/json-patch+json" };
    for (const body of [
      "{}",
      "[1]",
      '[{"op":"add","path":"/name/0/family","value":"\\u0000"}]',
      '[{"op":"add","path":"/name/0/family","value":"a","value":"b"}]',
      '[{"op":"add","path":"/__proto__/x","value":1}]',
      `[{"op":"add","path":"${"/a".repeat(10_000)}","value":1}]`,
      `[{"op":"add","path":"/extension","value":${deep(10_000, "[", "]")}}]`,
      '[{"op":"add","path":"/multipleBirthInteger","value":1e999}]',
    ]) {
      await refused(() => send(`/Patient/${id}`, { method: "PATCH", body, headers }), 400);
    }
  });
});

describe("unusual, and allowed", () => {
  it.each<[string, string]>([
    ["right-to-left and its overrides", "Test-\u202eabc\u202c\u2067\u200f\u05d0"],
    ["zero-width characters and combining marks", `Test-\u200d\ufeff${"\u0301".repeat(300)}`],
    ["characters beyond the first plane", "Test-😀𐍈"],
    ["an emoji where the index cuts", `${"a".repeat(499)}😀b`],
    ["a very long name of long characters", "鿿".repeat(20_000)],
    ["noncharacters", "Test-\uffff\ufdd0"],
    ["what looks like SQL", "Test'); DROP TABLE resource; --"],
    ["what looks like a template", "Test-{{7*7}}<%= 7*7 %>#{7*7}%s%n"],
  ])("%s: is given back as it was sent, and found", async (_title, family) => {
    const identifier = [{ system: `urn:${family.replace(/\s/g, "")}`, value: [...family].toReversed().join("") }];
    const made = await post(JSON.stringify({ resourceType: "Patient", identifier, name: [{ family }] }));
    expect([made.status, await made.clone().text()]).toMatchObject([201, expect.any(String)]);
    const { id } = (await made.json()) as { id: string };
    const read = (await (await send(`/Patient/${id}`)).json()) as { name: object[] };
    expect(read.name).toEqual([{ family }]);
    const found = await send(`/Patient?family=${encodeURIComponent([...family].slice(0, 6).join(""))}`);
    expect(((await found.json()) as { entry: object[] }).entry.length).toBeGreaterThan(0);
  });
});

describe("a search that attacks", () => {
  const attacks = [
    "' OR '1'='1",
    "'; DROP TABLE record.resource; --",
    '" OR ""="',
    "1) UNION SELECT content FROM record.resource_version --",
    "$1",
    "{{7*7}}",
    "\\",
    "\\'",
    "%",
    "_",
    "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
    "(a+)+$",
    `${"a".repeat(5000)}!`,
    ".*".repeat(2000),
    "a|".repeat(90),
    "a,".repeat(90),
    "$".repeat(500),
    "|".repeat(500),
    "\u0000",
    "\u202e\u2067",
    "\ud83d",
    "9".repeat(1000),
    "1e999999",
    "9999999999999-99-99",
    "-0001-01-01",
    "Infinity",
    "NaN",
    "pg_sleep(10)",
  ];
  const parameters = [
    ...[
      "family",
      "name:contains",
      "name:exact",
      "identifier",
      "birthdate",
      "_id",
      "_lastUpdated",
      "_sort",
      "_count",
      "_total",
      "_cursor",
      "_elements",
    ],
    ...[
      "_summary",
      "_include",
      "_revinclude",
      "_has:Observation:subject:code",
      "general-practitioner.name",
      "gender:missing",
      "organization",
    ],
  ];

  it.each(attacks)(
    "%j is a search for it, or an error of the client's, and soon answered",
    async (attack) => {
      const before = await stored();
      for (const parameter of parameters) {
        const startedMs = performance.now();
        const response = await send(`/Patient?${parameter}=${encodeURIComponent(attack.toWellFormed())}`);
        const bundle = (await response.json()) as { entry?: { search: { mode: string }; resource: object }[] };
        expect([parameter, response.status]).toEqual([parameter, response.status < 500 ? response.status : "a client's error"]);
        expect([parameter, performance.now() - startedMs < deadlineMs]).toEqual([parameter, true]);
        // What it finds holds the very text; commas aside, which mean "or".
        const isCondition = /^(family|name|identifier|birthdate|_id|organization)/.test(parameter) && !attack.includes(",");
        const text = JSON.stringify(attack).slice(1, -1).toLowerCase();
        const others = (bundle.entry ?? []).filter(
          ({ search, resource }) => search.mode === "match" && !JSON.stringify(resource).toLowerCase().includes(text),
        );
        if (isCondition && response.status === 200) expect([parameter, others]).toEqual([parameter, []]);
      }
      expect(await stored()).toBe(before);
    },
    60_000,
  );

  it("with raw bytes in its address, or too long a one, is refused", async () => {
    expect(await raw(`GET /fhir/Patient?family=\xff\x00 HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(`GET /fhir/Patient?family=${"a".repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
    expect(await statusOf(await send("/Patient?family=%ff%fe"))).toBeLessThan(500);
    expect(await statusOf(await send("/Patient/%2e%2e%2fObservation"))).toBe(400);
  });

  it.each([
    ["If-Match", "W/'1' OR 1=1"],
    ["If-Match", 'W/"99999999999999"'],
    ["If-None-Match", `"${"1,".repeat(4000)}"`],
    ["If-None-Exist", "identifier=' OR 1=1 --"],
    ["If-None-Exist", "_id=\\"],
    ["Idempotency-Key", "' OR 1=1 --"],
    ["Idempotency-Key", "k".repeat(8000)],
    ["Prefer", `return=${"x".repeat(8000)}`],
    ["X-Request-Id", "a'; DROP TABLE x; --"],
    ["Accept", "application/*".repeat(500)],
    ["Cache-Control", "no-cache,".repeat(1000)],
    ["Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."],
    ["Content-Type", "application/fhir+json; charset=utf-7"],
  ])("in the header %s: %.40s", async (name, value) => {
    for (const [method, path, body] of [
      ["GET", "/Patient/p"],
      ["POST", "/Patient", patient("")],
      ["PUT", "/Patient/bad-header", patient(',"id":"bad-header"')],
    ] as const) {
      const response = await send(path, { method, headers: { [name]: value }, ...(body === undefined ? {} : { body }) });
      expect([method, await statusOf(response)]).toEqual([method, expect.toSatisfy((status: number) => status < 500)]);
    }
  });
});

/** Sends bytes as they are, and gives what comes back until the connection ends or has been silent for a while. */
async function raw(text: string, quietMs = 500): Promise<string> {
  const socket = await open();
  socket.write(Buffer.from(text, "latin1"));
  return await answered(socket, quietMs);
}

async function open(): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

async function answered(socket: Socket, quietMs: number): Promise<string> {
  let text = "";
  socket.setTimeout(quietMs, () => socket.destroy());
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  await new Promise<void>((resolve) => {
    if (socket.closed) resolve();
    socket.once("close", resolve);
  });
  return text;
}

/** A connection as the edge keeps one. */
async function overHttp2() {
  const folder = mkdtempSync(join(tmpdir(), "dsp-http2-"));
  const tls = await makeCertificate(folder);
  const options = { fetch: createApp(record.deps).fetch, port: 0, log: record.deps.log };
  const secure = new HttpService({ ...options, tlsCertFile: tls.certFile, tlsKeyFile: tls.keyFile });
  const session = connectHttp2(`https://127.0.0.1:${await secure.listen()}`, { ca: tls.cert });
  return {
    session,
    common: { authorization: `Bearer ${token}`, "content-type": "application/fhir+json" },
    async [Symbol.asyncDispose]() {
      session.destroy();
      await secure.drain({ noticeMs: 0, finishMs: 0 });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe("a body of 10 MB", () => {
  const megabytes = Buffer.alloc(10 * 1024 * 1024, " ");

  it("is refused by its length, whether it comes or not", async () => {
    await refused(() => post(megabytes), 413);
    const head = `POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/fhir+json\r\n`;
    expect(await raw(`${head}Content-Length: ${megabytes.length}\r\n\r\n`, 4000)).toMatch(/^HTTP\/1.1 413/);
  });

  it("is refused where it gets too long, when nobody said how long it is", async () => {
    const before = await stored();
    const socket = await open();
    socket.write(
      `POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(0x10000, " "), Buffer.from("\r\n")]);
    for (let sent = 0; sent < 160 && socket.writable; sent++) socket.write(chunk);
    expect(await answered(socket, 4000)).toMatch(/^HTTP\/1.1 413/);
    expect(await stored()).toBe(before);
  });

  it.each<[string, string, Record<string, string>, number]>([
    ["without a token", "/fhir/Patient", { authorization: "" }, 401],
    ["too long", "/fhir/Patient", {}, 413],
    ["not what it is said to be", "/fhir/Binary", { "content-type": "application/pdf" }, 422],
  ])("%s, is refused over HTTP/2 in a way that a client sees who first sends all of it", async (_, path, headers, status) => {
    await using http2 = await overHttp2();
    const body = Buffer.alloc(16 * 1024 * 1024);
    // More than Node lets wait in one connection: an answer that came before the end would be an error of the connection.
    const request = http2.session.request({ ":path": path, ":method": "POST", ...http2.common, ...headers });
    request.end(body);
    const [answer] = (await once(request, "response")) as [{ ":status": number }];
    expect(answer[":status"]).toBe(status);
    let text = "";
    for await (const piece of request) text += piece;
    expect(JSON.parse(text)).toMatchObject({ resourceType: "OperationOutcome" });
  });

  it("takes no room from others", async () => {
    await Promise.allSettled(Array.from({ length: 20 }, () => post(megabytes)));
    expect(await statusOf(await post(patient("")))).toBe(201);
  });
});

describe("a client that is slow", () => {
  /** Others are served all the while. */
  async function othersServed(work: Promise<unknown>): Promise<number[]> {
    const tookMs: number[] = [];
    let isDone = false;
    void work.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      const startedMs = performance.now();
      expect(await statusOf(await send("/Patient/nobody"))).toBe(404);
      tookMs.push(performance.now() - startedMs);
      await sleep(50);
    }
    return tookMs;
  }

  it("with its headers gets 408, and holds nobody up", async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, open));
    const answers = sockets.map(async (socket) => {
      const answer = answered(socket, 20_000);
      socket.write("POST /fhir/Patient HTTP/1.1\r\nHost: a\r\n");
      for (let line = 0; line < 200 && socket.writable; line++) {
        socket.write(`X-${line}: a\r\n`);
        await sleep(100);
      }
      return await answer;
    });
    const tookMs = await othersServed(Promise.all(answers));
    expect(new Set((await Promise.all(answers)).map((answer) => answer.slice(0, 12)))).toEqual(new Set(["HTTP/1.1 408"]));
    expect(Math.max(...tookMs)).toBeLessThan(deadlineMs);
  }, 60_000);

  it("with its body gets 408 by the deadline, and nothing is kept", async () => {
    const before = await stored();
    const body = patient("");
    const head = `POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/fhir+json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const startedMs = performance.now();
    const sockets = await Promise.all(Array.from({ length: 50 }, open));
    const answers = sockets.map(async (socket) => {
      const answer = answered(socket, 20_000);
      socket.write(head);
      for (const character of body.slice(0, -1)) {
        if (!socket.writable) break;
        socket.write(character);
        await sleep(200);
      }
      return await answer;
    });
    const tookMs = await othersServed(Promise.all(answers));
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 408[\s\S]*"timeout"/);
    expect(performance.now() - startedMs).toBeLessThan(deadlineMs + 20_000);
    expect(Math.max(...tookMs)).toBeLessThan(deadlineMs);
    expect(await stored()).toBe(before);
  }, 60_000);

  it("over HTTP/2, as the edge speaks it, gets 408 too, while the connection serves others", async () => {
    await using http2 = await overHttp2();
    const { session, common } = http2;
    const slow = session.request({ ":path": "/fhir/Patient", ":method": "POST", ...common });
    const answer = once(slow, "response") as Promise<[{ ":status": number }]>;
    const trickle = setInterval(() => slow.writable && slow.write("{"), 200);
    slow.on("error", () => undefined);
    const quick = session.request({ ":path": "/fhir/Patient/nobody", ...common });
    expect((await (once(quick, "response") as typeof answer))[0][":status"]).toBe(404);
    expect((await answer)[0][":status"]).toBe(408);
    clearInterval(trickle);
  }, 60_000);

  it("that leaves in the middle of its body leaves nothing behind", async () => {
    const before = await stored();
    for (let times = 0; times < 20; times++) {
      const socket = await open();
      socket.write(
        `POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/fhir+json\r\nContent-Length: 1000\r\n\r\n{"res`,
      );
      socket.destroy();
    }
    expect(await statusOf(await send("/Patient/nobody"))).toBe(404);
    expect(await stored()).toBe(before);
  });
});

describe("what is hardly HTTP", () => {
  it.each([
    ["no HTTP at all", "hello\r\n\r\n"],
    ["two lengths", "POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
    ["a length and chunks", "POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a negative length", "POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello"],
    ["no host", "GET /fhir/metadata HTTP/1.1\r\n\r\n"],
    ["a chunk of odd length", "POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"],
  ])("%s is refused", async (_title, text) => {
    expect(await raw(text)).toMatch(/^HTTP\/1.1 4\d\d/);
  });
});

describe("anything", () => {
  it("is answered, never by 500, and keeps as many versions as were acknowledged", async () => {
    const before = await stored();
    let acknowledged = 0;
    const mutated = fc
      .tuple(fc.constantFrom(patient(""), observation("1.50")), fc.nat(), fc.string({ unit: "binary" }))
      .map(([text, at, more]) => {
        const place = at % text.length;
        return Buffer.from(text.slice(0, place) + more + text.slice(place + more.length));
      });
    const bytes = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each));
    const method = fc.constantFrom("POST", "PUT", "PATCH", "DELETE");
    const path = fc.constantFrom("/Patient", "/Observation", "/Patient/fuzz", "/Observation/fuzz", "/Patient/$validate", "", "/Binary");
    const type = fc.constantFrom("application/fhir+json", "application/json-patch+json", "text/plain", "application/json");
    await fc.assert(
      fc.asyncProperty(method, path, type, fc.oneof(mutated, bytes), async (sent, to, contentType, body) => {
        const response = await send(to, { method: sent, body, headers: { "Content-Type": contentType } });
        const status = await statusOf(response);
        if (response.headers.get("Location") !== null) acknowledged++;
        expect([to, status < 500]).toEqual([to, true]);
      }),
      { numRuns: 300 },
    );
    const deleted = await postgres.query(postgres.at(0), "SELECT FROM record.resource_version WHERE deleted AND id = 'fuzz'");
    expect(await stored()).toBe(before + acknowledged + deleted.length);
  }, 60_000);
});

describe("two clients that change one record at the same moment", () => {
  it.each<[string, (id: string, ifMatch: string, who: number) => Promise<Response>]>([
    [
      "by update",
      (id, ifMatch, who) =>
        send(`/Patient/${id}`, {
          ...{ method: "PUT", headers: { "If-Match": ifMatch } },
          body: `{"resourceType":"Patient","id":"${id}","name":[{"family":"Test-${who}"}]}`,
        }),
    ],
    [
      "by patch",
      (id, ifMatch, who) =>
        send(`/Patient/${id}`, {
          ...{ method: "PATCH", headers: { "If-Match": ifMatch, "Content-Type": "application/json-patch+json" } },
          body: `[{"op":"replace","path":"/name/0/family","value":"Test-${who}"}]`,
        }),
    ],
    [
      "one of which deletes",
      (id, ifMatch, who) =>
        who === 0
          ? send(`/Patient/${id}`, { method: "DELETE", headers: { "If-Match": ifMatch } })
          : send(`/Patient/${id}`, {
              ...{ method: "PUT", headers: { "If-Match": ifMatch } },
              body: `{"resourceType":"Patient","id":"${id}","name":[{"family":"Test-${who}"}]}`,
            }),
    ],
  ])("%s: one wins, the other is told", async (_title, change) => {
    for (let round = 1; round <= 15; round++) {
      const { id } = (await (await post(patient(""))).json()) as { id: string };
      const answers = await Promise.all([0, 1].map((who) => change(id, 'W/"1"', who)));
      const statuses = await Promise.all(answers.map(statusOf));
      const won = statuses.filter((status) => status < 300);
      expect([won.length, statuses.filter((status) => status === 412 || status === 409).length], String(statuses)).toEqual([1, 1]);
      const versions = await postgres.query(postgres.at(0), "SELECT FROM record.resource_version WHERE id = $1", [id]);
      expect(versions).toHaveLength(2);
    }
  });
});
