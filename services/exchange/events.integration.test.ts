import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backgroundContext } from "../lib/context.ts";
import { RateLimiter } from "../lib/rate-limiter.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { TestRedis } from "../lib/testing/redis.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { NoticeHub } from "./event/notice-hub.ts";
import { listNotices, listNoticesOf } from "./event/store.ts";
import { startTestExchange, type TestExchange } from "./testing/exchange.ts";
import { type TestPeople, testPeople } from "./testing/people.ts";

let postgres: TestPostgres;
let redis: TestRedis;
let issuer: TestIssuer;
/** Two pods, in two sites, over one database. */
let exchange: TestExchange;
let other: TestExchange;
let people: TestPeople;

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  redis = await TestRedis.start();
  issuer = await TestIssuer.create();
  exchange = await startTestExchange({ postgres, issuer, redis });
  other = await startTestExchange({ postgres, issuer, redis });
  people = await testPeople(issuer);
}, 90_000);

afterAll(async () => {
  exchange?.stop();
  other?.stop();
  await redis?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

interface Stream {
  text(): string;
  /** Event and what it is about. */
  events(): string[];
  lastId(): string;
  ended(): boolean;
  until(condition: () => boolean): Promise<void>;
  leave(): Promise<void>;
}

async function listen(
  pod: TestExchange,
  token: string,
  options: { path?: string; headers?: Record<string, string> } = {},
): Promise<Stream> {
  const response = await pod.call("GET", options.path ?? "/exchange/events", {
    token,
    ...(options.headers ? { headers: options.headers } : {}),
  });
  expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
  const reader = response.body?.getReader();
  if (!reader) throw new Error("no body");
  let [text, ended] = ["", false];
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    ended = true;
  })().catch(() => {});
  const stream = {
    text: () => text,
    events: () =>
      [...text.matchAll(/event: (message|referral|receipt|deposit)\ndata: (.*)\n/g)].map(
        ([, kind, data]) => `${kind} ${JSON.parse(data ?? "{}").about}`,
      ),
    lastId: () => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "",
    ended: () => ended,
    until: async (condition: () => boolean) => {
      for (let waits = 0; waits < 100 && !condition(); waits++) await sleep(50);
      expect(condition(), text).toBe(true);
    },
    leave: () => reader.cancel(),
  };
  await stream.until(() => text.includes("connected"));
  return stream;
}

async function send(to: string[], token = people.hoffmann): Promise<string> {
  const response = await exchange.call("POST", "/exchange/messages", { token, body: { to, subject: "Test", text: "Synthetic secret" } });
  expect(response.status).toBe(201);
  return ((await response.json()) as { reference: string }).reference;
}

