import type { ServiceClient } from "../../lib/service-client.ts";
import { type Caller, callAs, ServiceError } from "./caller.ts";

const json = { "Content-Type": "application/json", Accept: "application/json" };

/** As services/identity/service-desk tells it. */
export interface DeskAccount {
  id: string;
  login: string;
  name: string;
  role: "patient" | "practitioner" | "operator";
  organization?: string;
  secondFactor: { app: boolean; passkeys: number; recoveryCodes: number; resetUntil?: string };
  /** Left out: the person signs in elsewhere. */
  password?: { codes: number; operators: 1 | 2 };
  waits: { count: number; until?: string };
  sessions: number;
}

export interface DeskAction {
  /** ISO instant. */
  at: string;
  operator: string;
  operatorName?: string;
  login?: string;
  action: "look" | "unlock" | "reset-factor" | "reset-password";
  reason?: string;
}

/** What identity lets operators do for people who cannot sign in. */
export class ServiceDeskClient {
  readonly #identity: ServiceClient;

  constructor(identity: ServiceClient) {
    this.#identity = identity;
  }

  /** Undefined: nobody has this user name. */
  async lookUp(caller: Caller, login: string, key: string): Promise<DeskAccount | undefined> {
    try {
      return await this.#call<DeskAccount>(caller, "POST", "/lookups", { login }, key);
    } catch (error) {
      if (error instanceof ServiceError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** @throws ServiceError 404 */
  async account(caller: Caller, id: string): Promise<DeskAccount> {
    return await this.#call<DeskAccount>(caller, "GET", `/accounts/${encodeURIComponent(id)}`);
  }

  async unlock(caller: Caller, id: string, reason: string, key: string): Promise<void> {
    await this.#call(caller, "POST", `/accounts/${encodeURIComponent(id)}/unlock`, { reason }, key);
  }

  /** The code that the person needs besides the password; the same for the same key. */
  async resetFactor(caller: Caller, id: string, reason: string, key: string): Promise<{ code: string; hours: number }> {
    return await this.#call(caller, "POST", `/accounts/${encodeURIComponent(id)}/reset-factor`, { reason }, key);
  }

  /** The code with which the person chooses a new password; the same for the same key. */
  async resetPassword(caller: Caller, id: string, reason: string, key: string): Promise<{ code: string; hours: number; operators: 1 | 2 }> {
    return await this.#call(caller, "POST", `/accounts/${encodeURIComponent(id)}/reset-password`, { reason }, key);
  }

  /** The newest first. */
  async actions(caller: Caller): Promise<DeskAction[]> {
    return (await this.#call<{ actions: DeskAction[] }>(caller, "GET", "/actions")).actions;
  }

  async #call<T>(caller: Caller, method: "GET" | "POST", path: string, body?: object, key?: string): Promise<T> {
    const answer = await callAs(caller, this.#identity, {
      ...{ method, path: `/identity/service-desk${path}` },
      headers: key === undefined ? json : { ...json, "Idempotency-Key": key },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return JSON.parse(answer.body.toString()) as T;
  }
}
