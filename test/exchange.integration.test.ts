/** The exchange with a real record behind it: deposit, subscriptions, delivery, and what happens when a worker dies. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { attempt, deliverOne, settle } from "../services/exchange/delivery/deliver.ts";
import { runWorker } from "../services/exchange/delivery/run-worker.ts";
import { claimDelivery, expireOld } from "../services/exchange/delivery/store.ts";
import { pollNotices } from "../services/exchange/feed/poll-notices.ts";
import { pollRecord } from "../services/exchange/feed/poll-record.ts";
import { openSecret, resealSecrets } from "../services/exchange/subscription/seal-secret.ts";
import { writeTestKeys } from "../services/exchange/testing/exchange.ts";
import { type TestPeople, testPeople } from "../services/exchange/testing/people.ts";
import { verify } from "../services/exchange/webhook/signature.ts";
import { backgroundContext, type Context } from "../services/lib/context.ts";
import { SecretBox } from "../services/lib/secret-box.ts";
import { type Both, startBoth } from "./exchange-with-record.ts";

let both: Both;
let people: TestPeople;

beforeAll(async () => {
  both = await startBoth();
  people = await testPeople(both.issuer);
}, 90_000);

afterAll(async () => both?.stop());

const backport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";
const bytes = Buffer.from("%PDF-1.4 synthetic\n");

function background(): Context {
  return backgroundContext(both.exchange.deps.log, "test", 20_000);
}

async function inRecord(resource: { resourceType: string; [element: string]: unknown }, token?: string): Promise<string> {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const response = await both.record.call("POST", `/fhir/${resource.resourceType}`, { body: resource, headers });
  expect(response.status, await response.clone().text()).toBe(201);
  return `${resource.resourceType}/${((await response.json()) as { id: string }).id}`;
}

const newPatient = () => inRecord({ resourceType: "Patient", name: [{ family: "Test-Exchange" }] });
const observation = (patient: string, more: object = {}) =>
  inRecord({ resourceType: "Observation", status: "final", code: { text: "Test" }, subject: { reference: patient }, ...more });
const veryRestricted = { meta: { security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "V" }] } };

interface Outcome {
  issue: { details: { text: string } }[];
}

describe("deposit", () => {
  async function send(patient: string, more: object = {}): Promise<string> {
    const message = { to: ["Practitioner/demo-lentz"], subject: "Test letter", text: "Synthetic text", patient, ...more };
    const response = await both.exchange.call("POST", "/exchange/messages", { token: people.hoffmann, body: message });
    expect(response.status, await response.clone().text()).toBe(201);
    return ((await response.json()) as { id: string }).id;
  }
  const deposit = (id: string, token: string): Promise<Response> =>
    both.exchange.call("POST", `/exchange/messages/${id}/$deposit`, { token });
  async function documents(patient: string): Promise<number> {
    const response = await both.record.call("GET", `/fhir/DocumentReference?patient=${patient}&_total=accurate`);
    return ((await response.json()) as { total: number }).total;
  }

  it("makes a document of each attachment, once, whoever asks and however often", async () => {
    const patient = await newPatient();
    const attachments = [1, 2].map((n) => ({
      title: `Test ${n}`,
      contentType: "application/pdf",
      data: Buffer.from(`${bytes}${n}`).toString("base64"),
    }));
    const id = await send(patient, { attachments });
    const answers = await Promise.all([deposit(id, people.lentz), deposit(id, people.lentz), deposit(id, people.hoffmann)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await both.postgres.query(both.postgres.at(0), "DELETE FROM exchange.deposit");
    const again = (await (await deposit(id, people.lentz)).json()) as { deposits: { document: string }[] };
    expect([again.deposits.length, await documents(patient)]).toEqual([2, 2]);
    const read = await both.record.call("GET", `/fhir/${again.deposits[0]?.document}`, {
      headers: { Authorization: `Bearer ${people.lentz}` },
    });
    const document = (await read.json()) as { content: { attachment: { url: string; title: string } }[]; author: object[] };
    expect([read.status, document.content[0]?.attachment.title, document.author]).toEqual([
      200,
      "Test 1",
      [{ reference: "Practitioner/demo-hoffmann" }],
    ]);
    const shown = await both.exchange.call("GET", `/exchange/messages/${id}`, { token: people.hoffmann });
    expect(((await shown.json()) as { deposits: object[] }).deposits.length).toBe(2);
  });

  it("goes with the message in one step, with the sender's own rights", async () => {
    const patient = await newPatient();
    await send(patient, { deposit: true });
    expect(await documents(patient)).toBe(1);
  });

  it("passes on the record's refusal in words, and is no way around it", async () => {
    const patient = await newPatient();
    const id = await send(patient, { to: ["Practitioner/demo-faber"] });
    const refused = await deposit(id, people.faber);
    expect([refused.status, ((await refused.json()) as Outcome).issue[0]?.details.text]).toEqual([
      403,
      expect.stringMatching(/^The patient's record refused the document: .*role may not write/),
    ]);
    expect((await deposit(id, people.reuter)).status).toBe(404);
    expect(await documents(patient)).toBe(0);
    const nobody = await both.exchange.call("POST", "/exchange/messages", {
      token: people.hoffmann,
      body: { to: ["Practitioner/demo-lentz"], subject: "Test", text: "Synthetic" },
    });
    expect((await deposit(((await nobody.json()) as { id: string }).id, people.lentz)).status).toBe(422);
  });
});

interface Bundle {
  id: string;
  type: string;
  entry: {
    fullUrl?: string;
    resource?: { parameter: { name: string; valueString?: string; valueCode?: string; part?: { name: string; valueString?: string }[] }[] };
  }[];
}

/** The number of events a notification tells of, its kind, and what it is about. */
function told(body: string): { kind: string | undefined; numbers: string[]; about: string[] } {
  const bundle = JSON.parse(body) as Bundle;
  const parameters = bundle.entry[0]?.resource?.parameter ?? [];
  return {
    kind: parameters.find(({ name }) => name === "type")?.valueCode,
    numbers: parameters.flatMap(({ name, part }) => (name === "notification-event" ? (part?.[0]?.valueString ?? []) : [])),
    about: bundle.entry.slice(1).map(({ fullUrl = "" }) => fullUrl.replace("https://dsp.test/fhir/", "")),
  };
}

