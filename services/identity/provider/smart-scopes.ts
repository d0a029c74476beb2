import { parseScopes } from "../../lib/scope.ts";
import { plainScopes } from "../../lib/smart-configuration.ts";
import type { Account } from "../account/store.ts";
import type { ClientKind } from "../client/store.ts";

/** The requested scopes that a software of this kind may ask for at all. */
export function scopesForClient(requested: readonly string[], kind: ClientKind, grantType: "code" | "client_credentials"): string[] {
  return requested.filter((scope) => {
    const [parsed] = parseScopes(scope);
    if (!parsed) return grantType === "code" && (plainScopes as readonly string[]).includes(scope);
    if (grantType === "client_credentials") return parsed.context === "system" && kind !== "smart-app";
    return parsed.context !== "system" && kind !== "backend";
  });
}

/**
 * Of those, what an account may give: patients only what concerns one record, operators nothing of any record. Without a record
 * that the token is bound to, scopes for one record mean nothing.
 */
export function scopesForAccount(requested: readonly string[], role: Account["role"], boundToPatient: boolean): string[] {
  return requested.filter((scope) => {
    if (scope === "launch/patient") return boundToPatient;
    const [parsed] = parseScopes(scope);
    if (!parsed) return true;
    if (role === "operator") return false;
    if (parsed.context === "patient") return boundToPatient;
    return parsed.context === "user" && role === "practitioner";
  });
}
