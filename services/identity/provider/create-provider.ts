import type { EventEmitter } from "node:events";
import type { JWK } from "jose";
import { type Configuration, errors, interactionPolicy, Provider } from "oidc-provider";
import { assertionAlgorithms, plainScopes } from "../../lib/smart-configuration.ts";
import { hasNews } from "../account/news.ts";
import { findAccount } from "../account/store.ts";
import type { Deps } from "../deps.ts";
import { languages } from "../pages/language.ts";
import { renderProviderError, renderSignedOut, renderSignOut } from "../pages/provider-pages.ts";
import { currentScope } from "../request-scope.ts";
import { scopesForClient } from "./smart-scopes.ts";
import { StorageAdapter } from "./storage-adapter.ts";
import { accessTokenClaims, clientKind, fhirUserOf } from "./token-claims.ts";

const interactionS = 1800;

/** The OpenID provider with these keys, the signing one first. It holds no state: another one may take over at any time. */
export function createProvider(deps: Deps, keys: JWK[]): Provider {
  const provider = new Provider(deps.identity.issuer, configuration(deps, keys));
  provider.proxy = true;
  const { log } = deps;
  provider.on("server_error", (_ctx, error) => log.error({ error }, "the provider failed"));
  // Koa's own, which would otherwise print to the standard error.
  (provider as unknown as EventEmitter).on("error", (error: unknown) => log.error({ error }, "the provider failed"));
  askConsentForOfflineAccess(provider);
  provider.use(async (ctx, next) => {
    await next();
    tellPatient(ctx);
  });
  return provider;
}

function configuration(deps: Deps, keys: JWK[]): Configuration {
  return {
    adapter: (name: string) => new StorageAdapter(name, deps),
    jwks: { keys: keys as NonNullable<Configuration["jwks"]>["keys"] },
    ...protocol(deps),
    ...lifetimes(deps),
    features: features(deps),
    findAccount: async (ctx, id) => {
      const { context } = currentScope(deps);
      const account = await findAccount(context, deps, id);
      if (!account) return undefined;
      const person = fhirUserOf(account);
      const known = {
        sub: account.id,
        name: account.name,
        locale: account.language,
        ...(person ? { fhirUser: `${deps.identity.origin}/fhir/${person}` } : {}),
      };
      // The platform's own sites tell their visitors.
      const news = async () =>
        clientKind(ctx.oidc?.client) === "first-party" && (await deps.database.write(context, (transaction) => hasNews(transaction, id)));
      return { accountId: account.id, claims: async () => ({ ...known, ...((await news()) ? { account_news: true } : {}) }) };
    },
    extraTokenClaims: (ctx, token) => accessTokenClaims(ctx, token, deps),
    interactions: {
      policy: policy(),
      url: (_ctx, interaction) => `${new URL(deps.identity.issuer).pathname}/interaction/${interaction.uid}`,
    },
    renderError: renderProviderError,
  };
}

