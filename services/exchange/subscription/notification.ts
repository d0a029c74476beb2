/** Notifications as the Subscriptions R5 Backport guide has them for R4: a Bundle of the type history whose first entry is the status. */
export type NotificationType = "handshake" | "heartbeat" | "event-notification" | "query-status" | "query-event";

export interface NotifiedEvent {
  number: string;
  focus: string;
  method: string;
  occurred: Date;
}

export interface Notified {
  id: string;
  status: string;
  topic: string;
  payload: "empty" | "id-only";
  /** Events since it began. */
  events: string;
  reason: string | null;
}

const backport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";
const statusOf: Record<string, string> = { POST: "201", PUT: "200", DELETE: "204" };

/** Where a reference of an event leads: into the record, or into the exchange. */
export interface Bases {
  exchange: string;
  record: string;
  /** Of the topic `message`. */
  isOwn: boolean;
}

/** The status as R4 has it: a Parameters resource. */
export function statusParameters(of: Notified, type: NotificationType, events: readonly NotifiedEvent[], bases: Bases): object {
  const { exchange } = bases;
  return {
    resourceType: "Parameters",
    id: crypto.randomUUID(),
    meta: { profile: [`${backport}/backport-subscription-status-r4`] },
    parameter: [
      { name: "subscription", valueReference: { reference: `${exchange}/fhir/Subscription/${of.id}` } },
      { name: "topic", valueCanonical: of.topic },
      { name: "status", valueCode: of.status },
      { name: "type", valueCode: type },
      { name: "events-since-subscription-start", valueString: of.events },
      ...events.map(({ number, focus, occurred }) => ({
        name: "notification-event",
        part: [
          { name: "event-number", valueString: number },
          { name: "timestamp", valueInstant: occurred.toISOString() },
          ...(of.payload === "empty" ? [] : [{ name: "focus", valueReference: { reference: fullUrl(focus, bases) } }]),
        ],
      })),
      ...(of.reason === null ? [] : [{ name: "error", valueCodeableConcept: { text: of.reason } }]),
    ],
  };
}

function fullUrl(focus: string, { exchange, record, isOwn }: Bases): string {
  return `${isOwn ? `${exchange}/fhir` : record}/${focus}`;
}

/**
 * A notification.
 * @param id stays the same when it is sent again: by it, and by the events' numbers, a receiver drops repetitions
 */
export function notificationBundle(
  id: string,
  of: Notified,
  type: NotificationType,
  events: readonly NotifiedEvent[],
  bases: Bases,
): object {
  const first = {
    fullUrl: `urn:uuid:${crypto.randomUUID()}`,
    resource: statusParameters(of, type, events, bases),
    request: { method: "GET", url: `${bases.exchange}/fhir/Subscription/${of.id}/$status` },
    response: { status: "200" },
  };
  const focuses = of.payload === "empty" ? [] : events;
  return {
    resourceType: "Bundle",
    id,
    meta: { profile: [`${backport}/backport-subscription-notification-r4`] },
    type: "history",
    timestamp: new Date().toISOString(),
    entry: [
      first,
      ...focuses.map(({ focus, method }) => ({
        fullUrl: fullUrl(focus, bases),
        request: { method, url: method === "POST" ? (focus.split("/")[0] ?? focus) : focus },
        response: { status: statusOf[method] ?? "200" },
      })),
    ],
  };
}
