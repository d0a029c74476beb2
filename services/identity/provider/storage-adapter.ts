import { type Adapter, type AdapterPayload, errors, Provider } from "oidc-provider";
import type { Transaction } from "../../lib/database/database.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import { findClient } from "../client/store.ts";
import type { Deps } from "../deps.ts";
import { digest } from "../digest.ts";
import { currentScope } from "../request-scope.ts";
import * as store from "./store.ts";

/**
 * A resumed authorization request may come again when its answer was lost with a pod: its interaction lives on for so long. It is of
 * use only with the cookie of the browser it belongs to.
 */
const interactionGraceS = 10;
/** A client that uses a refresh token twice at the same moment is refused once; only later reuse is taken for theft. */
const refreshRaceS = 5;
/** As long as the edge may repeat a request. */
const repetitionS = 60;

/** The provider's storage: PostgreSQL alone, so that nobody is signed out by the loss of a cache or of a site (docs/adr/0066). */
export class StorageAdapter implements Adapter {
  readonly #kind: string;
  readonly #deps: Deps;

  constructor(kind: string, deps: Deps) {
    this.#kind = kind;
    this.#deps = deps;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const { requestKey, userAgent } = currentScope(this.#deps);
    // The value itself is not kept, only its digest.
    const { jti: _value, ...kept } = payload;
    const row = { kind: this.#kind, id: this.#idOf(id), payload: withoutCookie(kept), lifeS: expiresIn ?? 60 };
    await this.#write(async (transaction) => {
      if (this.#kind === "ReplayDetection") {
        if (!(await store.addModelOnce(transaction, { ...row, requestKey }))) throw new errors.InvalidRequest("this was used before");
        return;
      }
      await store.putModel(transaction, {
        ...row,
        uid: payload.uid,
        grantId: this.#kind === "Grant" ? id : payload.grantId,
        accountId: payload.accountId,
        clientId: payload.clientId,
        device: this.#kind === "Session" ? userAgent : undefined,
      });
    });
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (this.#kind === "Client") return await this.#findClient(id);
    const { requestKey } = currentScope(this.#deps);
    const found = await this.#write((transaction) => store.findModel(transaction, this.#kind, this.#idOf(id)));
    if (!found) return undefined;
    const { payload, consumedAtS, consumedBy } = found;
    // What this very request put there or consumed, it finds as it was before.
    if (this.#kind === "ReplayDetection" && consumedBy === requestKey) return undefined;
    const ageS = consumedAtS === undefined ? 0 : Date.now() / 1000 - consumedAtS;
    const repeated = consumedBy === requestKey && ageS < repetitionS;
    if (consumedAtS === undefined || repeated) return { ...payload, jti: id };
    if (this.#kind === "RefreshToken" && ageS < refreshRaceS) throw new errors.InvalidGrant("refresh token already used");
    return { ...payload, jti: id, consumed: consumedAtS };
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return (await this.#write((transaction) => store.findModelByUid(transaction, this.#kind, uid)))?.payload;
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** @throws InvalidGrant when another request came first */
  async consume(id: string): Promise<void> {
    const { requestKey } = currentScope(this.#deps);
    const consumed = await this.#write((transaction) => store.consumeModel(transaction, this.#kind, this.#idOf(id), requestKey));
    if (!consumed) throw new errors.InvalidGrant("already used");
  }

  async destroy(id: string): Promise<void> {
    const stored = this.#idOf(id);
    if (this.#kind === "Interaction") {
      await this.#write((transaction) => store.fadeModel(transaction, this.#kind, stored, interactionGraceS));
      return;
    }
    const { context } = currentScope(this.#deps);
    const renewed = (Provider.ctx?.oidc?.session as { oldId?: string } | undefined)?.oldId === id;
    await this.#write(async (transaction) => {
      const removed = await store.removeModel(transaction, this.#kind, stored);
      // A session that only gets a new name goes on.
      if (this.#kind !== "Session" || !removed?.accountId || renewed) return;
      const principal = { ...context.principal, subject: removed.accountId };
      const fact = { interaction: "logout", outcome: "0", resourceType: "Person", resourceId: removed.accountId } as const;
      this.#deps.audit.record({ ...context, principal }, transaction, [fact]);
    });
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.#write((transaction) => store.removeModelsOfGrant(transaction, this.#kind, grantId));
  }

  async #findClient(id: string): Promise<AdapterPayload | undefined> {
    const { context } = currentScope(this.#deps);
    const client = await orUnavailable(findClient(context, this.#deps, id));
    if (!client) return undefined;
    const own = { dsp_kind: client.kind, ...(client.organizationId === undefined ? {} : { dsp_organization: client.organizationId }) };
    return { client_id: client.id, ...client.metadata, ...own } as AdapterPayload;
  }

  #idOf(id: string): string {
    return digest(this.#kind, id);
  }

  #write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return orUnavailable(this.#deps.database.write(currentScope(this.#deps).context, work));
  }
}

/** The error that OAuth has for it, in place of an unexpected one. */
async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FhirError && error.status === 503) {
      throw Object.assign(new errors.TemporarilyUnavailable("the database was not reached in time"), {
        statusCode: 503,
        status: 503,
        expose: true,
      });
    }
    throw error;
  }
}

/** An interaction names the session it came from; the session's cookie it need not know. */
function withoutCookie(payload: AdapterPayload): Record<string, unknown> {
  const { session, ...rest } = payload as AdapterPayload & { session?: Record<string, unknown> };
  if (!session) return rest;
  const { cookie: _cookie, ...kept } = session;
  return { ...rest, session: kept };
}
