import type { Attachment, AuditEvent, Bundle, Resource } from "@medplum/fhirtypes";
import type { ServiceClient, ServiceRequest } from "../../lib/service-client.ts";
import { type Caller, callAs, streamAs } from "./caller.ts";
import { decodePage, encodePage, FhirClient, type Query, type SearchPage } from "./fhir-client.ts";

export interface FileContent {
  contentType: string;
  body: Buffer | ReadableStream<Uint8Array>;
}

function binaryIdOf(url = ""): string | undefined {
  return /(?:^|\/)Binary\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/\d+)?$/.exec(url)?.[1];
}

function binaryRequest(id: string): ServiceRequest {
  return { method: "GET", path: `/fhir/Binary/${encodeURIComponent(id)}`, headers: { Accept: "*/*;q=0.9" } };
}

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
    const { headers, body } = await callAs(caller, this.client, binaryRequest(binaryId));
    return { contentType: headers["content-type"] ?? "application/octet-stream", bytes: body };
  }

  /** The bytes of an attachment, wherever the record keeps them; undefined where it has none. */
  async attachment(caller: Caller, { url, data, contentType }: Attachment): Promise<{ contentType: string; bytes: Buffer } | undefined> {
    if (data !== undefined) return { contentType: contentType ?? "application/octet-stream", bytes: Buffer.from(data, "base64") };
    const id = binaryIdOf(url);
    return id === undefined ? undefined : await this.content(caller, id);
  }

  /** As `attachment`, as they come: a document may be longer than a page's process should hold. */
  async attachmentStream(caller: Caller, attachment: Attachment): Promise<FileContent | undefined> {
    const id = attachment.data === undefined ? binaryIdOf(attachment.url) : undefined;
    if (id === undefined) {
      const whole = await this.attachment(caller, attachment);
      return whole && { contentType: whole.contentType, body: whole.bytes };
    }
    const { headers, body } = await streamAs(caller, this.client, binaryRequest(id));
    return { contentType: headers["content-type"] ?? "application/octet-stream", body };
  }

  /** Who looked: the newest first, each with a sentence in the caller's language. */
  async accessLog(caller: Caller, query: Query, page?: string): Promise<SearchPage<AuditEvent>> {
    return await this.search<AuditEvent>(caller, "AuditEvent", query, page);
  }
}
