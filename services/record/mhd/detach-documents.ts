import { createHash } from "node:crypto";
import type { ParsedResource } from "../../lib/fhir/exact-json.ts";
import { splitReference } from "../../lib/fhir/search-index.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { checkContentType } from "../document/check-document.ts";

/** A DocumentReference without its documents, and these as Binaries, each under the id that the DocumentReference now names. */
export interface Detached {
  content: ParsedResource;
  /** `Patient/[id]`. */
  subject: string;
  binaries: { id: string; content: ParsedResource }[];
}

interface Attachment {
  contentType?: string;
  data?: string;
  url?: string;
  size?: number;
  hash?: string;
}

interface Content {
  attachment?: Attachment;
}

const contentsOf = (resource: AnyResource): Content[] => (Array.isArray(resource.content) ? (resource.content as Content[]) : []);

/** Whether a resource is a DocumentReference that brings a document within itself. */
export function carriesDocument(resource: AnyResource): boolean {
  return resource.resourceType === "DocumentReference" && contentsOf(resource).some((each) => each?.attachment?.data !== undefined);
}

/**
 * What IHE MHD's Simplified Publish (ITI-105) asks of the Document Recipient: takes the documents out of a valid DocumentReference
 * and puts in their place where they will be, their size in bytes and their SHA-1 in base64. They belong to the patient's record
 * and carry the labels that the DocumentReference gives them.
 * @param publicUrl of this server: the documents' URLs begin with it, and so may the reference to the patient
 * @throws FhirError 400, 422
 */
export function detachDocuments(content: ParsedResource, options: { publicUrl: string; newId: () => string }): Detached {
  const subject = patientOf(content.plain, options.publicUrl);
  const labels = labelsOf(content.plain);
  const binaries: Detached["binaries"] = [];
  const instead = new Map<number, Attachment>();
  for (const [place, each] of contentsOf(content.plain).entries()) {
    const attachment = each?.attachment ?? {};
    if (attachment.data === undefined) continue;
    const { contentType, bytes } = documentOf(attachment, `DocumentReference.content[${place}].attachment`);
    const id = options.newId();
    const security = labels.length > 0 ? { meta: { security: labels } } : {};
    const data = bytes.toString("base64");
    const binary = { resourceType: "Binary", ...security, contentType, securityContext: { reference: subject }, data };
    binaries.push({ id, content: { plain: binary, exact: binary } });
    instead.set(place, { url: `${options.publicUrl}/Binary/${id}`, size: bytes.length, hash: sha1(bytes).toString("base64") });
  }
  const plain = detached(content.plain, subject, instead);
  return {
    content: { plain, exact: content.exact === content.plain ? plain : detached(content.exact, subject, instead) },
    subject,
    binaries,
  };
}

function detached(resource: AnyResource, subject: string, instead: ReadonlyMap<number, Attachment>): AnyResource {
  const content = contentsOf(resource).map((each, place) => {
    const where = instead.get(place);
    const { data, ...attachment } = each?.attachment ?? {};
    return where === undefined ? each : { ...each, attachment: { ...attachment, ...where } };
  });
  return { ...resource, subject: { ...(resource.subject as object), reference: subject }, content };
}

/** Without a patient a document would be in nobody's record. */
function patientOf({ subject }: AnyResource, publicUrl: string): string {
  const { reference } = (subject ?? {}) as { reference?: unknown };
  const { system, code } = typeof reference === "string" ? splitReference(reference, publicUrl) : { system: "", code: "" };
  if (system !== "Patient") {
    throw fhirError(400, "required", "A document that is published must name its patient, as in Patient/123", {
      expression: "DocumentReference.subject",
    });
  }
  return `Patient/${code}`;
}

/** What labels the description or the document labels the document's bytes, too. */
function labelsOf({ meta, securityLabel }: AnyResource): object[] {
  const { security = [] } = (meta ?? {}) as { security?: object[] };
  const codings = ((securityLabel ?? []) as { coding?: object[] }[]).flatMap(({ coding = [] }) => coding);
  return [...new Map([...security, ...codings].map((label) => [JSON.stringify(label), label])).values()];
}

function documentOf(attachment: Attachment, at: string): { contentType: string; bytes: Buffer } {
  const { contentType, data = "", url, size, hash } = attachment;
  const refuse = (code: "required" | "value" | "invalid", element: string, text: string) =>
    fhirError(400, code, text, { expression: `${at}.${element}` });
  if (contentType === undefined) throw refuse("required", "contentType", "A document that is published must say what type it is of");
  if (url !== undefined) throw refuse("invalid", "url", "Give the document itself (data) or where it is (url), not both");
  const given = data.replace(/\s+/g, "");
  const bytes = Buffer.from(given, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== given) throw refuse("value", "data", "The document is not in base64");
  if (size !== undefined && size !== bytes.length) throw refuse("value", "size", `The document has ${bytes.length} bytes, not this many`);
  checkContentType(contentType, bytes, `${at}.contentType`);
  const digest = sha1(bytes);
  // FHIR wants base64; XDS, and some that come from there, write hexadecimal.
  if (hash !== undefined && hash !== digest.toString("base64") && hash.toLowerCase() !== digest.toString("hex"))
    throw refuse("value", "hash", "The document has another SHA-1 than this: it has changed on its way, or the hash is of something else");
  return { contentType, bytes };
}

function sha1(bytes: Buffer): Buffer {
  return createHash("sha1").update(bytes).digest();
}
