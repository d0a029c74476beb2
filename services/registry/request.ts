import type { Interaction } from "../lib/audit-event.ts";
import type { Context } from "../lib/context.ts";
import { authenticate, type Call, decodeUtf8, isJsonBody, readBody } from "../lib/http.ts";
import { checkedKey, fingerprint, type WriteRequest } from "../lib/idempotency.ts";
import { preferredLanguage } from "../lib/language.ts";
import { fhirError } from "../lib/operation-outcome.ts";
import { type Access, type Action, authorise } from "./access.ts";
import type { Deps, ResourceType } from "./deps.ts";

/** Authenticates and authorises. @throws FhirError 401, 403 */
export async function admit(
  call: Call,
  deps: Deps,
  request: { type: ResourceType; action: Action; interaction: Interaction; resourceId?: string },
): Promise<{ context: Context; access: Access }> {
  const context = await authenticate(call, deps, { interaction: request.interaction, resourceType: request.type });
  return { context, access: await authorise(context, deps, request) };
}

/** @throws FhirError 413, 415 */
export async function jsonBody(call: Call, deps: Deps): Promise<string> {
  if (!isJsonBody(call)) throw fhirError(415, "not-supported", "This server reads application/fhir+json or application/json in UTF-8 only");
  return decodeUtf8(await readBody(call, deps));
}

/** The key under which a write is done once, and all that makes two requests the same one. */
export function writeRequest(call: Call, body: string): WriteRequest {
  const { pathname, search } = new URL(call.req.url);
  const headers = [call.req.header("If-Match") ?? "", call.req.header(reviewedHeader) ?? ""];
  return {
    key: checkedKey(call.req.header("Idempotency-Key")),
    fingerprint: fingerprint([call.req.method, pathname + search, ...headers, body]),
  };
}

/** Names the patients that somebody looked at and found to be others, by their ids. */
export const reviewedHeader = "DSP-Duplicates-Reviewed";

export function reviewedIds(call: Call): ReadonlySet<string> {
  const ids = (call.req.header(reviewedHeader) ?? "").split(",").map((id) => id.trim().replace(/^Patient\//, ""));
  return new Set(ids.filter((id) => id !== ""));
}

export function languageOf(call: Call): ReturnType<typeof preferredLanguage> {
  return preferredLanguage(call.req.header("Accept-Language"));
}
