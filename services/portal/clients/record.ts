import type { AuditEvent, Bundle, BundleEntry, Parameters, Resource } from "@medplum/fhirtypes";
import type { ServiceClient, ServiceRequest } from "../../lib/service-client.ts";
import { type Caller, callAs, onceDone } from "./caller.ts";

const json = { "Content-Type": "application/fhir+json", Accept: "application/fhir+json" };

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

/** The record (services/record) as its callers may see it. Keys are Idempotency-Keys: a repetition with the same one is done once, and
 * gives undefined where the record had changed meanwhile. */
export class RecordClient {
  readonly #client: ServiceClient;

  constructor(client: ServiceClient) {
    this.#client = client;
  }

  async read<T extends Resource>(caller: Caller, type: T["resourceType"], id: string): Promise<T> {
    return await this.#json<T>(caller, { method: "GET", path: `/fhir/${type}/${encodeURIComponent(id)}` });
  }

  /** @param page a former page's `next` */
  async search<T extends Resource>(caller: Caller, type: T["resourceType"], query: Query, page?: string): Promise<SearchPage<T>> {
    const path = page === undefined ? `/fhir/${type}?${searchParameters(query)}` : `/fhir/${type}?${decodePage(page)}`;
    const bundle = await this.#json<Bundle>(caller, { method: "GET", path });
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
    return await onceDone(this.#json<T>(caller, { ...this.#write("POST", resource, key), path: `/fhir/${resourceType}` }));
  }

  /** Replaces the version that was read. @throws ServiceError 412 when somebody else changed it meanwhile */
  async update<T extends Resource>(caller: Caller, resource: T, key: string): Promise<T | undefined> {
    const request = this.#write("PUT", resource, key);
    const version = resource.meta?.versionId;
    const headers = { ...request.headers, ...(version === undefined ? {} : { "If-Match": `W/"${version}"` }) };
    return await onceDone(this.#json<T>(caller, { ...request, headers, path: `/fhir/${resource.resourceType}/${resource.id}` }));
  }

  async remove(caller: Caller, type: Resource["resourceType"], id: string, key: string): Promise<void> {
    const path = `/fhir/${type}/${encodeURIComponent(id)}`;
    await onceDone(callAs(caller, this.#client, { method: "DELETE", path, headers: { "Idempotency-Key": key } }));
  }

  /** All or nothing. */
  async transaction(caller: Caller, entry: BundleEntry[], key: string): Promise<Bundle | undefined> {
    const bundle: Bundle = { resourceType: "Bundle", type: "transaction", entry };
    return await onceDone(this.#json<Bundle>(caller, { ...this.#write("POST", bundle, key), path: "/fhir" }));
  }

  /** The International Patient Summary, in the caller's language. */
  async summary(caller: Caller, patientId: string): Promise<Bundle> {
    return await this.#json<Bundle>(caller, { method: "GET", path: `/fhir/Patient/${encodeURIComponent(patientId)}/$summary` });
  }

  /** One page of the whole record. @param page a former page's `next` */
  async everything(caller: Caller, patientId: string, page?: string): Promise<{ found: Resource[]; next: string | undefined }> {
    const query = page === undefined ? "_count=200" : decodePage(page);
    const path = `/fhir/Patient/${encodeURIComponent(patientId)}/$everything?${query}`;
    const bundle = await this.#json<Bundle>(caller, { method: "GET", path });
    const next = bundle.link?.find(({ relation }) => relation === "next")?.url;
    const found = (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
    return { found, next: next === undefined ? undefined : encodePage(next) };
  }

  /** What a Binary holds, as it is. */
  async content(caller: Caller, binaryId: string): Promise<{ contentType: string; bytes: Buffer }> {
    const { headers, body } = await callAs(caller, this.#client, {
      method: "GET",
      path: `/fhir/Binary/${encodeURIComponent(binaryId)}`,
      headers: { Accept: "*/*;q=0.9" },
    });
    return { contentType: headers["content-type"] ?? "application/octet-stream", bytes: body };
  }

  /** Opens a record in an emergency. @returns until when; undefined when an earlier attempt had done it */
  async breakGlass(caller: Caller, patientId: string, reason: string, key: string): Promise<string | undefined> {
    const parameters: Parameters = { resourceType: "Parameters", parameter: [{ name: "reason", valueString: reason }] };
    const path = `/fhir/Patient/${encodeURIComponent(patientId)}/$break-glass`;
    const answer = await onceDone(this.#json<Parameters>(caller, { ...this.#write("POST", parameters, key), path }));
    return answer?.parameter?.find(({ name }) => name === "until")?.valueInstant;
  }

  /** Who looked: the newest first, each with a sentence in the caller's language. */
  async accessLog(caller: Caller, query: Query, page?: string): Promise<SearchPage<AuditEvent>> {
    return await this.search<AuditEvent>(caller, "AuditEvent", query, page);
  }

  #write(method: "POST" | "PUT", resource: Resource, key: string): Pick<ServiceRequest, "method" | "headers" | "body"> {
    return { method, headers: { ...json, "Idempotency-Key": key }, body: JSON.stringify(resource) };
  }

  async #json<T>(caller: Caller, request: ServiceRequest): Promise<T> {
    const { body } = await callAs(caller, this.#client, { ...request, headers: { ...json, ...request.headers } });
    return JSON.parse(body.toString()) as T;
  }
}

function searchParameters(query: Query): URLSearchParams {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : (typeof value === "string" ? [value] : value).map((each) => [name, each]),
  );
  return new URLSearchParams(pairs as [string, string][]);
}

/** A page's address travels through the browser as one word. */
function encodePage(url: string): string {
  return Buffer.from(new URL(url).search.slice(1)).toString("base64url");
}

function decodePage(page: string): string {
  return new URLSearchParams(Buffer.from(page, "base64url").toString()).toString();
}
