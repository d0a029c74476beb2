import type { ServiceDeps } from "../lib/service-parts.ts";
import type { Directory } from "./clients/directory.ts";
import type { ExchangeClient } from "./clients/exchange.ts";
import type { Mailbox } from "./clients/mailbox.ts";
import type { OversightClient } from "./clients/oversight.ts";
import type { RecordClient } from "./clients/record.ts";
import type { RegistryClient } from "./clients/registry.ts";
import type { ServiceDeskClient } from "./clients/service-desk.ts";
import type { Assets } from "./layout/assets.ts";
import type { SeenAccesses } from "./pages/patient/seen-accesses.ts";
import type { PracticeStore } from "./pages/practice/store.ts";
import type { PlatformObserver } from "./platform/observe-platform.ts";
import type { Drafts } from "./session/drafts.ts";
import type { Sessions } from "./session/sessions.ts";
import type { SignIn } from "./session/sign-in.ts";

/** What the portal's pages work with. */
export interface Deps extends ServiceDeps {
  assets: Assets;
  sessions: Sessions;
  signIn: SignIn;
  drafts: Drafts;
  record: RecordClient;
  oversight: OversightClient;
  serviceDesk: ServiceDeskClient;
  platform: PlatformObserver;
  registry: RegistryClient;
  exchange: ExchangeClient;
  /** People, as the registry knows them, or else the record. */
  directory: Directory;
  mailbox: Mailbox;
  seenAccesses: SeenAccesses;
  practice: PracticeStore;
  /** How people reach the helpdesk; undefined: nobody has said. */
  helpdesk: string | undefined;
}