function wanted(topic: string, filters: string[], channel: object = {}): object {
  return {
    ...{
      resourceType: "Subscription",
      status: "requested",
      reason: "Test",
      criteria: `https://dsp.test/exchange/fhir/SubscriptionTopic/${topic}`,
    },
    ...(filters.length > 0
      ? { _criteria: { extension: filters.map((valueString) => ({ url: `${backport}/backport-filter-criteria`, valueString })) } }
      : {}),
    channel: { type: "rest-hook", endpoint: both.receiver.url, payload: "application/fhir+json", header: ["X-Test: yes"], ...channel },
  };
}

async function subscribe(token: string, body: object): Promise<{ id: string; secret: string }> {
  const response = await both.exchange.call("POST", "/exchange/fhir/Subscription", { token, body });
  expect(response.status, await response.clone().text()).toBe(201);
  return { id: ((await response.json()) as { id: string }).id, secret: response.headers.get("DSP-Webhook-Secret") ?? "" };
}

/** Reads the feed to its end and delivers until nothing is due. */
async function work(): Promise<void> {
  for (;;) {
    const { more, events } = await pollRecord(background(), both.exchange.deps, 0);
    if (!more && events === 0) break;
  }
  await pollNotices(background(), both.exchange.deps);
  while ((await deliverOne(background(), both.exchange.deps)) !== "none");
}

async function subscriptionOf(id: string, token: string): Promise<{ status: string; error?: string }> {
  return (await (await both.exchange.call("GET", `/exchange/fhir/Subscription/${id}`, { token })).json()) as { status: string };
}

async function letters(
  id: string,
  token: string,
): Promise<{ status: string; events: { number: string; status: string; problem: string | null }[] }> {
  return (await (await both.exchange.call("GET", `/exchange/subscriptions/${id}/events`, { token })).json()) as Awaited<
    ReturnType<typeof letters>
  >;
}

const tick = (): Promise<object[]> =>
  both.postgres.query(both.postgres.at(0), "UPDATE exchange.subscription SET next_attempt = now(), leased_until = '-infinity'");

