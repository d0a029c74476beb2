import { proofAlgorithms } from "./dpop.ts";

/** Scopes that say what else a software wants, apart from resources (SMART App Launch 2.2, OpenID Connect). */
export const plainScopes = ["openid", "offline_access", "online_access", "fhirUser", "profile", "launch", "launch/patient"] as const;

/** What software signs its assertions with; ES384 and RS384 are SMART Backend Services' own. */
export const assertionAlgorithms = ["ES256", "ES384", "RS384"] as const;

/** Where the service identity's parts stand, from its name. @param issuer https://dsp.example/identity */
export function issuerEndpoints(issuer: string) {
  return {
    authorize: `${issuer}/auth`,
    token: `${issuer}/token`,
    revoke: `${issuer}/token/revocation`,
    push: `${issuer}/request`,
    endSession: `${issuer}/session/end`,
    keys: `${issuer}/jwks`,
  };
}

/** The document of SMART App Launch 2.2's discovery: identity serves it under its base, the record the same under its own, where SMART looks for it. */
export function smartConfiguration(issuer: string): object {
  const at = issuerEndpoints(issuer);
  return {
    issuer,
    jwks_uri: at.keys,
    authorization_endpoint: at.authorize,
    token_endpoint: at.token,
    revocation_endpoint: at.revoke,
    pushed_authorization_request_endpoint: at.push,
    end_session_endpoint: at.endSession,
    grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
    response_types_supported: ["code"],
    scopes_supported: [...plainScopes, "patient/*.cruds", "user/*.cruds", "system/*.cruds"],
    token_endpoint_auth_methods_supported: ["private_key_jwt", "none"],
    token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    code_challenge_methods_supported: ["S256"],
    dpop_signing_alg_values_supported: [...proofAlgorithms],
    capabilities: [
      "launch-ehr",
      "launch-standalone",
      "client-public",
      "client-confidential-asymmetric",
      "sso-openid-connect",
      "context-ehr-patient",
      "context-standalone-patient",
      "context-banner",
      "permission-offline",
      "permission-online",
      "permission-patient",
      "permission-user",
      "permission-v1",
      "permission-v2",
    ],
  };
}
