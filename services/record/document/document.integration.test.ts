import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { backgroundContext } from "../../lib/context.ts";
import { type TestInstance, TestPostgres } from "../../lib/testing/postgres.ts";
import { startTestRecord, type TestRecord, useTestRecord } from "../testing/record.ts";
import { dropUnkept, partBytes } from "./store.ts";

const { postgres, issuer, record } = await useTestRecord();

/** Two parts and a bit, and no multiple of three. */
const document = pdf(randomBytes(2 * partBytes + 100_001));
const asJson = { headers: { Accept: "application/fhir+json" } };
const subsetted = [expect.objectContaining({ code: "SUBSETTED" })];

/** The bytes with the beginning of a PDF written over theirs. */
function pdf(bytes: Uint8Array): Buffer {
  const whole = Buffer.from(bytes);
  whole.write("%PDF-1.7\n");
  return whole;
}

/** Bytes as they come over a network: in pieces that fit nothing, and the next one when the one before was taken. */
function arriving(bytes: Uint8Array, before: (offset: number) => Promise<void> | void = () => undefined): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await before(offset);
        const piece = bytes.subarray(offset, offset + 50_021);
        offset += piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

async function send(
  body: Uint8Array | ReadableStream<Uint8Array>,
  { to = record, method = "POST", path = "/fhir/Binary", headers = {} as Record<string, string> } = {},
): Promise<Response> {
  return await to.call(method, path, { body, headers: { "Content-Type": "application/pdf", ...headers } });
}

