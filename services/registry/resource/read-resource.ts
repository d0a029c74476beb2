import type { Served } from "../../lib/audit.ts";
import type { Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { factsAbout } from "../access.ts";
import type { Deps, ResourceType } from "../deps.ts";
import { listVersions, readCurrent, readVersion, type StoredVersion } from "./store.ts";

export interface ReadRequest {
  type: ResourceType;
  id: string;
  /** A standby that may lag behind will not do. */
  primaryOnly: boolean;
}

/** A chain of merges is never longer in earnest. */
const mergesMax = 20;

/** FHIR read; with `follow` the patient that a merged one was merged into in the end. @throws FhirError 404 */
export function readResource(context: Context, deps: Deps, request: ReadRequest & { follow: boolean }): Promise<Served<StoredVersion>> {
  return readOne(context, deps, request, "read", async (transaction) => {
    let found = await readCurrent(transaction, request.type, request.id);
    for (let step = 0; request.follow && found?.mergedInto && step < mergesMax; step++) {
      found = await readCurrent(transaction, request.type, found.mergedInto);
    }
    return found;
  });
}

/** FHIR vread. @throws FhirError 404 */
export function readResourceVersion(
  context: Context,
  deps: Deps,
  request: ReadRequest & { version: number },
): Promise<Served<StoredVersion>> {
  return readOne(context, deps, request, "vread", async (transaction) => {
    const found = await readVersion(transaction, request.type, request.id, request.version);
    return found && { ...found, mergedInto: null };
  });
}

async function readOne(
  context: Context,
  deps: Deps,
  { type, id, primaryOnly }: ReadRequest,
  interaction: Interaction,
  find: (transaction: Transaction) => Promise<StoredVersion | undefined>,
): Promise<Served<StoredVersion>> {
  const served = await deps.audit.read(context, { primaryOnly }, async (transaction) => {
    const value = await find(transaction);
    const touched = !value ? [{ id }] : value.id === id ? [value] : [{ id }, value];
    return { value, facts: factsAbout({ interaction, outcome: value ? "0" : "4" }, type, touched) };
  });
  if (!served.value) throw fhirError(404, "not-found", "There is no such resource");
  return { value: served.value, servedBy: served.servedBy };
}

const historyMax = 100;
const newest = 2_000_000_000;

/** FHIR history of one instance, the newest version first, as a Bundle. @throws FhirError 400, 404 */
export async function listHistory(
  context: Context,
  deps: Deps,
  request: ReadRequest & { query: URLSearchParams; url: string },
): Promise<Served<string>> {
  const { type, id, url } = request;
  const page = historyPage(request.query);
  const served = await deps.audit.read(context, { primaryOnly: request.primaryOnly }, async (transaction) => {
    const value = await listVersions(transaction, type, id, page);
    const outcome = value.versions.length > 0 ? ("0" as const) : ("4" as const);
    return { value, facts: factsAbout({ interaction: "history-instance", outcome }, type, [{ id }]) };
  });
  const { versions, more } = served.value;
  if (versions.length === 0) throw fhirError(404, "not-found", "There is no such resource, or no such page of its history");
  const last = versions.at(-1)?.version ?? 0;
  const link = (before: number): string =>
    `${url}/${type}/${id}/_history?_count=${page.count}${before === newest ? "" : `&_before=${before}`}`;
  const bundle = {
    resourceType: "Bundle",
    id: crypto.randomUUID(),
    type: "history",
    link: [{ relation: "self", url: link(page.before) }, ...(more ? [{ relation: "next", url: link(last) }] : [])],
    entry: versions.map((version) => ({
      fullUrl: `${url}/${type}/${id}`,
      resource: JSON.parse(version.content) as object,
      request: { method: version.method, url: version.method === "POST" ? type : `${type}/${id}` },
      response: {
        status: version.version === 1 ? "201" : "200",
        etag: `W/"${version.version}"`,
        lastModified: version.lastUpdated.toISOString(),
      },
    })),
  };
  return { value: JSON.stringify(bundle), servedBy: served.servedBy };
}

function historyPage(query: URLSearchParams): { count: number; before: number } {
  const count = query.get("_count") ?? "20";
  const before = query.get("_before") ?? String(newest);
  if (!/^[1-9]\d{0,8}$/.test(count) || !/^\d{1,10}$/.test(before)) throw fhirError(400, "value", "_count must be a positive number");
  return { count: Math.min(Number(count), historyMax), before: Math.min(Number(before), newest) };
}
