/** A software that has subscribed to changes of one patient's record: whatever the platform loses, it is told of each of them. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { codeSystem } from "../load/workloads.ts";
import type { Walk, WalkContext } from "../walk.ts";
import { beginBeat } from "./beat.ts";
import { type Creation, judgeNotifications } from "./judge-notifications.ts";
import { persist } from "./persist.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { connectWeb, type WebAnswer, type WebClient } from "./web-client.ts";

/** Longer than any drill. */
const tokenTtlS = 3_600;
const greetingLimitMs = 45_000;
/** After the last creation, on a platform that is whole again: a dead pod's work is taken over, a failed delivery made again. */
const notificationLimitMs = 45_000;
const pollMs = 200;
const backport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";
const createdSchema = z.object({ id: z.string() });

interface Software {
  context: WalkContext;
  client: WebClient;
  token: string;
  receiver: Receiver;
}

/** @throws Error only when the run is over */
async function post({ context, client, token }: Omit<Software, "receiver">, path: string, resource: object) {
  const { target, signal } = context;
  const url = new URL(path, target.publicUrl);
  const headers = {
    authorization: `Bearer ${token}`,
    ...{ "content-type": "application/fhir+json", accept: "application/fhir+json", "idempotency-key": randomUUID() },
  };
  const body = JSON.stringify(resource);
  return await persist<WebAnswer>({
    beganMs: Date.now(),
    signal,
    attempt: (timeoutMs) => client.ask({ method: "POST", url, headers, body, timeoutMs, signal }),
  });
}

/** @throws Error when it is not created */
async function mustPost(software: Omit<Software, "receiver">, path: string, resource: object): Promise<{ id: string; answer: WebAnswer }> {
  const { answer, reason } = await post(software, path, resource);
  if (answer?.status !== 201) {
    throw new Error(`POST ${path}: ${answer === undefined ? reason : `HTTP ${answer.status} ${answer.body.slice(0, 200)}`}`);
  }
  return { id: createdSchema.parse(JSON.parse(answer.body)).id, answer };
}

const topicsSchema = z.object({ topics: z.array(z.object({ url: z.string() })) });

/** The address of the topic of all changes, as the exchange itself names it. @throws Error where it names none */
async function topicOf({ context, client, token }: Software): Promise<string> {
  const { target, signal } = context;
  const url = new URL("/exchange/topics", target.publicUrl);
  const headers = { authorization: `Bearer ${token}` };
  const { answer, reason } = await persist({
    beganMs: Date.now(),
    signal,
    attempt: (timeoutMs) => client.ask({ url, headers, timeoutMs, signal }),
  });
  if (answer?.status !== 200) throw new Error(`the topics cannot be read: ${answer === undefined ? reason : `HTTP ${answer.status}`}`);
  const topic = topicsSchema.parse(JSON.parse(answer.body)).topics.find((each) => each.url.endsWith("/record-change"));
  if (topic === undefined) throw new Error("the exchange has no topic of changes");
  return topic.url;
}

function subscriptionOf(topic: string, patient: string, endpoint: string): object {
  return {
    resourceType: "Subscription",
    status: "requested",
    reason: "A drill",
    end: new Date(Date.now() + tokenTtlS * 1_000).toISOString(),
    criteria: topic,
    _criteria: { extension: [{ url: `${backport}/backport-filter-criteria`, valueString: `Observation?patient=Patient/${patient}` }] },
    channel: {
      type: "rest-hook",
      endpoint,
      payload: "application/fhir+json",
      _payload: { extension: [{ url: `${backport}/backport-payload-content`, valueCode: "id-only" }] },
    },
  };
}

