import type { Provider } from "oidc-provider";
import type { SecretBox } from "../lib/secret-box.ts";
import type { ServiceDeps } from "../lib/service-parts.ts";
import type { PasswordHasher } from "./account/password.ts";
import type { ServiceClients } from "./client/service-clients.ts";
import type { FindDelegations } from "./delegation/find-delegations.ts";
import type { CookieKeys } from "./provider/cookie-keys.ts";

/** The settings that operations of this service see. */
export interface IdentitySettings {
  /** The issuer's name and the base of all links: https://dsp.example/identity */
  issuer: string;
  /** https://dsp.example */
  origin: string;
  /** `aud` of access tokens. */
  audience: string;
  accessTokenS: number;
  refreshTokenS: number;
  sessionS: number;
  upstream?: UpstreamSettings;
}

/** An outside identity provider. */
export interface UpstreamSettings {
  issuer: string;
  clientId: string;
  clientSecretFile?: string;
  /** As the button names it. */
  name: string;
  /** The claim that holds the account's login. */
  claim: string;
  /** Whether its sign-in counts as two factors. */
  strong: boolean;
}

/** What the operations of the identity service work with. */
export interface Deps extends ServiceDeps {
  identity: IdentitySettings;
  cookieKeys: CookieKeys;
  secrets: SecretBox;
  passwords: PasswordHasher;
  serviceClients: ServiceClients;
  findDelegations: FindDelegations;
  /** The provider with the keys of now. */
  provider(): Provider;
}
