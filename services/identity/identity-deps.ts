import { SecretBox } from "../lib/secret-box.ts";
import type { ServiceDeps } from "../lib/service-parts.ts";
import { PasswordHasher } from "./account/password.ts";
import { ServiceClients } from "./client/service-clients.ts";
import type { Config } from "./config.ts";
import type { FindDelegations } from "./delegation/find-delegations.ts";
import type { Deps, IdentitySettings, UpstreamSettings } from "./deps.ts";
import { CookieKeys } from "./provider/cookie-keys.ts";
import { ProviderHolder } from "./provider/provider-holder.ts";
import { SigningKeys } from "./provider/signing-keys.ts";

/** The service's own settings: those that are not every service's. */
export type IdentityConfig = Pick<
  Config,
  | "PUBLIC_URL"
  | "TOKEN_AUDIENCE"
  | "SIGNING_KEYS_FILE"
  | "SIGNING_KEY_ACTIVE_AFTER_S"
  | "COOKIE_KEYS_FILE"
  | "SECRET_KEYS_FILE"
  | "SERVICE_CLIENTS_FILE"
  | "ACCESS_TOKEN_S"
  | "REFRESH_TOKEN_S"
  | "SESSION_S"
  | "PASSWORD_CHECKS_MAX"
  | "UPSTREAM_ISSUER"
  | "UPSTREAM_CLIENT_ID"
  | "UPSTREAM_CLIENT_SECRET_FILE"
  | "UPSTREAM_NAME"
  | "UPSTREAM_CLAIM"
  | "UPSTREAM_IS_STRONG"
>;

/** Reads the files that the settings name. @throws when one of them is not usable */
export function identityDeps(deps: ServiceDeps, config: IdentityConfig, findDelegations: FindDelegations): Deps {
  const { log } = deps;
  const identity = settingsOf(config);
  const signing = new SigningKeys({ path: config.SIGNING_KEYS_FILE, activeAfterS: config.SIGNING_KEY_ACTIVE_AFTER_S, log });
  const holder = new ProviderHolder(signing);
  const secrets = new SecretBox(config.SECRET_KEYS_FILE, log);
  const made: Deps = {
    ...deps,
    identity,
    cookieKeys: new CookieKeys(config.COOKIE_KEYS_FILE, log),
    secrets,
    passwords: new PasswordHasher({ atOnce: config.PASSWORD_CHECKS_MAX, keys: secrets }),
    serviceClients: new ServiceClients({ path: config.SERVICE_CLIENTS_FILE, origin: identity.origin, log }),
    findDelegations,
    provider: () => holder.current(made),
  };
  // A key that the provider does not take stops the service at once.
  made.provider();
  return made;
}

function settingsOf(config: IdentityConfig): IdentitySettings {
  const { PUBLIC_URL: issuer, TOKEN_AUDIENCE: audience, ACCESS_TOKEN_S, REFRESH_TOKEN_S, SESSION_S } = config;
  const upstream = upstreamOf(config);
  return {
    issuer,
    origin: new URL(issuer).origin,
    audience,
    accessTokenS: ACCESS_TOKEN_S,
    refreshTokenS: REFRESH_TOKEN_S,
    sessionS: SESSION_S,
    ...(upstream ? { upstream } : {}),
  };
}

function upstreamOf(config: IdentityConfig): UpstreamSettings | undefined {
  const { UPSTREAM_ISSUER: issuer, UPSTREAM_CLIENT_ID: clientId, UPSTREAM_CLIENT_SECRET_FILE: clientSecretFile } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  const secret = clientSecretFile === undefined ? {} : { clientSecretFile };
  return {
    issuer,
    clientId,
    ...secret,
    name: config.UPSTREAM_NAME,
    claim: config.UPSTREAM_CLAIM,
    strong: config.UPSTREAM_IS_STRONG === "true",
  };
}
