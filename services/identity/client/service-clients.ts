import type { JWK } from "jose";
import type { Logger } from "pino";
import { z } from "zod";
import { WatchedFile } from "../../lib/watched-file.ts";
import type { ClientRecord } from "./store.ts";

const fileSchema = z.record(z.string(), z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }));

/** The platform's own services as clients, from a file; and the account pages, which sign in like any other site. */
export class ServiceClients {
  readonly #file: WatchedFile<z.infer<typeof fileSchema>>;
  readonly #origin: string;

  /** @throws when the file makes no sense */
  constructor(options: { path: string; origin: string; log: Logger }) {
    this.#file = new WatchedFile(options.path, (text) => fileSchema.parse(JSON.parse(text)), options.log);
    this.#origin = options.origin;
  }

  find(id: string): ClientRecord | undefined {
    if (id === accountClientId) return this.#accountPages();
    const entry = Object.hasOwn(this.#file.value, id) ? this.#file.value[id] : undefined;
    if (!entry) return undefined;
    const portal = id === "portal";
    return {
      id,
      kind: "first-party",
      name: id,
      organizationId: undefined,
      metadata: {
        client_name: id,
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: entry.keys as JWK[] },
        grant_types: ["client_credentials", ...(portal ? ["authorization_code", "refresh_token"] : [])],
        response_types: portal ? ["code"] : [],
        redirect_uris: portal ? [`${this.#origin}/portal/signed-in`] : [],
        post_logout_redirect_uris: portal ? [`${this.#origin}/portal/`] : [],
      },
    };
  }

  #accountPages(): ClientRecord {
    return {
      id: accountClientId,
      kind: "first-party",
      name: "identity",
      organizationId: undefined,
      metadata: {
        client_name: "identity",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code"],
        response_types: ["none"],
        redirect_uris: [`${this.#origin}/identity/account`],
        post_logout_redirect_uris: [`${this.#origin}/identity/account`],
      },
    };
  }
}

/** It gets no tokens: signing in is all it asks for. */
export const accountClientId = "account-pages";
