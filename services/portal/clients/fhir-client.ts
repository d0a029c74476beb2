import type { Bundle, BundleEntry, Resource } from "@medplum/fhirtypes";
import type { ServiceClient, ServiceRequest } from "../../lib/service-client.ts";
import { type Caller, callAs, onceDone } from "./caller.ts";

const fhirJson = { "Content-Type": "application/fhir+json", Accept: "application/fhir+json" };

/** Search parameters; a list stands for the same parameter several times (and). */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface SearchPage<T extends Resource> {
  found: T[];
  /** Resources that came along (`_include`). */
  included: Resource[];
  total: number | undefined;
  /** To be given to `search` for the next page. */
  next: string | undefined;
}

/**
 * A service's FHIR interface as its callers may use it. Keys are Idempotency-Keys: a repetition with the same one is done once, and gives
 * undefined where the resource had changed meanwhile.
 */
export class FhirClient {
  readonly client: ServiceClient;
  /** `/fhir` */
  readonly base: string;

  constructor(client: ServiceClient, base: string) {
    this.client = client;
    this.base = base;
  }

  async read<T extends Resource>(caller: Caller, type: T["resourceType"], id: string): Promise<T> {
    return await this.json<T>(caller, { method: "GET", path: `${this.base}/${type}/${encodeURIComponent(id)}` });
  }

  /** @param page a former page's `next` */
  async search<T extends Resource>(caller: Caller, type: T["resourceType"], query: Query, page?: string): Promise<SearchPage<T>> {
    const path = page === undefined ? `${this.base}/${type}?${searchParameters(query)}` : `${this.base}/${type}?${decodePage(page)}`;
    const bundle = await this.json<Bundle>(caller, { method: "GET", path });
    const entries = bundle.entry ?? [];
    const resources = (mode: string): Resource[] =>
      entries.flatMap(({ resource, search }) => (resource && (search?.mode ?? "match") === mode ? [resource] : []));
    const next = bundle.link?.find(({ relation }) => relation === "next")?.url;
    return {
      found: resources("match").filter((resource): resource is T => resource.resourceType === type),
      included: resources("include"),
      total: bundle.total,
      next: next === undefined ? undefined : encodePage(next),
    };
  }

  async create<T extends Resource>(caller: Caller, resource: T, key: string): Promise<T | undefined> {
    const { resourceType } = resource;
    return await onceDone(this.json<T>(caller, { ...this.write("POST", resource, key), path: `${this.base}/${resourceType}` }));
  }

  /** Replaces the version that was read. @throws ServiceError 412 when somebody else changed it meanwhile */
  async update<T extends Resource>(caller: Caller, resource: T, key: string): Promise<T | undefined> {
    const request = this.write("PUT", resource, key);
    const version = resource.meta?.versionId;
    const headers = { ...request.headers, ...(version === undefined ? {} : { "If-Match": `W/"${version}"` }) };
    return await onceDone(this.json<T>(caller, { ...request, headers, path: `${this.base}/${resource.resourceType}/${resource.id}` }));
  }

  async remove(caller: Caller, type: Resource["resourceType"], id: string, key: string): Promise<void> {
    const path = `${this.base}/${type}/${encodeURIComponent(id)}`;
    await onceDone(callAs(caller, this.client, { method: "DELETE", path, headers: { "Idempotency-Key": key } }));
  }

  /** All or nothing. */
  async transaction(caller: Caller, entry: BundleEntry[], key: string): Promise<Bundle | undefined> {
    const bundle: Bundle = { resourceType: "Bundle", type: "transaction", entry };
    return await onceDone(this.json<Bundle>(caller, { ...this.write("POST", bundle, key), path: this.base }));
  }

  /** Any other request whose answer is JSON. */
  async json<T>(caller: Caller, request: ServiceRequest): Promise<T> {
    const { body } = await callAs(caller, this.client, { ...request, headers: { ...fhirJson, ...request.headers } });
    return JSON.parse(body.toString()) as T;
  }

  write(method: "POST" | "PUT", resource: Resource, key: string): Pick<ServiceRequest, "method" | "headers" | "body"> {
    return { method, headers: { ...fhirJson, "Idempotency-Key": key }, body: JSON.stringify(resource) };
  }
}

function searchParameters(query: Query): URLSearchParams {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : (typeof value === "string" ? [value] : value).map((each) => [name, each]),
  );
  return new URLSearchParams(pairs as [string, string][]);
}

/** A page's address travels through the browser as one word. */
export function encodePage(url: string): string {
  return Buffer.from(new URL(url).search.slice(1)).toString("base64url");
}

export function decodePage(page: string): string {
  return new URLSearchParams(Buffer.from(page, "base64url").toString()).toString();
}