function protocol(deps: Deps): Configuration {
  const cookie = { signed: true, httpOnly: true, sameSite: "lax", secure: deps.identity.issuer.startsWith("https:") } as const;
  const path = new URL(deps.identity.issuer).pathname;
  return {
    scopes: [...plainScopes],
    claims: {
      iss: null,
      sid: null,
      openid: ["sub", "acr", "amr", "auth_time"],
      fhirUser: ["fhirUser"],
      profile: ["name", "locale", "account_news"],
    },
    conformIdTokenClaims: false,
    responseTypes: ["code", "none"],
    clientAuthMethods: ["private_key_jwt", "none"],
    clientDefaults: { id_token_signed_response_alg: "ES256", token_endpoint_auth_method: "none" },
    enabledJWA: {
      clientAuthSigningAlgValues: [...assertionAlgorithms],
      idTokenSigningAlgValues: ["ES256"],
      dPoPSigningAlgValues: ["ES256"],
    },
    extraClientMetadata: { properties: ["dsp_kind", "dsp_organization"] },
    // SMART: the launch, whom the token is for, and which of the records that may be opened.
    extraParams: {
      launch: null,
      patient: null,
      aud: (_ctx, aud) => {
        if (aud !== undefined && !isOurs(deps, aud))
          throw new errors.InvalidRequest(`aud must be the record's address: ${resourceOf(deps)}`);
      },
    },
    discovery: { ui_locales_supported: [...languages] },
    pkce: { required: () => true },
    cookies: {
      names: { session: "identity_session", interaction: "identity_interaction", resume: "identity_resume" },
      long: { ...cookie, path },
      short: cookie,
      keys: deps.cookieKeys.all,
    },
    clientBasedCORS: (_ctx, origin, client) => (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    allowOmittingSingleRegisteredRedirectUri: false,
  };
}

function lifetimes({ identity }: Deps): Configuration {
  const { accessTokenS, refreshTokenS, sessionS } = identity;
  return {
    ttl: {
      AccessToken: () => accessTokenS,
      ClientCredentials: () => accessTokenS,
      AuthorizationCode: () => 60,
      IdToken: () => accessTokenS,
      RefreshToken: () => refreshTokenS,
      Interaction: () => interactionS,
      Session: () => sessionS,
      // A grant outlives the last refresh token it may have given.
      Grant: () => refreshTokenS + sessionS,
    },
    rotateRefreshToken: () => true,
    issueRefreshToken: (_ctx, client, source) => {
      const wanted = ["offline_access", "online_access"].some((scope) => source.scopes.has(scope));
      return Promise.resolve(client.grantTypeAllowed("refresh_token") && (wanted || clientKind(client) === "first-party"));
    },
    // Without offline_access a software's tokens end with the sign-in; those of the platform's own sites always do.
    expiresWithSession: (ctx, source) =>
      Promise.resolve(!source.scopes.has("offline_access") || clientKind(ctx.oidc.client) === "first-party"),
  };
}

function features(deps: Deps): Configuration["features"] {
  const { identity } = deps;
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: false },
    rpInitiatedLogout: { enabled: true, logoutSource: renderSignOut, postLogoutSuccessSource: renderSignedOut },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, _client, oneOf) => (Array.isArray(oneOf) ? (oneOf[0] ?? resourceOf(deps)) : (oneOf ?? resourceOf(deps))),
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource, client) => {
        const known = isOurs(deps, resource);
        // Scopes name any of FHIR's types, so those that were asked for are the ones there are, as far as they make sense.
        const { params, entities } = ctx.oidc;
        const source = entities.AuthorizationCode ?? entities.RefreshToken;
        const asked = String(source?.scope ?? params?.scope ?? "").split(" ");
        const grantType = params?.grant_type === "client_credentials" ? "client_credentials" : "code";
        return {
          scope: known ? scopesForClient(asked, clientKind(client), grantType).join(" ") : "",
          audience: identity.audience,
          accessTokenFormat: "jwt",
          accessTokenTTL: identity.accessTokenS,
          jwt: { sign: { alg: "ES256" } },
        };
      },
    },
  };
}

/** Whether a token for this address is for one of the platform's services. */
function isOurs({ identity }: Deps, resource: string): boolean {
  return resource === identity.audience || resource === identity.origin || resource.startsWith(`${identity.origin}/`);
}

/** What a token is for unless the client says otherwise: the record. */
function resourceOf({ identity }: Deps): string {
  return `${identity.origin}/fhir`;
}

/** A request that names a launch or a patient is about that one: an earlier grant may be about another. */
function policy(): interactionPolicy.DefaultPolicy {
  const base = interactionPolicy.base();
  const { Check } = interactionPolicy;
  base.get("consent")?.checks.add(
    new Check("context", "the record must be chosen", (ctx) => {
      const { params, result } = ctx.oidc;
      const named = params?.launch !== undefined || params?.patient !== undefined;
      return named && !result?.consent ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
    }),
  );
  return base;
}

/**
 * OpenID Connect gives offline access only after consent was asked for in that request; SMART software asks for it without saying
 * `prompt=consent`. It is taken as said.
 */
function askConsentForOfflineAccess(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, "prompts", {
    get(this: { params: { prompt?: string; scope?: string } }) {
      const named = new Set(this.params.prompt?.split(" ") ?? []);
      const offline = this.params.scope?.split(" ").includes("offline_access") ?? false;
      return named.size === 0 && offline ? new Set(["consent"]) : named;
    },
  });
}

/** SMART: the answer with the token names the patient. */
function tellPatient(ctx: {
  path: string;
  status: number;
  body: unknown;
  oidc?: { entities: { AccessToken?: { extra?: object } } };
}): void {
  if (ctx.path !== "/token" || ctx.status !== 200) return;
  const patient = (ctx.oidc?.entities.AccessToken?.extra as { patient?: string } | undefined)?.patient;
  if (patient !== undefined && typeof ctx.body === "object") ctx.body = { ...ctx.body, patient, need_patient_banner: true };
}
