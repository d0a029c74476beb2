import { type ParsedResource, parseDocument, parseResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { decodeUtf8 } from "../../lib/http.ts";
import { FhirError, fhirError } from "../../lib/operation-outcome.ts";
import { jsonPatch } from "../resource/patch-resource.ts";

/** One request within a Bundle, as the client wrote it. */
export interface BundleEntry {
  /** What other entries refer to it by. */
  fullUrl?: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Relative to the FHIR address: `Patient/1`, `Patient?name=…` */
  url: string;
  ifMatch?: string;
  ifNoneExist?: string;
  ifNoneMatch?: string;
  content?: ParsedResource;
  /** Of a PATCH: the JSON Patch document, its numbers as they were written. */
  patch?: object;
}

export interface ParsedBundle {
  type: "batch" | "transaction";
  entries: BundleEntry[];
}

export const entriesMax = 500;

const methods = new Set<string>(["GET", "POST", "PUT", "PATCH", "DELETE"] satisfies BundleEntry["method"][]);

/** @throws FhirError 400 that names the first entry that is wrong, 413 */
export function parseBundle(body: string): ParsedBundle {
  const { plain, exact } = parseResource(body);
  const { type, entry = [] } = plain as { type?: unknown; entry?: unknown };
  if (plain.resourceType !== "Bundle" || (type !== "batch" && type !== "transaction")) {
    throw fhirError(400, "value", "The body must be a Bundle of the type batch or transaction", { expression: "Bundle.type" });
  }
  if (!Array.isArray(entry)) {
    throw fhirError(400, "structure", "The entries must be a list", { expression: "Bundle.entry" });
  }
  if (entry.length > entriesMax) {
    throw fhirError(413, "too-costly", `A Bundle may have at most ${entriesMax} entries`, { expression: "Bundle.entry" });
  }
  const exactEntries = ((exact as { entry?: unknown }).entry ?? []) as { resource?: AnyResource }[];
  const entries = entry.map((each, index) => parseEntry(each, exactEntries[index]?.resource, `Bundle.entry[${index}]`));
  return { type, entries };
}

function parseEntry(entry: unknown, exact: AnyResource | undefined, expression: string): BundleEntry {
  const { fullUrl, resource, request } = (entry ?? {}) as { fullUrl?: unknown; resource?: AnyResource; request?: Record<string, unknown> };
  const { method, url } = request ?? {};
  if (typeof method !== "string" || !methods.has(method)) {
    throw fhirError(400, "not-supported", "The method must be GET, POST, PUT, PATCH or DELETE", {
      expression: `${expression}.request.method`,
    });
  }
  if (typeof url !== "string" || url === "") {
    throw fhirError(400, "required", "The request has no url", { expression: `${expression}.request.url` });
  }
  const isWrite = method === "POST" || method === "PUT";
  if (isWrite && (typeof resource !== "object" || resource === null || typeof resource.resourceType !== "string")) {
    throw fhirError(400, "required", "The request has no resource", { expression: `${expression}.resource` });
  }
  return {
    ...(typeof fullUrl === "string" ? { fullUrl } : {}),
    ...{ method: method as BundleEntry["method"], url: url.replace(/^\//, "") },
    ...conditionsOf(request ?? {}),
    ...(isWrite && resource ? { content: { plain: resource, exact: exact ?? resource } } : {}),
    ...(method === "PATCH" ? { patch: parsePatch(resource, `${expression}.resource`) } : {}),
  };
}

/**
 * The patch that a Binary holds: http://hl7.org/fhir/R5/http.html#patch (R4 has its own format only).
 * @throws FhirError 400
 */
function parsePatch(resource: unknown, expression: string): object {
  const { resourceType, contentType, data } = (resource ?? {}) as { resourceType?: unknown; contentType?: unknown; data?: unknown };
  if (resourceType !== "Binary" || contentType !== jsonPatch || typeof data !== "string" || /[^A-Za-z0-9+/=\s]/.test(data)) {
    throw fhirError(400, "required", `A patch is a Binary of the type ${jsonPatch} with its document in data`, { expression });
  }
  try {
    return parseDocument(decodeUtf8(Buffer.from(data, "base64"))).exact;
  } catch (error) {
    throw error instanceof FhirError ? fhirError(400, "structure", "The data are not a JSON Patch document", { expression }) : error;
  }
}

function conditionsOf(request: Record<string, unknown>): Pick<BundleEntry, "ifMatch" | "ifNoneExist" | "ifNoneMatch"> {
  const names = ["ifMatch", "ifNoneExist", "ifNoneMatch"] as const;
  return Object.fromEntries(names.flatMap((name) => (typeof request[name] === "string" ? [[name, request[name]]] : [])));
}
