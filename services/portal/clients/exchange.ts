import type { ServiceClient } from "../../lib/service-client.ts";
import { type Caller, onceDone } from "./caller.ts";
import { FhirClient } from "./fhir-client.ts";

/** Messages and referrals from professional to professional, and software that connects (services/exchange). */
export class ExchangeClient extends FhirClient {
  constructor(client: ServiceClient) {
    super(client, "/exchange/fhir");
  }

  /** What the exchange has as plain JSON. @param path below `/exchange`: `/counts` */
  async get<T>(caller: Caller, path: string): Promise<T> {
    return await this.json<T>(caller, { method: "GET", path: `/exchange${path}`, headers: { Accept: "application/json" } });
  }

  /** @returns undefined when an earlier attempt of the same form had done it */
  async post<T>(caller: Caller, path: string, body: unknown, key: string): Promise<T | undefined> {
    const headers = { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": key };
    return await onceDone(this.json<T>(caller, { method: "POST", path: `/exchange${path}`, headers, body: JSON.stringify(body) }));
  }
}
