import { z } from "zod";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { type FhirError, fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { checkedUrl, UndeliveredError } from "../webhook/post-webhook.ts";

/** What can be subscribed to. `record` is about the patients' records, `messages` about what reaches the subscriber in the exchange. */
export const topics = {
  "record-change": { about: "record", title: "A resource of a patient's record was created, changed or deleted" },
  document: { about: "record", title: "A document reference was created, changed or deleted" },
  message: { about: "messages", title: "A message, a referral, a receipt or a deposit reached the subscriber" },
} as const;
export type Topic = keyof typeof topics;

export interface Filter {
  type: string;
  patientId?: string;
  /** The document type that rights know, e.g. `laboratory`. */
  category?: string;
}

/** A subscription as its client wants it. */
export interface Wanted {
  topic: Topic;
  /** One of them must fit; empty: everything of the topic. */
  filters: Filter[];
  endpoint: string;
  payload: "empty" | "id-only";
  headers: Record<string, string>;
  heartbeatSeconds: number | null;
  timeoutSeconds: number;
  maxCount: number;
  ends: Date;
  off: boolean;
}

const backport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";
const limits = {
  days: 366,
  defaultDays: 90,
  filters: 20,
  headers: 10,
  count: 50,
  heartbeatMin: 30,
  heartbeatMax: 86_400,
  timeoutMax: 20,
} as const;

const extension = z.object({
  url: z.string(),
  valueString: z.string().optional(),
  valueCode: z.string().optional(),
  valueUnsignedInt: z.number().int().optional(),
  valuePositiveInt: z.number().int().optional(),
});
const extended = z.object({ extension: z.array(extension).default([]) }).default({ extension: [] });
const shape = z.object({
  status: z.string(),
  end: z.string().optional(),
  criteria: z.string(),
  _criteria: extended,
  channel: z.object({
    type: z.string(),
    endpoint: z.string().optional(),
    payload: z.string().optional(),
    _payload: extended,
    header: z.array(z.string()).default([]),
    extension: z.array(extension).default([]),
  }),
});
type Shape = z.infer<typeof shape>;

export function topicUrl(publicUrl: string, topic: Topic): string {
  return `${publicUrl}/fhir/SubscriptionTopic/${topic}`;
}

function isTopic(name: string): name is Topic {
  return Object.hasOwn(topics, name);
}

/** Reads an R4 Subscription as the R5 Backport guide has it. @throws FhirError 400, 422 that says what this server cannot hold to */
export function parseSubscription(deps: Deps, resource: AnyResource): Wanted {
  validate(deps.catalogue.definitions, resource);
  const parsed = shape.safeParse(resource);
  if (!parsed.success) throw refused("The subscription is not one of the R5 Backport guide's", "Subscription");
  const { status, criteria, channel, end } = parsed.data;
  const prefix = topicUrl(deps.settings.publicUrl, "" as Topic);
  const topic = criteria.startsWith(prefix) ? criteria.slice(prefix.length) : "";
  if (!isTopic(topic)) {
    throw refused(
      `criteria is a topic: ${Object.keys(topics)
        .map((each) => prefix + each)
        .join(", ")}`,
      "Subscription.criteria",
    );
  }
  if (!["requested", "active", "off"].includes(status)) throw refused("Ask for the status requested, or off", "Subscription.status");
  if (channel.type !== "rest-hook")
    throw refused("The channel is rest-hook; for live notices in a browser see /exchange/events", "Subscription.channel.type");
  return {
    topic,
    filters: filtersOf(deps, topic, parsed.data),
    endpoint: endpointOf(channel.endpoint),
    payload: payloadOf(parsed.data),
    headers: headersOf(channel.header),
    heartbeatSeconds: bounded(parsed.data, "heartbeat-period", limits.heartbeatMin, limits.heartbeatMax) ?? null,
    timeoutSeconds: bounded(parsed.data, "timeout", 1, limits.timeoutMax) ?? 10,
    maxCount: bounded(parsed.data, "max-count", 1, limits.count) ?? 1,
    ends: endOf(end),
    off: status === "off",
  };
}

function refused(text: string, expression: string): FhirError {
  return fhirError(422, "value", text, { expression });
}

function endpointOf(endpoint: string | undefined): string {
  try {
    return checkedUrl(endpoint ?? "").href;
  } catch (error) {
    if (error instanceof UndeliveredError) throw refused(error.message, "Subscription.channel.endpoint");
    throw error;
  }
}

function payloadOf({ channel }: Shape): "empty" | "id-only" {
  const content = channel._payload.extension.find(({ url }) => url === `${backport}/backport-payload-content`)?.valueCode ?? "id-only";
  if (content === "full-resource") {
    const why = "a notification is sent without your token, so nobody could decide what of the resource you may see at that moment";
    throw refused(`full-resource is not offered: ${why}. Take id-only and read with your own token`, "Subscription.channel.payload");
  }
  if (content !== "empty" && content !== "id-only")
    throw refused("The payload's content is empty or id-only", "Subscription.channel.payload");
  if (channel.payload !== undefined && !/^application\/(fhir\+)?json\b/.test(channel.payload)) {
    throw refused("Notifications are application/fhir+json", "Subscription.channel.payload");
  }
  return content;
}

function filtersOf(deps: Deps, topic: Topic, { _criteria: { extension: given } }: Shape): Filter[] {
  const at = "Subscription.criteria";
  const texts = given.filter(({ url }) => url === `${backport}/backport-filter-criteria`).map(({ valueString = "" }) => valueString);
  if (texts.length > limits.filters) throw refused(`At most ${limits.filters} filters`, at);
  if (topics[topic].about === "messages" && texts.length > 0)
    throw refused("The topic message takes no filters: it is about what reaches you", at);
  return texts.map((text) => filterOf(deps, topic, text));
}

function filterOf(deps: Deps, topic: Topic, text: string): Filter {
  const at = "Subscription.criteria";
  const [type = "", query = ""] = text.split("?", 2);
  if (!deps.catalogue.definitions.ensureType(type)) throw refused("A filter is Type?patient=Patient/id&category=laboratory", at);
  if (topic === "document" && type !== "DocumentReference") throw refused("The topic document is about DocumentReference", at);
  const filter: Filter = { type };
  for (const [name, value] of new URLSearchParams(query)) {
    const patientId = /^(?:Patient\/)?([A-Za-z0-9\-.]{1,64})$/.exec(value)?.[1];
    if ((name === "patient" || name === "subject") && patientId) filter.patientId = patientId;
    else if (name === "category" && /^[a-z-]{1,40}$/.test(value)) filter.category = value;
    else throw refused(`Filters know patient=Patient/id and category=<document type>; not ${name.slice(0, 40)}`, at);
  }
  return filter;
}

/** What clients may have sent along: their own authorisation and X- headers, never what steers the connection. */
function headersOf(lines: readonly string[]): Record<string, string> {
  const at = "Subscription.channel.header";
  if (lines.length > limits.headers) throw refused(`At most ${limits.headers} headers`, at);
  const headers = lines.map((line): [string, string] => {
    const [, name, value] = /^(Authorization|X-[A-Za-z0-9-]{1,60}):[ \t]*([\x20-\x7e]{1,1000})$/i.exec(line) ?? [];
    if (name === undefined || value === undefined) throw refused("Headers are Authorization or X-…, as in X-Key: value", at);
    return [name, value];
  });
  return Object.fromEntries(headers);
}

function bounded({ channel }: Shape, name: string, low: number, high: number): number | undefined {
  const found = channel.extension.find(({ url }) => url === `${backport}/backport-${name}`);
  const value = found?.valueUnsignedInt ?? found?.valuePositiveInt;
  if (found === undefined) return undefined;
  if (value === undefined || value < low || value > high)
    throw refused(`${name} is from ${low} to ${high}`, "Subscription.channel.extension");
  return value;
}

function endOf(end: string | undefined): Date {
  const dayMs = 86_400_000;
  if (end === undefined) return new Date(Date.now() + limits.defaultDays * dayMs);
  const at = new Date(end);
  if (at.getTime() < Date.now() || at.getTime() > Date.now() + limits.days * dayMs) {
    throw refused(`A subscription ends in the future, at most ${limits.days} days from now`, "Subscription.end");
  }
  return at;
}