describe("live notices", () => {
  it("tell at once that something came, to those it is for, and nothing of what it says", async () => {
    const [lentz, faber] = [await listen(exchange, people.lentz), await listen(other, people.faber)];
    await lentz.until(() => lentz.text().includes("event: ready"));
    const reference = await send(["Practitioner/demo-lentz", "Organization/demo-hospital"]);
    await lentz.until(() => lentz.events().length > 0);
    await sleep(300);
    expect([lentz.events(), faber.events(), lentz.text().includes("secret")]).toEqual([[`message ${reference}`], [], false]);
    await lentz.until(() => lentz.text().includes(": heartbeat"));
    await Promise.all([lentz.leave(), faber.leave()]);
  });

  it("go on at another pod where they stopped, nothing lost and nothing twice", async () => {
    const first = await listen(exchange, people.lentz);
    await first.until(() => first.text().includes("event: ready"));
    const references = [await send(["Practitioner/demo-lentz"])];
    await first.until(() => first.events().length === 1);
    await first.leave();
    references.push(await send(["Practitioner/demo-lentz"]), await send(["Practitioner/demo-lentz"]));
    const second = await listen(other, people.lentz, { headers: { "Last-Event-ID": first.lastId() } });
    references.push(await send(["Practitioner/demo-lentz"]));
    await second.until(() => second.events().length >= 3);
    await sleep(300);
    expect([...first.events(), ...second.events()]).toEqual(references.map((each) => `message ${each}`));
    await second.leave();
  });

  it("end when a pod leaves, so that clients connect elsewhere", async () => {
    const hub = new NoticeHub({ ...{ database: exchange.deps.database, log: exchange.deps.log }, streamsMax: 2, streamsPerAccountMax: 2 });
    const pod = await startTestExchange({ postgres, issuer, deps: { events: hub } });
    const stream = await listen(pod, people.lentz);
    hub.drain();
    await stream.until(stream.ended);
    expect([stream.text().includes("event: reconnect"), hub.size]).toEqual([true, 0]);
    pod.stop();
  });

  it("are in the order of numbers, not of their texts", async () => {
    for (const [xid, about] of [
      [9, "a"],
      [10, "b"],
      [99, "c"],
      [100, "d"],
    ] as const) {
      await postgres.query(
        postgres.at(0),
        "INSERT INTO exchange.notice (xid, actor, kind, about) VALUES ($1::text::xid8, 'Practitioner/test', 'message', $2)",
        [xid, about],
      );
    }
    const context = backgroundContext(exchange.deps.log, "test", 5000);
    const [all, own] = await exchange.deps.database.write(context, async (transaction) => [
      await listNotices(transaction, { xid: "0", sequence: "0" }, 3),
      await listNoticesOf(transaction, ["Practitioner/test"], { xid: "9", sequence: "9999" }, 3),
    ]);
    expect([all, own].map((notices) => notices?.map(({ about }) => about))).toEqual([
      ["a", "b", "c"],
      ["b", "c", "d"],
    ]);
  });

  it("are bounded, by account and by pod", async () => {
    const streams = [await listen(exchange, people.lentz), await listen(exchange, people.lentz), await listen(exchange, people.lentz)];
    const fourth = await exchange.call("GET", "/exchange/events", { token: people.lentz });
    expect([fourth.status, fourth.headers.get("Retry-After")]).toEqual([429, "5"]);
    streams.push(await listen(exchange, people.faber));
    expect((await exchange.call("GET", "/exchange/events", { token: people.reuter })).status).toBe(503);
    await Promise.all(streams.map((stream) => stream.leave()));
    expect(exchange.deps.events.size).toBe(0);
  });

  it("admit a browser by a ticket, once", async () => {
    const given = await exchange.call("POST", "/exchange/events/ticket", { token: people.lentz });
    const { ticket } = (await given.json()) as { ticket: string };
    const path = `/exchange/events?ticket=${ticket}`;
    const stream = await listen(other, "none", { path });
    expect((await other.call("GET", path, { token: people.lentz })).status).toBe(401);
    await stream.leave();
    const kept = await postgres.query<{ n: number }>(postgres.at(0), "SELECT count(*)::int AS n FROM exchange.event_ticket");
    expect(kept).toEqual([{ n: 0 }]);
    expect((await exchange.call("GET", "/exchange/events", { token: people.marie })).status).toBe(403);
  });
});

describe("too many requests", () => {
  it("of one client are refused at all pods with 429, counted in Redis, and bounded without it", async () => {
    const limiter = (pod: TestExchange) => new RateLimiter({ redis: pod.redis, name: "exchange", limit: 10, windowMs: 60_000, pods: 2 });
    const pods = await Promise.all([1, 2].map(async () => startTestExchange({ postgres, issuer, redis })));
    for (const pod of pods) pod.deps.rate = limiter(pod);
    const ask = async (times: number): Promise<Response[]> => {
      const answers: Response[] = [];
      for (let n = 0; n < times; n++)
        for (const pod of pods) answers.push(await pod.call("GET", "/exchange/counts", { token: people.software }));
      return answers;
    };
    await sleep(200);
    const answers = await ask(10);
    const refused = answers.filter(({ status }) => status === 429);
    expect([answers.length - refused.length, Number(refused[0]?.headers.get("Retry-After")) > 0]).toEqual([10, true]);
    expect((await pods[0]?.call("GET", "/exchange/counts", { token: people.faber }))?.status).toBe(200);
    redis.freeze();
    const more = (await ask(10)).filter(({ status }) => status === 200);
    redis.thaw();
    expect(more.length).toBeLessThanOrEqual(10);
    for (const pod of pods) pod.stop();
  }, 120_000);
});
