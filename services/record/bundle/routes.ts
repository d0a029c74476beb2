import type { Hono } from "hono";
import { etag } from "../../lib/fhir/version.ts";
import { authenticate, type Call, decodeUtf8, type Env, isJsonBody, readBody, wantsJson } from "../../lib/http.ts";
import { checkedKey, fingerprint, type WriteResult } from "../../lib/idempotency.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { parseBundle } from "./parse-bundle.ts";
import { type AnsweredEntry, type Dispatch, runBatch } from "./run-batch.ts";
import { runTransaction } from "./run-transaction.ts";

/** POST to the FHIR address itself: many requests in one Bundle, each by itself (batch) or all or none of them (transaction). */
export function bundleRoutes(app: Hono<Env>, deps: Deps, dispatch: Dispatch): void {
  app.post("/", async (call) => {
    const context = await authenticate(call, deps, { interaction: "transaction", resourceType: "Bundle" });
    wantsJson(call);
    if (!isJsonBody(call)) {
      throw fhirError(415, "not-supported", "This server reads application/fhir+json in UTF-8 only");
    }
    const body = decodeUtf8(await readBody(call, deps));
    const { type, entries } = parseBundle(body);
    const key = checkedKey(call.req.header("Idempotency-Key"));
    if (type === "batch") {
      return bundleResponse("batch-response", await runBatch(context, dispatch, entries, { key, headers: call.req.raw.headers }));
    }
    const request = { key, fingerprint: fingerprint([call.req.method, new URL(call.req.url).pathname, body]) };
    const { entries: results = [], replayed } = await runTransaction(context, deps, entries, request);
    const answer = results.map((result) => entryOf(deps, result));
    return bundleResponse("transaction-response", answer, replayed ? { "DSP-Replayed": "true" } : {});
  });
  app.all("/", (_call: Call) => {
    throw fhirError(405, "not-supported", "This method is not supported here", { headers: { Allow: "POST" } });
  });
}

function entryOf(deps: Deps, { status, resourceType, resourceId, version }: WriteResult): AnsweredEntry {
  const location = `${deps.settings.publicUrl}/${resourceType}/${resourceId}/_history/${version}`;
  return { response: { status: String(status), ...(status === 204 ? {} : { location }), etag: etag(version) } };
}

function bundleResponse(type: string, entry: AnsweredEntry[], headers: Record<string, string> = {}): Response {
  const bundle = { resourceType: "Bundle", id: crypto.randomUUID(), type, ...(entry.length > 0 ? { entry } : {}) };
  return new Response(JSON.stringify(bundle), { headers: { "Content-Type": fhirJson, ...headers } });
}
