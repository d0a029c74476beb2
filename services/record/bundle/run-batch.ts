import type { Context } from "../../lib/context.ts";
import { parseExactly } from "../../lib/fhir/exact-json.ts";
import { onBehalfOf } from "../../lib/http.ts";
import { fingerprint } from "../../lib/idempotency.ts";
import { fhirJson } from "../../lib/operation-outcome.ts";
import { purposeHeader } from "../../lib/purpose-of-use.ts";
import { jsonPatch } from "../resource/patch-resource.ts";
import type { BundleEntry } from "./parse-bundle.ts";

/** An answer as an entry of the Bundle that answers. */
export interface AnsweredEntry {
  resource?: unknown;
  response: { status: string; location?: string; etag?: string; lastModified?: string; outcome?: unknown };
}

/** The service itself, as a client would ask it. */
export type Dispatch = (request: Request) => Response | Promise<Response>;

/** Every entry by itself, one after another, each as the request that it stands for; keys derive from the batch's own. */
export async function runBatch(
  context: Context,
  dispatch: Dispatch,
  entries: readonly BundleEntry[],
  own: { key: string; headers: Headers },
): Promise<AnsweredEntry[]> {
  const answers: AnsweredEntry[] = [];
  for (const [place, entry] of entries.entries()) {
    // Of any length, and the same for the same place in the same batch.
    const key = fingerprint([own.key, String(place)]);
    // The batch's token was verified, and a proof that came with it is used up: each entry is its caller's.
    const answer = await dispatch(onBehalfOf(context.principal, requestOf(context, entry, own.headers, key)));
    answers.push(await answered(answer));
  }
  return answers;
}

/** What of the batch's own headers counts for each entry. */
const handedOn = ["Prefer", "Cache-Control", purposeHeader];

function requestOf(context: Context, entry: BundleEntry, headers: Headers, key: string): Request {
  const { method, url, ifMatch, ifNoneExist, ifNoneMatch, content, patch } = entry;
  const body = patch ?? content?.exact;
  const own = {
    ...{ Accept: fhirJson, "X-Request-Id": context.requestId },
    ...(method === "GET" ? {} : { "Idempotency-Key": key }),
    ...(ifMatch === undefined ? {} : { "If-Match": asHeader(ifMatch) }),
    ...(ifNoneExist === undefined ? {} : { "If-None-Exist": asHeader(ifNoneExist) }),
    ...(ifNoneMatch === undefined ? {} : { "If-None-Match": asHeader(ifNoneMatch) }),
    ...(body === undefined ? {} : { "Content-Type": patch === undefined ? fhirJson : jsonPatch }),
  };
  const inherited = handedOn.flatMap((name) => (headers.get(name) === null ? [] : [[name, headers.get(name) ?? ""] as const]));
  return new Request(new URL(`/fhir/${url}`, "http://record"), {
    method,
    headers: { ...Object.fromEntries(inherited), ...own },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(context.left === undefined ? {} : { signal: context.left }),
  });
}

/** A header takes ASCII only; a query means the same with its other characters encoded. */
function asHeader(text: string): string {
  return text.toWellFormed().replace(/[^\x20-\x7e]/gu, encodeURIComponent);
}

async function answered(answer: Response): Promise<AnsweredEntry> {
  const text = await answer.text();
  const body: unknown = answer.headers.get("Content-Type")?.startsWith(fhirJson) && text !== "" ? parseExactly(text) : undefined;
  const header = (name: string): string | undefined => answer.headers.get(name) ?? undefined;
  const [location, etag, modified] = [header("Location"), header("ETag"), header("Last-Modified")];
  return {
    ...(answer.ok && body !== undefined ? { resource: body } : {}),
    response: {
      status: String(answer.status),
      ...(location === undefined ? {} : { location }),
      ...(etag === undefined ? {} : { etag }),
      ...(modified === undefined ? {} : { lastModified: new Date(modified).toISOString() }),
      ...(answer.ok || body === undefined ? {} : { outcome: body }),
    },
  };
}
