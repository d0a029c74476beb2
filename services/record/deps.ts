import type { RateLimiter } from "../lib/rate-limiter.ts";
import type { ServiceDeps, ServiceSettings } from "../lib/service-parts.ts";
import type { Catalogue } from "./catalogue.ts";

/** What the service's operations work with. */
export interface Deps extends ServiceDeps {
  catalogue: Catalogue;
  /** Who signs the tokens: https://dsp.example/identity */
  issuer: string;
  /** Of a document that comes as bare bytes. */
  documentMaxBytes: number;
  rate: RateLimiter;
}

export type Settings = ServiceSettings;