async function create(software: Software, patient: string, value: string): Promise<Creation> {
  const { runName } = software.context;
  const beganMs = Date.now();
  const { answer, attempts, reason } = await post(software, "/fhir/Observation", {
    ...{ resourceType: "Observation", status: "final", code: { coding: [{ system: codeSystem, code: `${runName}-walk` }] } },
    ...{ subject: { reference: `Patient/${patient}` }, effectiveDateTime: new Date().toISOString(), valueString: value },
  });
  const common = { beganMs, endedMs: Date.now(), attempts };
  if (answer === undefined) return { ...common, outcome: "unanswered", ...(reason === undefined ? {} : { reason }) };
  if (answer.status !== 201) return { ...common, outcome: "refused", reason: `HTTP ${answer.status}` };
  return { ...common, outcome: "acknowledged", resource: `Observation/${createdSchema.parse(JSON.parse(answer.body)).id}` };
}

/** Waits until it is so, or the time is over. */
async function waitFor(condition: () => boolean, limitMs: number, signal: AbortSignal): Promise<boolean> {
  for (const endMs = Date.now() + limitMs; !condition(); ) {
    if (Date.now() > endMs) return false;
    await delay(pollMs, undefined, { signal });
  }
  return true;
}

/** @throws Error when the subscription does not begin */
async function subscribe(software: Software): Promise<{ patient: string; subscription: string }> {
  const { context, receiver } = software;
  const topic = await topicOf(software);
  const name = [{ family: "Test-Subscription", given: [context.runName] }];
  const { id: patient } = await mustPost(software, "/fhir/Patient", { resourceType: "Patient", name });
  const made = await mustPost(software, "/exchange/fhir/Subscription", subscriptionOf(topic, patient, receiver.url));
  const secret = made.answer.headers["dsp-webhook-secret"];
  if (typeof secret !== "string") throw new Error("the subscription came without a secret");
  receiver.trust(secret);
  if (!(await waitFor(receiver.greeted, greetingLimitMs, context.signal))) {
    const refused = receiver.refused() > 0 ? `; ${receiver.refused()} notifications could not be believed` : "";
    throw new Error(`nobody called ${new URL(receiver.url).host} within ${greetingLimitMs / 1_000} s${refused}`);
  }
  return { patient, subscription: made.id };
}

async function unsubscribe({ context, client, token }: Software, subscription: string): Promise<void> {
  const url = new URL(`/exchange/fhir/Subscription/${subscription}`, context.target.publicUrl);
  const headers = { authorization: `Bearer ${token}`, "idempotency-key": randomUUID() };
  // Left behind, it ends by itself.
  await client.ask({ method: "DELETE", url, headers, timeoutMs: 5_000 }).catch(() => undefined);
}

async function walk(software: Software) {
  const { context, receiver } = software;
  const { runName, signal } = context;
  const { patient, subscription } = await subscribe(software);
  const created: Creation[] = [];
  const beat = beginBeat(
    async (n) => {
      created.push(await create(software, patient, `${runName}-walk-${n}`));
    },
    { everyMs: 1_000, overlap: true, signal },
  );
  return {
    async end() {
      await beat.stop();
      const told = () => {
        const focuses = new Set(receiver.notifications.map(({ focus }) => focus));
        return created.every(({ outcome, resource = "" }) => outcome !== "acknowledged" || focuses.has(resource));
      };
      await waitFor(told, notificationLimitMs, signal);
      await unsubscribe(software, subscription);
      receiver.close();
      software.client.close();
      return judgeNotifications(created, receiver.notifications, receiver.refused());
    },
  };
}

export const subscription: Walk = {
  name: "subscription",
  services: ["exchange", "record"],
  title: "A software is told of every change that it subscribed to, in order",
  async begin(context) {
    const { target, signal } = context;
    if (target.makeReceiver === undefined) throw new Error("this platform's pods reach no software on this machine");
    const [token, place] = await Promise.all([target.makeToken(tokenTtlS), target.makeReceiver()]);
    const receiver = await startReceiver(place);
    const client = connectWeb(target.caFile);
    const close = () => {
      receiver.close();
      client.close();
    };
    signal.addEventListener("abort", close, { once: true });
    try {
      return await walk({ context, client, token, receiver });
    } catch (failure) {
      close();
      throw failure;
    }
  },
};
