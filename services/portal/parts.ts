import type { Lookup } from "../lib/database/resolve-hosts.ts";
import { type RedisTlsSettings, redisTls } from "../lib/redis.ts";
import { ServiceClient } from "../lib/service-client.ts";
import type { ServiceParts } from "../lib/service-parts.ts";
import { Directory } from "./clients/directory.ts";
import { ExchangeClient } from "./clients/exchange.ts";
import { Mailbox } from "./clients/mailbox.ts";
import { OversightClient } from "./clients/oversight.ts";
import { RecordClient } from "./clients/record.ts";
import { RegistryClient } from "./clients/registry.ts";
import { ServiceDeskClient } from "./clients/service-desk.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { loadAssets } from "./layout/assets.ts";
import { SeenAccesses } from "./pages/patient/seen-accesses.ts";
import { PracticeStore } from "./pages/practice/store.ts";
import { Inquirer } from "./platform/inquirer.ts";
import { PlatformObserver } from "./platform/observe-platform.ts";
import { Drafts } from "./session/drafts.ts";
import { SessionCache } from "./session/session-cache.ts";
import { Sessions } from "./session/sessions.ts";
import { SignIn } from "./session/sign-in.ts";

type PortalSettings = Pick<
  Config,
  | "PUBLIC_URL"
  | "TOKEN_ISSUER"
  | "SERVICES_DOMAIN"
  | "SERVICES_PORT"
  | "SERVICE_CA_FILE"
  | "CLIENT_KEY_FILE"
  | "CLIENT_ID"
  | "SESSION_IDLE_MINUTES"
  | "SESSION_HOURS"
  | "HELPDESK"
  | "OPERATIONS_PORT"
  | "SITES"
  | "SITE"
  | "REDIS_SENTINELS"
  | "REDIS_PRIMARY_NAME"
  | keyof RedisTlsSettings
>;

const services = ["record", "identity", "registry", "exchange", "portal"] as const;

/** Where a test has put the other services; their ports for operations and the watchers are `record operations`, `site-a watcher`. */
export interface Elsewhere {
  lookup: Lookup;
  ports: Readonly<Record<string, number>>;
}

/** What the portal has beyond every service's parts; `stop` ends all of it. */
export function startDeps(parts: ServiceParts, config: PortalSettings, elsewhere?: Elsewhere): { deps: Deps; stop: () => void } {
  const { log, database, verifier } = parts.deps;
  const clientOf = (name: string): ServiceClient =>
    new ServiceClient({
      ...{ name, domain: config.SERVICES_DOMAIN, caFile: config.SERVICE_CA_FILE, log },
      port: elsewhere?.ports[name] ?? config.SERVICES_PORT,
      ...(elsewhere ? { lookup: elsewhere.lookup } : {}),
    });
  const [identity, record, registry, exchange] = [clientOf("identity"), clientOf("record"), clientOf("registry"), clientOf("exchange")];
  const signIn = new SignIn({
    ...{ identity, issuer: config.TOKEN_ISSUER, clientId: config.CLIENT_ID, keyFile: config.CLIENT_KEY_FILE, publicUrl: config.PUBLIC_URL },
  });
  const sessions = new Sessions({
    ...{ database, cache: new SessionCache(parts.redis), signIn, verifier },
    ...{ idleMinutes: config.SESSION_IDLE_MINUTES, hours: config.SESSION_HOURS },
  });
  const inquirer = new Inquirer({ lookup: elsewhere?.lookup, caFile: config.SERVICE_CA_FILE });
  const platform = new PlatformObserver({
    ...{ database, log, inquirer, services, sites: config.SITES, site: config.SITE, domain: config.SERVICES_DOMAIN },
    ...{ sentinels: config.REDIS_SENTINELS, redis: { primaryName: config.REDIS_PRIMARY_NAME, tls: redisTls(config) } },
    portOf: (name, what) => elsewhere?.ports[`${name} ${what}`] ?? (what === "operations" ? config.OPERATIONS_PORT : config.SERVICES_PORT),
  });
  const clients = { record: new RecordClient(record), registry: new RegistryClient(registry), exchange: new ExchangeClient(exchange) };
  const deps: Deps = {
    ...parts.deps,
    ...{
      assets: loadAssets(),
      sessions,
      signIn,
      drafts: new Drafts(database),
      ...clients,
      oversight: new OversightClient(record),
      serviceDesk: new ServiceDeskClient(identity),
      platform,
      directory: new Directory(clients.registry, clients.record),
      mailbox: new Mailbox(clients.exchange),
      seenAccesses: new SeenAccesses(database),
      practice: new PracticeStore(database),
      helpdesk: config.HELPDESK,
    },
  };
  const stop = (): void => {
    for (const client of [identity, record, registry, exchange]) client.stop();
    inquirer.stop();
    parts.stop();
  };
  return { deps, stop };
}
