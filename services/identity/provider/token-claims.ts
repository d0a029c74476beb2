import { errors, type KoaContextWithOIDC } from "oidc-provider";
import type { Account } from "../account/store.ts";
import { findAccount } from "../account/store.ts";
import { stillOpens } from "../delegation/records.ts";
import type { Deps } from "../deps.ts";
import { patientOfGrant } from "../launch/store.ts";
import { currentScope } from "../request-scope.ts";

/** What the account is, as a reference: SMART's `fhirUser`. */
export function fhirUserOf(account: Account): string | undefined {
  if (account.practitionerId) return `Practitioner/${account.practitionerId}`;
  return account.patientId ? `Patient/${account.patientId}` : undefined;
}

/** The part of a token that says whose it is. */
interface TokenLike {
  kind: string;
  accountId?: string;
  grantId?: string;
  clientId?: string;
  scope?: string;
  client?: object | undefined;
}

/** The claims by which the services know a caller (services/lib/authenticate.ts). A software's own token is recorded before it is given. */
export async function accessTokenClaims(_ctx: KoaContextWithOIDC, given: object, deps: Deps): Promise<Record<string, string>> {
  const token = given as TokenLike;
  if (token.kind === "ClientCredentials") return await softwareClaims(token, deps);
  const { context } = currentScope(deps);
  const account = await findAccount(context, deps, token.accountId ?? "");
  if (!account) throw new errors.InvalidGrant("the account is closed");
  const patient = token.grantId === undefined ? undefined : await patientOfGrant(context, deps, token.grantId);
  if (patient !== undefined && account.role === "patient" && !(await stillOpens(context, deps, account, patient))) {
    throw new errors.InvalidGrant("the account may no longer open this record");
  }
  const claims = {
    role: account.role,
    name: account.name,
    fhirUser: fhirUserOf(account),
    profession: account.profession,
    organization: account.organizationId,
    patient: patient ?? (account.role === "patient" ? account.patientId : undefined),
    scope: token.scope ?? "",
  };
  return Object.fromEntries(Object.entries(claims).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function softwareClaims(token: TokenLike, deps: Deps): Promise<Record<string, string>> {
  if (!token.scope) throw new errors.InvalidScope("ask for at least one scope of the kind system/…, e.g. system/*.rs", "");
  const clientId = token.clientId ?? "";
  const organization = clientOrganization(token.client);
  const { context } = currentScope(deps);
  const principal = { ...context.principal, subject: clientId, clientId };
  const fact = { interaction: "client-token", outcome: "0", resourceType: "Device", resourceId: clientId } as const;
  const recording = { ...context, principal };
  await deps.database.write(recording, async (transaction) => deps.audit.record(recording, transaction, [fact]));
  return { role: "system", ...(organization === undefined ? {} : { organization }) };
}

/** Metadata of our own keeps its name or is turned into camel case, as the provider likes. */
function own(client: object | undefined, name: string, camel: string): string | undefined {
  const fields = (client ?? {}) as Record<string, unknown>;
  const value = fields[name] ?? fields[camel];
  return typeof value === "string" ? value : undefined;
}

export function clientOrganization(client: object | undefined): string | undefined {
  return own(client, "dsp_organization", "dspOrganization");
}

export function clientKind(client: object | undefined): "first-party" | "smart-app" | "backend" {
  const kind = own(client, "dsp_kind", "dspKind");
  return kind === "first-party" || kind === "backend" ? kind : "smart-app";
}
