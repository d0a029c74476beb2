import type { Transaction } from "../../lib/database/database.ts";
import { type SearchIndex, splitReference } from "../../lib/fhir/search-index.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { type Level, labelledLevel } from "./confidentiality.ts";
import { type DocumentType, documentTypeOf } from "./document-types.ts";
import { type AccessRule, rulesOf } from "./rules.ts";
import { ownPointers, protectBinaries, protectBinary, protectPointers, replaceRules } from "./store.ts";

/** What rights depend on in a resource, and what it says about rights itself. */
export interface Sensitivity {
  category: DocumentType;
  /** As its security labels say; undefined: as its patient wants it for new parts. */
  level: Level | undefined;
  /** Of a Consent: what the patient decided. */
  rules: AccessRule[];
  /** Binaries that hold what it describes. */
  binaryIds: string[];
  /** Of a Binary: where a description says that it is. */
  addresses: string[];
  /** Of a Provenance or a List: the first that it is about. */
  target: { type: string; id: string } | undefined;
}

/** What only points to other resources, and by which search parameter. */
const pointers: Record<string, string> = { Provenance: "target", List: "item" };

/** @throws FhirError 422 for a Consent that this server could not hold to */
export function sensitivityOf(
  resource: AnyResource,
  known: { id: string; index: SearchIndex; patientIds: readonly string[]; ownUrl: string },
): Sensitivity {
  const { id, index, patientIds, ownUrl } = known;
  const { resourceType, meta } = resource as { resourceType: string; meta?: { security?: unknown } };
  const pointer = pointers[resourceType];
  const target = index.tokens.find(({ parameter, system }) => parameter === pointer && system !== "");
  return {
    category: documentTypeOf(resourceType, index),
    level: labelledLevel(meta?.security),
    rules: resourceType === "Consent" ? rulesOf(resource, patientIds[0]) : [],
    binaryIds: resourceType === "DocumentReference" ? attachedBinaries(resource, ownUrl) : [],
    addresses: resourceType === "Binary" ? [`Binary/${id}`, `${ownUrl}/Binary/${id}`] : [],
    target: target && { type: target.system, id: target.code },
  };
}

function attachedBinaries(resource: AnyResource, ownUrl: string): string[] {
  const { content } = resource as { content?: { attachment?: { url?: unknown } }[] };
  const urls = (content ?? []).flatMap(({ attachment }) =>
    typeof attachment?.url === "string" ? [splitReference(attachment.url, ownUrl)] : [],
  );
  return urls.filter(({ system }) => system === "Binary").map(({ code }) => code);
}

/**
 * Carries a written resource's rights on to what hangs on it.
 * @param written.changed it is new under an id that others may have referred to, or as confidential, about, or part of something else than before
 */
export function spread(
  transaction: Transaction,
  written: { type: string; id: string; changed: boolean; mayLower: boolean },
  { rules, binaryIds, addresses, target }: Sensitivity,
): void {
  if (written.type === "Consent") replaceRules(transaction, written, rules);
  if (binaryIds.length > 0) protectBinaries(transaction, written, binaryIds, written.mayLower);
  if (addresses.length > 0) protectBinary(transaction, written.id, addresses);
  if (target) protectPointers(transaction, target);
  if (written.changed && !target) {
    protectPointers(transaction, written);
    ownPointers(transaction, written);
  }
}
