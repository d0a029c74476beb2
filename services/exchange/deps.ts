import type { Counter } from "prom-client";
import type { Context } from "../lib/context.ts";
import type { RateLimiter } from "../lib/rate-limiter.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import type { ServiceAnswer, ServiceRequest } from "../lib/service-client.ts";
import type { ServiceDeps } from "../lib/service-parts.ts";
import type { Catalogue } from "./catalogue.ts";
import type { NoticeHub } from "./event/notice-hub.ts";
import type { WebhookOptions } from "./webhook/post-webhook.ts";

/** Another service of the platform. */
export interface Peer {
  /** @throws FhirError 503 when it does not answer within the context's deadline */
  call(context: Context, request: ServiceRequest): Promise<ServiceAnswer>;
}

/** What bounds the exchange. */
export interface Limits {
  /** Of one attachment. */
  attachmentMaxBytes: number;
  /** Base of the record's public links, for notifications. */
  recordUrl: string;
  /** Of one client. */
  subscriptionsMax: number;
  /** Attempts after which an event is a dead letter, and failures in a row after which a subscription stands still. */
  attemptsMax: number;
  failuresMax: number;
  /** Events that may wait for a subscription that stands still; with more it is switched off. */
  backlogMax: number;
  /** How long events and notices are kept. */
  eventDays: number;
}

/** What the service's operations work with. */
export interface Deps extends ServiceDeps {
  catalogue: Catalogue;
  record: Peer;
  identity: Peer;
  limits: Limits;
  /** The service's own `Authorization` header. @throws FhirError 503 */
  ownToken(context: Context): Promise<string>;
  webhooks: WebhookOptions;
  /** Keeps what notifications are signed with. */
  secrets: SecretBox;
  events: NoticeHub;
  rate: RateLimiter;
  delivered: Counter<"outcome">;
}