async function created(body: Uint8Array | ReadableStream<Uint8Array> = document, headers: Record<string, string> = {}): Promise<string> {
  const response = await send(body, { headers });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

async function bytesOf(path: string, to: TestRecord = record, type = "application/pdf"): Promise<Buffer> {
  const response = await to.call("GET", path, { headers: { Accept: type } });
  expect(response.status).toBe(200);
  const bytes = Buffer.from(await response.arrayBuffer());
  // A document at hand gets its length from the server that sends it.
  expect(response.headers.get("Content-Length") ?? String(bytes.length)).toBe(String(bytes.length));
  return bytes;
}

async function kept(): Promise<{ documents: number; unkept: number; parts: number }> {
  const [row] = await postgres.query<{ documents: string; unkept: string; parts: string }>(
    postgres.at(0),
    `SELECT count(*) AS documents, count(*) FILTER (WHERE NOT kept) AS unkept, (SELECT count(*) FROM record.document_part) AS parts
     FROM record.document`,
  );
  return { documents: Number(row?.documents), unkept: Number(row?.unkept), parts: Number(row?.parts) };
}

describe("a document that is longer than a part", () => {
  it("comes back byte for byte, as it is and as JSON", async () => {
    const before = await kept();
    const response = await send(arriving(document));
    expect(response.status).toBe(201);
    const answer = (await response.json()) as { id: string; meta: { tag: unknown }; data?: string };
    expect([answer.data, answer.meta.tag]).toEqual([undefined, subsetted]);
    expect(await kept()).toEqual({ documents: before.documents + 1, unkept: 0, parts: before.parts + 3 });

    expect((await bytesOf(`/fhir/Binary/${answer.id}`)).equals(document)).toBe(true);
    expect((await bytesOf(`/fhir/Binary/${answer.id}/_history/1`)).equals(document)).toBe(true);
    const json = await record.call("GET", `/fhir/Binary/${answer.id}`, asJson);
    const text = await json.text();
    expect(json.headers.get("Content-Length")).toBe(String(text.length));
    const whole = JSON.parse(text) as { contentType: string; data: string; meta: { tag?: unknown; versionId: string } };
    expect([whole.contentType, whole.meta.versionId, whole.meta.tag]).toEqual(["application/pdf", "1", undefined]);
    expect(Buffer.from(whole.data, "base64").equals(document)).toBe(true);
    expect((await record.call("GET", `/fhir/Binary/${answer.id}`, { headers: { "If-None-Match": 'W/"1"' } })).status).toBe(304);
  });

  it.each([0, 1, partBytes - 1, partBytes, partBytes + 1, 2 * partBytes])("of %i bytes comes back whole", async (length) => {
    const type = "application/octet-stream";
    const id = await created(arriving(document.subarray(0, length)), { "Content-Type": type });
    expect((await bytesOf(`/fhir/Binary/${id}`, record, type)).equals(document.subarray(0, length))).toBe(true);
  });

  it("goes without its bytes where it is a part of something else, and says so", async () => {
    const id = await created();
    const asked: [string, string, object?][] = [
      ["GET", `/fhir/Binary?_id=${id}`],
      ["GET", `/fhir/Binary/${id}/_history`],
      ["POST", "/fhir", { resourceType: "Bundle", type: "batch", entry: [{ request: { method: "GET", url: `Binary/${id}` } }] }],
    ];
    for (const [method, path, body] of asked) {
      const bundle = (await (await record.call(method, path, { body })).json()) as { entry: { resource: { meta: { tag: unknown } } }[] };
      expect(bundle.entry[0]?.resource).toMatchObject({ id, meta: { tag: subsetted } });
      expect(bundle.entry[0]?.resource).not.toHaveProperty("data");
    }
    const part = (await (await record.call("GET", `/fhir/Binary/${id}?_elements=contentType`, asJson)).json()) as {
      meta: { tag: unknown };
    };
    expect(part.meta.tag).toEqual(subsetted);
  });

  it("is replaced and deleted like any other, and its versions keep what they had", async () => {
    const id = await created();
    const next = document.subarray(0, -1);
    const replaced = await send(arriving(next), { method: "PUT", path: `/fhir/Binary/${id}`, headers: { "If-Match": 'W/"1"' } });
    expect(replaced.status).toBe(200);
    expect((await bytesOf(`/fhir/Binary/${id}`)).equals(next)).toBe(true);
    expect((await record.call("DELETE", `/fhir/Binary/${id}`)).status).toBe(204);
    expect((await record.call("GET", `/fhir/Binary/${id}`)).status).toBe(410);
    expect((await bytesOf(`/fhir/Binary/${id}/_history/1`)).equals(document)).toBe(true);
    expect((await bytesOf(`/fhir/Binary/${id}/_history/2`)).equals(next)).toBe(true);
  });

  it("is kept once under a key, and another one is not taken for it", async () => {
    const headers = { "Idempotency-Key": "one-document" };
    const id = await created(arriving(document), headers);
    const before = await kept();
    const again = await send(arriving(document), { headers });
    expect([again.status, again.headers.get("DSP-Replayed"), ((await again.json()) as { id: string }).id]).toEqual([201, "true", id]);
    expect((await send(arriving(document.subarray(0, -1)), { headers })).status).toBe(422);
    await expect.poll(kept).toEqual(before);
  });

  it("leaves nothing behind where it is refused", async () => {
    const before = await kept();
    const id = await created();
    const late = await send(arriving(document), { method: "PUT", path: `/fhir/Binary/${id}`, headers: { "If-Match": 'W/"7"' } });
    expect(late.status).toBe(412);
    await expect.poll(kept).toEqual({ documents: before.documents + 1, unkept: 0, parts: before.parts + 3 });
  });

  it("is refused where it is not what it is said to be, and nothing of it kept, when all of it has come", async () => {
    const before = await kept();
    let last = 0;
    const program = arriving(randomBytes(3 * partBytes), (offset) => {
      last = offset;
    });
    const response = await send(program);
    const { issue } = (await response.json()) as { issue: { code: string; expression: string[] }[] };
    expect([response.status, issue[0]?.code, issue[0]?.expression]).toEqual([422, "value", ["Binary.contentType"]]);
    // A client that sends all before it looks for the answer finds it.
    expect(last).toBe(3 * partBytes);
    expect(await kept()).toEqual(before);
    const short = await record.call("POST", "/fhir/Binary", {
      body: { resourceType: "Binary", contentType: "image/png", data: Buffer.from("%PDF-1.7").toString("base64") },
    });
    expect(short.status).toBe(422);
  });

  it("is not shown to whoever may not see it", async () => {
    const own = await created(document, { "X-Security-Context": "Patient/someone" });
    const token = await issuer.token({ sub: "p", role: "patient", scope: "patient/*.rs", patient: "someone-else" });
    for (const accept of ["application/pdf", "application/fhir+json"]) {
      const headers = { Authorization: `Bearer ${token}`, Accept: accept };
      expect((await record.call("GET", `/fhir/Binary/${own}`, { headers })).status).toBe(404);
    }
  });
});

describe("the bounds of a document", () => {
  const maxBytes = 8 * 1024 * 1024;

  it("are said with 413, whether or not its length was told before, and nothing of it stays", async () => {
    const before = await kept();
    const tooLong = pdf(new Uint8Array(maxBytes + 1));
    for (const body of [tooLong, arriving(tooLong)]) {
      const response = await send(body);
      const { issue } = (await response.json()) as { issue: { code: string }[] };
      expect([response.status, issue[0]?.code]).toEqual([413, "too-long"]);
    }
    await expect.poll(kept).toEqual(before);
  });

  it("are not those of the memory: it holds two parts and what has just arrived", async () => {
    let most = 0;
    const look = (): void => {
      most = Math.max(most, record.deps.bodies.taken);
    };
    const id = await created(arriving(pdf(new Uint8Array(maxBytes)), look));
    expect(most).toBeLessThanOrEqual(2 * partBytes + 50_021);
    expect(record.deps.bodies.taken).toBe(0);
    const digest = createHash("sha256").update(await bytesOf(`/fhir/Binary/${id}`));
    expect(digest.digest("hex")).toBe(
      createHash("sha256")
        .update(pdf(new Uint8Array(maxBytes)))
        .digest("hex"),
    );
  });

  it("are said with 408 to who sends it byte by byte, not to who takes long for all of it", async () => {
    const slow = await startTestRecord({ postgres, issuer, settings: { deadlineMs: 1500 } });
    try {
      const before = await kept();
      const stuck = arriving(document, (offset) => (offset > partBytes ? new Promise(() => undefined) : undefined));
      expect((await send(stuck, { to: slow })).status).toBe(408);
      await expect.poll(kept).toEqual(before);
      const steady = arriving(document, () => new Promise((resolve) => setTimeout(resolve, 60)));
      const startedMs = performance.now();
      expect((await send(steady, { to: slow })).status).toBe(201);
      expect(performance.now() - startedMs).toBeGreaterThan(1500);
    } finally {
      slow.stop();
    }
  });

  it("leave nothing of one whose client leaves half way, at the latest after an hour", async () => {
    const before = await kept();
    const broken = arriving(document, (offset) => {
      if (offset > partBytes * 2) throw new Error("the line is dead");
    });
    await send(broken).catch(() => undefined);
    await expect.poll(kept).toEqual(before);
    const id = await created();
    const abandoned = "INSERT INTO record.document (id, begun) VALUES (gen_random_uuid(), now() - interval '2 hours')";
    await postgres.query(postgres.at(0), abandoned);
    const context = backgroundContext(record.deps.log, "test", 5000);
    expect(await record.deps.database.write(context, (transaction) => dropUnkept(transaction, 60))).toBe(1);
    expect(await kept()).toMatchObject({ unkept: 0 });
    expect((await bytesOf(`/fhir/Binary/${id}`)).equals(document)).toBe(true);
  });
});

describe("a primary that is lost while a document is on its way", () => {
  it("costs neither the upload nor the download", async () => {
    const servers = await TestPostgres.start({ standbys: 2 });
    const own = await startTestRecord({ postgres: servers, issuer, checksAnswers: false });
    try {
      const long = pdf(randomBytes(6 * partBytes));
      let lost: Promise<void> | undefined;
      let primary: TestInstance | undefined;
      const lose = async (): Promise<void> => {
        await servers.crash(servers.at(0));
        primary = await servers.failOver();
      };
      const body = arriving(long, (offset) => {
        if (offset > 3 * partBytes) lost ??= lose();
      });
      const response = await send(body, { to: own });
      await lost;
      expect(response.status).toBe(201);
      const { id } = (await response.json()) as { id: string };
      expect((await bytesOf(`/fhir/Binary/${id}`, own)).equals(long)).toBe(true);

      const download = await own.call("GET", `/fhir/Binary/${id}`, { headers: { Accept: "application/pdf" } });
      const reader = (download.body as ReadableStream<Uint8Array>).getReader();
      const pieces: Uint8Array[] = [];
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        pieces.push(value);
        if (pieces.length === 2 && primary) await servers.crash(primary);
      }
      expect(Buffer.concat(pieces).equals(long)).toBe(true);
    } finally {
      own.stop();
      await servers.stop();
    }
  }, 60_000);
});
