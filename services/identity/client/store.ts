import type { JWK } from "jose";
import type { Context } from "../../lib/context.ts";
import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { Deps } from "../deps.ts";

export type ClientKind = "first-party" | "smart-app" | "backend";

/** The part of RFC 7591's client metadata that is kept. */
export interface ClientMetadata {
  client_name: string;
  token_endpoint_auth_method: "private_key_jwt" | "none";
  grant_types: string[];
  response_types: string[];
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  jwks?: { keys: JWK[] };
}

/** A registered software. */
export interface ClientRecord {
  id: string;
  kind: ClientKind;
  name: string;
  organizationId: string | undefined;
  metadata: ClientMetadata;
}

const find: Statement = { name: "client-find", text: "SELECT id, kind, name, organization_id, metadata FROM client WHERE id = $1" };
const add: Statement = {
  name: "client-add",
  text: "INSERT INTO client (id, kind, name, organization_id, metadata) VALUES ($1, $2, $3, $4, $5)",
};

/** Undefined when nobody has registered it. */
export async function findClient(context: Context, deps: Deps, id: string): Promise<ClientRecord | undefined> {
  const own = deps.serviceClients.find(id);
  if (own) return own;
  return await deps.database.read(
    context,
    () => true,
    async (transaction) => {
      const [row] = await transaction.query<{
        id: string;
        kind: ClientKind;
        name: string;
        organization_id: string | null;
        metadata: ClientMetadata;
      }>(find, [id]);
      return (
        row && { id: row.id, kind: row.kind, name: row.name, organizationId: row.organization_id ?? undefined, metadata: row.metadata }
      );
    },
  );
}

export async function addClient(transaction: Transaction, client: ClientRecord): Promise<void> {
  const { id, kind, name, organizationId, metadata } = client;
  await transaction.query(add, [id, kind, name, organizationId ?? null, JSON.stringify(metadata)]);
}

/** What its software may still be given by: sign-ins under way, grants, refresh tokens, pushed requests. */
const removeTokens: Statement = { name: "client-remove-tokens", text: "DELETE FROM oidc WHERE client_id = $1" };
const remove: Statement = { name: "client-remove", text: "DELETE FROM client WHERE id = $1 RETURNING id" };

/** False when nobody had registered it, or it is gone. */
export async function removeClient(transaction: Transaction, id: string): Promise<boolean> {
  const rows = await transaction.query(remove, [id]);
  await transaction.query(removeTokens, [id]);
  return rows.length > 0;
}
