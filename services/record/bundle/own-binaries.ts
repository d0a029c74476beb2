import type { AnyResource } from "../../lib/fhir/validate.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { BundleEntry } from "./parse-bundle.ts";

/**
 * A Document Source sends its documents as Binaries that do not say whose they are (IHE MHD's Provide Document Bundle, ITI-65): each
 * belongs to the record of the patient whom the DocumentReference that points to it is about.
 * @throws FhirError 400 where two DocumentReferences about different patients point to one Binary
 */
export function ownBinaries(entries: readonly BundleEntry[]): BundleEntry[] {
  const owners = new Map<string, Set<string>>();
  for (const { content } of entries) {
    if (content?.plain.resourceType !== "DocumentReference") continue;
    const subject = (content.plain.subject as { reference?: unknown } | undefined)?.reference;
    for (const url of typeof subject === "string" ? attachmentUrls(content.plain) : []) {
      owners.set(url, (owners.get(url) ?? new Set()).add(subject as string));
    }
  }
  return entries.map((entry, place) => {
    const { content, fullUrl, method, url } = entry;
    if (content?.plain.resourceType !== "Binary" || content.plain.securityContext !== undefined) return entry;
    const names = [...(fullUrl === undefined ? [] : [fullUrl]), ...(method === "PUT" ? [url] : [])];
    const [owner, ...others] = new Set(names.flatMap((name) => [...(owners.get(name) ?? [])]));
    if (others.length > 0) {
      throw fhirError(400, "invariant", "One Binary cannot be the document of several patients: send it once for each", {
        expression: `Bundle.entry[${place}]`,
      });
    }
    if (owner === undefined) return entry;
    const owned = (resource: AnyResource): AnyResource => ({ ...resource, securityContext: { reference: owner } });
    const plain = owned(content.plain);
    return { ...entry, content: { plain, exact: content.exact === content.plain ? plain : owned(content.exact) } };
  });
}

/** Of a resource that nobody has checked yet. */
function attachmentUrls({ content }: AnyResource): string[] {
  const list: unknown[] = Array.isArray(content) ? content : [];
  const urls = list.map((each) => (each as { attachment?: { url?: unknown } | null } | null)?.attachment?.url);
  return urls.filter((url) => typeof url === "string");
}