describe("subscriptions", () => {
  beforeEach(async () => {
    await both.postgres.query(both.postgres.at(0), "DELETE FROM exchange.subscription");
    both.receiver.received.length = 0;
    both.receiver.answer(200);
  });

  it("begin with a handshake, then tell each event once, in order, signed", async () => {
    const patient = await newPatient();
    const { id, secret } = await subscribe(people.hoffmann, wanted("record-change", [`Observation?patient=${patient}`]));
    expect((await subscriptionOf(id, people.hoffmann)).status).toBe("requested");
    await work();
    expect([told(both.receiver.received[0]?.body ?? "").kind, (await subscriptionOf(id, people.hoffmann)).status]).toEqual([
      "handshake",
      "active",
    ]);
    const made = [await observation(patient), await observation(patient), await observation(await newPatient())];
    await work();
    await work();
    const notified = both.receiver.received.slice(1);
    expect(notified.map(({ body }) => told(body))).toEqual([
      { kind: "event-notification", numbers: ["1"], about: [made[0]] },
      { kind: "event-notification", numbers: ["2"], about: [made[1]] },
    ]);
    for (const { headers, body } of both.receiver.received) {
      expect(verify(secret, body, headers["dsp-signature"] ?? "", Date.now() / 1000)).toBe(true);
      expect([headers["x-test"], body.includes("Test-Exchange"), body.includes('"code"')]).toEqual(["yes", false, false]);
    }
  });

  it("keep their secret encrypted at rest, under the newest key soon after a rotation, and sign with it all the same", async () => {
    const { deps } = both.exchange;
    const stored = async (): Promise<{ secret: string; sealed_secret: Buffer; secret_key_id: string }> => {
      const text = "SELECT secret, sealed_secret, secret_key_id FROM exchange.subscription";
      const [row] = await both.postgres.query<{ secret: string; sealed_secret: Buffer; secret_key_id: string }>(both.postgres.at(0), text);
      if (!row) throw new Error("no subscription");
      return row;
    };
    const signedBy = async (secret: string): Promise<boolean> => {
      await observation(await newPatient());
      await tick();
      await work();
      const { headers, body } = both.receiver.received.at(-1) ?? { headers: {}, body: "" };
      return verify(secret, body, headers["dsp-signature"] ?? "", Date.now() / 1000);
    };
    const { id, secret } = await subscribe(people.hoffmann, wanted("record-change", []));
    const row = await stored();
    expect([row.secret, row.secret_key_id, row.sealed_secret.includes(secret)]).toEqual(["", deps.secrets.keyId, false]);
    const dumped = await both.postgres.query<{ text: string }>(both.postgres.at(0), "SELECT s::text AS text FROM exchange.subscription s");
    expect(dumped[0]?.text).not.toContain(secret);
    expect(await signedBy(secret)).toBe(true);

    const folder = await mkdtemp(join(tmpdir(), "dsp-keys-"));
    const before = deps.secrets;
    writeTestKeys(join(folder, "keys"), 2, 1);
    deps.secrets = new SecretBox(join(folder, "keys"), deps.log);
    expect([await resealSecrets(background(), deps), await resealSecrets(background(), deps)]).toEqual([1, 0]);
    expect((await stored()).secret_key_id).toBe(deps.secrets.keyId);
    // The older key is of no use any more, and not needed.
    expect(() => openSecret(before, { id, plainSecret: "", sealedSecret: row.sealed_secret })).not.toThrow();
    const sealedSecret = (await stored()).sealed_secret;
    expect(() => openSecret(before, { id, plainSecret: "", sealedSecret })).toThrow("none of the keys");
    expect(() => openSecret(deps.secrets, { id: "another", plainSecret: "", sealedSecret })).toThrow("none of the keys");
    expect(await signedBy(secret)).toBe(true);

    // A pod of the version before writes it as it is: that one counts, and is sealed.
    await both.postgres.query(both.postgres.at(0), "UPDATE exchange.subscription SET secret = 'written-by-an-older-pod'");
    expect(await signedBy("written-by-an-older-pod")).toBe(true);
    expect(await resealSecrets(background(), deps)).toBe(1);
    expect((await stored()).secret).toBe("");
    expect(await signedBy("written-by-an-older-pod")).toBe(true);
    deps.secrets = before;
    await rm(folder, { recursive: true });
  });

  it("keep the subscriber's own headers encrypted at rest, send them along, and show them to their owner", async () => {
    const { deps, call } = both.exchange;
    const headers = ["Authorization: Bearer the-subscribers-own", "X-Test: yes"];
    const whole = async (): Promise<string> => {
      const rows = await both.postgres.query<{ text: string }>(both.postgres.at(0), "SELECT s::text AS text FROM exchange.subscription s");
      return rows.map(({ text }) => text).join("\n");
    };
    const shown = async (id: string): Promise<string[] | undefined> => {
      const answer = await call("GET", `/exchange/fhir/Subscription/${id}`, { token: people.hoffmann });
      return ((await answer.json()) as { channel: { header?: string[] } }).channel.header;
    };
    const sent = async (): Promise<string | string[] | undefined> => {
      await observation(await newPatient());
      await tick();
      await work();
      return both.receiver.received.at(-1)?.headers.authorization;
    };
    const { id } = await subscribe(people.hoffmann, wanted("record-change", [], { header: headers }));
    expect([await whole(), await shown(id), await sent()]).toEqual([
      expect.not.stringContaining("the-subscribers-own"),
      headers,
      "Bearer the-subscribers-own",
    ]);

    const fewer = { ...wanted("record-change", [], { header: headers.slice(1) }), id };
    expect((await call("PUT", `/exchange/fhir/Subscription/${id}`, { token: people.hoffmann, body: fewer })).status).toBe(200);
    expect([await shown(id), await sent()]).toEqual([headers.slice(1), undefined]);
    // It may be sealed by another key than the secret now, and is sealed anew with it.
    expect(await resealSecrets(background(), deps)).toBe(1);
    expect(await shown(id)).toEqual(headers.slice(1));

    // A pod of the version before writes them as they are, in the resource too.
    const older = { Authorization: "Bearer written-by-an-older-pod" };
    const content = JSON.stringify(wanted("record-change", [], { header: ["Authorization: Bearer written-by-an-older-pod"] }));
    await both.postgres.query(both.postgres.at(0), "UPDATE exchange.subscription SET headers = $1, content = $2", [older, content]);
    expect(await sent()).toBe("Bearer written-by-an-older-pod");
    expect(await resealSecrets(background(), deps)).toBe(1);
    expect([await whole(), await shown(id), await sent()]).toEqual([
      expect.not.stringContaining("written-by-an-older-pod"),
      ["Authorization: Bearer written-by-an-older-pod"],
      "Bearer written-by-an-older-pod",
    ]);
  });

  it("tell nobody what they could not read", async () => {
    const patient = await newPatient();
    await subscribe(people.lentz, wanted("record-change", []));
    await subscribe(people.faber, wanted("record-change", []));
    await work();
    both.receiver.received.length = 0;
    const seen = await observation(patient, {
      category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "imaging" }] }],
    });
    await observation(patient, veryRestricted);
    await work();
    // A pharmacist reads no imaging.
    expect(both.receiver.received.flatMap(({ body }) => told(body).about)).toEqual([seen]);
  });

  it("answer $status and $events, and only to their owner", async () => {
    const patient = await newPatient();
    const { id } = await subscribe(
      people.hoffmann,
      wanted("document", [`DocumentReference?patient=${patient}`], {
        _payload: { extension: [{ url: `${backport}/backport-payload-content`, valueCode: "empty" }] },
      }),
    );
    await work();
    const content = [{ attachment: { contentType: "text/plain", url: "https://other.test/1" } }];
    for (let n = 0; n < 3; n++)
      await inRecord({ resourceType: "DocumentReference", status: "current", subject: { reference: patient }, content });
    await work();
    expect(both.receiver.received.flatMap(({ body }) => told(body).about)).toEqual([]);
    const events = await both.exchange.call("GET", `/exchange/fhir/Subscription/${id}/$events?eventsSinceNumber=2`, {
      token: people.hoffmann,
    });
    expect(told(await events.text())).toMatchObject({ kind: "query-event", numbers: ["2", "3"] });
    const status = await both.exchange.call("GET", `/exchange/fhir/Subscription/${id}/$status`, { token: people.hoffmann });
    expect(told(await status.text()).kind).toBe("query-status");
    for (const path of ["", "/$status", "/$events"]) {
      expect((await both.exchange.call("GET", `/exchange/fhir/Subscription/${id}${path}`, { token: people.lentz })).status).toBe(404);
    }
  });

  it("are about messages, too", async () => {
    const { id } = await subscribe(people.software, wanted("message", []));
    await work();
    both.receiver.received.length = 0;
    const message = { to: ["Organization/demo-practice"], subject: "Test", text: "Synthetic" };
    const sent = await both.exchange.call("POST", "/exchange/messages", { token: people.lentz, body: message });
    const { reference } = (await sent.json()) as { reference: string };
    await work();
    expect(both.receiver.received.map(({ body }) => told(body).about)).toEqual([[`https://dsp.test/exchange/fhir/${reference}`]]);
    expect((await letters(id, people.software)).events.map(({ status }) => status)).toEqual(["delivered"]);
  });

  it("keep what fails, put it aside after so many attempts, stand still after more, and are driven again", async () => {
    const patient = await newPatient();
    const { id } = await subscribe(people.hoffmann, wanted("record-change", [`Observation?patient=${patient}`]));
    await work();
    both.receiver.answer(500);
    await observation(patient);
    await observation(patient);
    for (let n = 0; n < 8; n++) {
      await work();
      await tick();
    }
    const failed = await letters(id, people.hoffmann);
    expect([failed.status, failed.events.map(({ status }) => status), failed.events[0]?.problem]).toEqual([
      "error",
      ["dead", "dead"],
      "The endpoint answered 500",
    ]);
    expect((await subscriptionOf(id, people.hoffmann)).error).toBe("The endpoint answered 500");
    both.receiver.received.length = 0;
    both.receiver.answer(200);
    const redriven = await both.exchange.call("POST", `/exchange/fhir/Subscription/${id}/$redrive`, { token: people.hoffmann });
    expect(await redriven.json()).toMatchObject({ parameter: [{ valueInteger: 2 }] });
    await work();
    expect(both.receiver.received.map(({ body }) => told(body)).map(({ kind, numbers }) => [kind, ...numbers])).toEqual([
      ["handshake"],
      ["event-notification", "1"],
      ["event-notification", "2"],
    ]);
    both.receiver.answer(302);
    await observation(patient);
    await work();
    expect((await letters(id, people.hoffmann)).events.at(-1)?.problem).toBe("The endpoint answered 302");
  });

  it("are switched off when they stand still and too much waits, and end when their time is over", async () => {
    const { id } = await subscribe(people.hoffmann, wanted("record-change", []));
    const { id: ending } = await subscribe(people.hoffmann, wanted("record-change", []));
    await both.postgres.query(both.postgres.at(0), "UPDATE exchange.subscription SET status = 'error' WHERE id = $1", [id]);
    await both.postgres.query(both.postgres.at(0), "UPDATE exchange.subscription SET ends = now() - interval '1 second' WHERE id = $1", [
      ending,
    ]);
    const fill = (from: number, to: number) =>
      both.postgres.query(
        both.postgres.at(0),
        `INSERT INTO exchange.subscription_event (subscription_id, number, focus, method, occurred)
          SELECT $1, n, 'Observation/1', 'POST', now() FROM generate_series($2::int, $3::int) AS n`,
        [id, from, to],
      );
    const tidy = () =>
      both.exchange.deps.database.write(background(), (transaction) => expireOld(transaction, { maxAgeDays: 30, backlogMax: 100 }));
    await fill(1, 100);
    await tidy();
    expect([(await subscriptionOf(id, people.hoffmann)).status, (await subscriptionOf(ending, people.hoffmann)).status]).toEqual([
      "error",
      "off",
    ]);
    await fill(101, 101);
    await tidy();
    expect(await subscriptionOf(id, people.hoffmann)).toMatchObject({
      status: "off",
      error: "Too many events waited for an endpoint that did not take them",
    });
  });

  it("beat while nothing happens", async () => {
    const extension = [{ url: `${backport}/backport-heartbeat-period`, valueUnsignedInt: 60 }];
    await subscribe(people.hoffmann, wanted("record-change", [], { extension }));
    await work();
    await both.postgres.query(both.postgres.at(0), "UPDATE exchange.subscription SET last_contact = now() - interval '61 seconds'");
    await work();
    expect(both.receiver.received.map(({ body }) => told(body).kind)).toEqual(["handshake", "heartbeat"]);
  });

  it.each([
    ["another topic", () => ({ ...wanted("record-change", []), criteria: "Observation?code=1" }), /criteria is a topic/],
    [
      "full-resource",
      () =>
        wanted("record-change", [], {
          _payload: { extension: [{ url: `${backport}/backport-payload-content`, valueCode: "full-resource" }] },
        }),
      /read with your own token/,
    ],
    ["http", () => wanted("record-change", [], { endpoint: "http://example.org/" }), /https/],
    ["a password", () => wanted("record-change", [], { endpoint: "https://a:b@example.org/" }), /user/],
    ["an unknown filter", () => wanted("record-change", ["Observation?code=1"]), /Filters know/],
    ["e-mail", () => wanted("record-change", [], { type: "email" }), /rest-hook/],
    ["a header that steers", () => wanted("record-change", [], { header: ["Host: inside"] }), /Headers are/],
    ["an end too far away", () => ({ ...wanted("record-change", []), end: "2099-01-01T00:00:00Z" }), /at most 366 days/],
  ])("with %s are refused in words", async (_title, body, words) => {
    const response = await both.exchange.call("POST", "/exchange/fhir/Subscription", { token: people.hoffmann, body: body() });
    expect([response.status, ((await response.json()) as Outcome).issue[0]?.details.text]).toEqual([422, expect.stringMatching(words)]);
  });

  it("to the inside of the platform never leave", async () => {
    for (const endpoint of ["https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest"]) {
      const { id } = await subscribe(people.hoffmann, wanted("record-change", [], { endpoint }));
      await work();
      expect((await letters(id, people.hoffmann)) as object).toMatchObject({
        status: "requested",
        reason: "The endpoint is not on the public Internet",
      });
    }
  });
});

