import { z } from "zod";
import type { Context } from "../../lib/context.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { unavailable } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { sandboxPatientIds, sandboxResources } from "./sandbox-data.ts";

/** Entries of one transaction. */
const batchMax = 100;
/** More than any sandbox should hold; what is left is removed the next time. */
const pagesMax = 50;

const pageSchema = z.object({
  entry: z.array(z.object({ resource: z.object({ resourceType: z.string(), id: z.string().optional() }) })).default([]),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).default([]),
});

/** Writes a vendor's organisation and synthetic patients into the record, under fixed ids: doing it again changes nothing. @throws FhirError 503 */
export async function writeSandbox(context: Context, deps: Deps, vendor: { id: string; name: string }): Promise<void> {
  const entry = sandboxResources(vendor).map((resource) => ({
    resource,
    request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
  }));
  await transact(context, deps, entry, `sandbox-${vendor.id}`);
}

async function transact(context: Context, deps: Deps, entry: { resource?: AnyResource; request: object }[], key: string): Promise<void> {
  const { status } = await deps.record.call(context, {
    method: "POST",
    path: "/fhir",
    headers: { Authorization: await deps.ownToken(context), "Content-Type": "application/fhir+json", "Idempotency-Key": key },
    body: JSON.stringify({ resourceType: "Bundle", type: "transaction", entry }),
  });
  if (status !== 200) throw unavailable(`The record did not take the sandbox's changes: it answered ${status}`);
}

/** Deletes everything about a vendor's synthetic patients, and nothing else. True when all is gone. @throws FhirError 503 */
export async function removeSandbox(context: Context, deps: Deps, id: string): Promise<boolean> {
  for (const patient of sandboxPatientIds(id)) {
    const found = await everythingOf(context, deps, patient);
    // The consents go last: until then they say what the software may see.
    const ordered = found.toSorted((left, right) => Number(left.startsWith("Consent/")) - Number(right.startsWith("Consent/")));
    for (let from = 0; from < ordered.length; from += batchMax) {
      const entry = ordered.slice(from, from + batchMax).map((url) => ({ request: { method: "DELETE", url } }));
      await transact(context, deps, entry, crypto.randomUUID());
    }
    if ((await everythingOf(context, deps, patient)).length > 0) return false;
  }
  return true;
}

/** Everything of one patient, as Type/id. */
async function everythingOf(context: Context, deps: Deps, patient: string): Promise<string[]> {
  const found = new Set<string>();
  let path: string | undefined = `/fhir/Patient/${patient}/$everything?_count=200`;
  for (let pages = 0; path !== undefined && pages < pagesMax; pages++) {
    const headers = { Authorization: await deps.ownToken(context), Accept: "application/fhir+json", "Cache-Control": "no-cache" };
    const answer = await deps.record.call(context, { method: "GET", path, headers });
    if (answer.status === 404 || answer.status === 410) break;
    if (answer.status !== 200) throw unavailable(`The record did not list the sandbox: it answered ${answer.status}`);
    const page = pageSchema.parse(JSON.parse(answer.body.toString()));
    for (const { resource } of page.entry) {
      if (resource.id !== undefined && isOfRecord(resource.resourceType)) found.add(`${resource.resourceType}/${resource.id}`);
    }
    const next = page.link.find(({ relation }) => relation === "next")?.url;
    path = next === undefined ? undefined : new URL(next).pathname + new URL(next).search;
  }
  return [...found];
}

/** The directory belongs to everybody; it is not deleted with a patient. */
function isOfRecord(type: string): boolean {
  return !["Organization", "Practitioner", "PractitionerRole", "OperationOutcome"].includes(type);
}
