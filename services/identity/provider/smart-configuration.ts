import type { IdentitySettings } from "../deps.ts";
import { assertionAlgorithms } from "./create-provider.ts";
import { plainScopes } from "./smart-scopes.ts";

/** The document of SMART App Launch 2.2's discovery; the record serves the same under its own base. */
export function smartConfiguration({ issuer }: Pick<IdentitySettings, "issuer">): object {
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/token/revocation`,
    pushed_authorization_request_endpoint: `${issuer}/request`,
    end_session_endpoint: `${issuer}/session/end`,
    grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
    response_types_supported: ["code"],
    scopes_supported: [...plainScopes, "patient/*.cruds", "user/*.cruds", "system/*.cruds"],
    token_endpoint_auth_methods_supported: ["private_key_jwt", "none"],
    token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    code_challenge_methods_supported: ["S256"],
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