describe("a worker that dies", () => {
  beforeEach(async () => {
    await both.postgres.query(both.postgres.at(0), "DELETE FROM exchange.subscription");
    both.receiver.received.length = 0;
    both.receiver.answer(200);
  });

  async function active(patient: string): Promise<string> {
    const { id } = await subscribe(people.hoffmann, wanted("record-change", [`Observation?patient=${patient}`]));
    await work();
    both.receiver.received.length = 0;
    return id;
  }
  const claim = () => both.exchange.deps.database.write(background(), (transaction) => claimDelivery(transaction, 45));
  const events = (): string[] => both.receiver.received.map(({ body }) => `${(JSON.parse(body) as Bundle).id} ${told(body).numbers}`);

  it("between reading the feed and keeping it: nothing is lost or doubled", async () => {
    const patient = await newPatient();
    await active(patient);
    for (let n = 0; n < 5; n++) await observation(patient);
    // Many that read the same at once: one keeps it, the others give way.
    await Promise.all(Array.from({ length: 4 }, () => pollRecord(background(), both.exchange.deps, 0)));
    await work();
    expect(both.receiver.received.flatMap(({ body }) => told(body).numbers)).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("after claiming: another delivers when the lease is over", async () => {
    const patient = await newPatient();
    await active(patient);
    await observation(patient);
    await pollRecord(background(), both.exchange.deps, 0);
    expect((await claim())?.events.length).toBe(1);
    expect(await deliverOne(background(), both.exchange.deps)).toBe("none");
    await tick();
    await work();
    expect(events().length).toBe(1);
  });

  it("after sending: it is sent again under the same id and number, and who was late changes nothing", async () => {
    const patient = await newPatient();
    const id = await active(patient);
    await observation(patient);
    await observation(patient);
    await pollRecord(background(), both.exchange.deps, 0);
    const late = await claim();
    if (!late) throw new Error("nothing was due");
    expect(await attempt(both.exchange.deps, late)).toBeUndefined();
    await tick();
    await work();
    const [first, again, second] = events();
    expect([again, events().length], events().join("\n")).toEqual([first, 3]);
    expect(second).toMatch(/ 2$/);
    expect(await settle(background(), both.exchange.deps, late, "The endpoint answered 500")).toBe("taken");
    expect((await letters(id, people.hoffmann)).events.map(({ status }) => status)).toEqual(["delivered", "delivered"]);
  });

  it("is followed by another, which goes on where it stopped", async () => {
    const patient = await newPatient();
    await active(patient);
    const [first, second] = [new AbortController(), new AbortController()];
    const workers = [runWorker(both.exchange.deps, "one", first.signal), runWorker(both.exchange.deps, "two", second.signal)];
    for (let n = 0; n < 3; n++) await observation(patient);
    await until(() => both.receiver.received.length >= 3);
    first.abort();
    for (let n = 0; n < 3; n++) await observation(patient);
    await until(() => both.receiver.received.length >= 6);
    second.abort();
    await Promise.all(workers);
    expect(both.receiver.received.flatMap(({ body }) => told(body).numbers)).toEqual(["1", "2", "3", "4", "5", "6"]);
  }, 60_000);
});

async function until(condition: () => boolean): Promise<void> {
  for (let waits = 0; waits < 300 && !condition(); waits++) await sleep(100);
  expect(condition()).toBe(true);
}
