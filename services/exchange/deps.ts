import type { Context } from "../lib/context.ts";
import type { ServiceAnswer, ServiceRequest } from "../lib/service-client.ts";
import type { ServiceDeps } from "../lib/service-parts.ts";
import type { Catalogue } from "./catalogue.ts";

/** Another service of the platform. */
export interface Peer {
  /** @throws FhirError 503 when it does not answer within the context's deadline */
  call(context: Context, request: ServiceRequest): Promise<ServiceAnswer>;
}

/** What bounds the exchange. */
export interface Limits {
  /** Of one attachment. */
  attachmentMaxBytes: number;
}

/** What the service's operations work with. */
export interface Deps extends ServiceDeps {
  catalogue: Catalogue;
  record: Peer;
  limits: Limits;
}
