import type { ServiceDeps, ServiceSettings } from "../lib/service-parts.ts";
import type { Catalogue } from "./catalogue.ts";

/** What the service's operations work with. */
export interface Deps extends ServiceDeps {
  catalogue: Catalogue;
  /** Who signs the tokens: https://dsp.example/identity */
  issuer: string;
}

export type Settings = ServiceSettings;
