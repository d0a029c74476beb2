import type { Logger } from "pino";
import type { AuditTrail } from "../lib/audit.ts";
import type { TokenVerifier } from "../lib/authenticate.ts";
import type { ByteBudget } from "../lib/byte-budget.ts";
import type { Database } from "../lib/database/database.ts";
import type { Metrics } from "../lib/metrics.ts";
import type { Readiness } from "../lib/operations-server.ts";
import type { Catalogue } from "./catalogue.ts";

/** What the service's operations work with. */
export interface Deps {
  catalogue: Catalogue;
  database: Database;
  audit: AuditTrail;
  metrics: Metrics;
  log: Logger;
  verifier: TokenVerifier;
  settings: Settings;
  /** Bounds the bodies of all requests together. */
  bodies: ByteBudget;
  /** Whether the service can serve: see `GET /health/ready`. */
  readiness(): Readiness;
}

/** The settings that operations see; the rest of the configuration is the server's business. */
export interface Settings {
  /** Base of all links, without a final slash, e.g. https://dsp.example/fhir */
  publicUrl: string;
  site: string;
  deadlineMs: number;
  bodyMaxBytes: number;
}
