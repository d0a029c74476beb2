import type { AuditEvent, Bundle, Resource } from "@medplum/fhirtypes";
import type { ServiceClient } from "../../lib/service-client.ts";
import { type Caller, callAs } from "./caller.ts";
import { decodePage, encodePage, FhirClient, type Query, type SearchPage } from "./fhir-client.ts";

/** The record (services/record) as its callers may see it. */
export class RecordClient extends FhirClient {
  constructor(client: ServiceClient) {
    super(client, "/fhir");
  }

  /** The International Patient Summary, in the caller's language. */
  async summary(caller: Caller, patientId: string): Promise<Bundle> {
    return await this.json<Bundle>(caller, { method: "GET", path: `/fhir/Patient/${encodeURIComponent(patientId)}/$summary` });
  }

  /** One page of the whole record. @param page a former page's `next` */
  async everything(caller: Caller, patientId: string, page?: string): Promise<{ found: Resource[]; next: string | undefined }> {
    const query = page === undefined ? "_count=200" : decodePage(page);
    const path = `/fhir/Patient/${encodeURIComponent(patientId)}/$everything?${query}`;
    const bundle = await this.json<Bundle>(caller, { method: "GET", path });
    const next = bundle.link?.find(({ relation }) => relation === "next")?.url;
    const found = (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
    return { found, next: next === undefined ? undefined : encodePage(next) };
  }

  /** What a Binary holds, as it is. */
  async content(caller: Caller, binaryId: string): Promise<{ contentType: string; bytes: Buffer }> {
    const { headers, body } = await callAs(caller, this.client, {
      method: "GET",
      path: `/fhir/Binary/${encodeURIComponent(binaryId)}`,
      headers: { Accept: "*/*;q=0.9" },
    });
    return { contentType: headers["content-type"] ?? "application/octet-stream", bytes: body };
  }

  /** Who looked: the newest first, each with a sentence in the caller's language. */
  async accessLog(caller: Caller, query: Query, page?: string): Promise<SearchPage<AuditEvent>> {
    return await this.search<AuditEvent>(caller, "AuditEvent", query, page);
  }
}
