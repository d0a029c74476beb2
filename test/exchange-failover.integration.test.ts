/** The primary dies while changes are made, read and delivered: every acknowledged one is told, each under one number. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runWorker } from "../services/exchange/delivery/run-worker.ts";
import { type TestPeople, testPeople } from "../services/exchange/testing/people.ts";
import { type Both, startBoth } from "./exchange-with-record.ts";

let both: Both;
let people: TestPeople;
const stop = new AbortController();

beforeAll(async () => {
  both = await startBoth({ standbys: 2 });
  people = await testPeople(both.issuer);
}, 120_000);

afterAll(async () => {
  stop.abort();
  await both?.stop();
});

interface Bundle {
  id: string;
  entry: { fullUrl?: string; resource?: { parameter: { name: string; part?: { valueString?: string }[] }[] } }[];
}

function eventOf(body: string): { id: string; number: string; focus: string } | undefined {
  const { id, entry } = JSON.parse(body) as Bundle;
  const number = entry[0]?.resource?.parameter.find(({ name }) => name === "notification-event")?.part?.[0]?.valueString;
  return number === undefined ? undefined : { id, number, focus: (entry[1]?.fullUrl ?? "").split("/").slice(-2).join("/") };
}

async function until(condition: () => boolean, seconds: number): Promise<void> {
  for (let waits = 0; waits < seconds * 10 && !condition(); waits++) await sleep(100);
  expect(condition()).toBe(true);
}

it("loses no change and numbers none twice when the primary dies", async () => {
  const patient = (await (
    await both.record.call("POST", "/fhir/Patient", { body: { resourceType: "Patient", name: [{ family: "Test-Failover" }] } })
  ).json()) as {
    id: string;
  };
  const subscription = {
    ...{ resourceType: "Subscription", status: "requested", reason: "Test" },
    criteria: "https://dsp.test/exchange/fhir/SubscriptionTopic/record-change",
    channel: { type: "rest-hook", endpoint: both.receiver.url, payload: "application/fhir+json" },
  };
  const subscribed = await both.exchange.call("POST", "/exchange/fhir/Subscription", { token: people.hoffmann, body: subscription });
  expect(subscribed.status).toBe(201);
  for (const name of ["one", "two"]) void runWorker(both.exchange.deps, name, stop.signal);
  await until(() => both.receiver.received.length > 0, 30);
  const acknowledged: string[] = [];
  let writing = true;
  const writer = (async () => {
    const body = { resourceType: "Observation", status: "final", code: { text: "Test" }, subject: { reference: `Patient/${patient.id}` } };
    while (writing) {
      const response = await both.record.call("POST", "/fhir/Observation", { body });
      expect(response.status).toBe(201);
      acknowledged.push(`Observation/${((await response.json()) as { id: string }).id}`);
      await sleep(50);
    }
  })();
  await until(() => both.receiver.received.length > 5, 30);
  await both.postgres.crash(both.postgres.at(0));
  await sleep(1500);
  await both.postgres.failOver();
  await sleep(3000);
  writing = false;
  await writer;
  const events = () => both.receiver.received.flatMap(({ body }) => eventOf(body) ?? []);
  await until(() => acknowledged.every((each) => events().some(({ focus }) => focus === each)), 60);
  // A number means one event, and an event has one number and one id, however often it was sent.
  expect(new Set(events().map(({ number }) => number)).size).toBe(
    new Set(events().map(({ number, focus, id }) => `${number} ${focus} ${id}`)).size,
  );
  const numbers = [...new Set(events().map(({ number }) => Number(number)))];
  expect(numbers).toEqual(numbers.map((_, place) => place + 1));
  expect(new Set(events().map(({ focus }) => focus)).size).toBe(numbers.length);
}, 180_000);
