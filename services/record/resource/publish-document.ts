import type { Context } from "../../lib/context.ts";
import { type ParsedResource, parseResource } from "../../lib/fhir/exact-json.ts";
import { validate } from "../../lib/fhir/validate.ts";
import type { WriteRequest } from "../../lib/idempotency.ts";
import type { Access } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { carriesDocument, detachDocuments } from "../mhd/detach-documents.ts";
import { submissionSet } from "../mhd/submission-set.ts";
import { type Creation, createResource, createWithin, prepare } from "./create-resource.ts";
import { type Written, writeOnce } from "./write-once.ts";

/**
 * Create of a DocumentReference. One that brings its document along is published (IHE MHD's Simplified Publish, ITI-105): the document
 * becomes a Binary of the patient's record, and a SubmissionSet names both who sent it and what; all of it or nothing, once for the key.
 * The permission is that for the DocumentReference: the rest says nothing that was not in it.
 * @throws FhirError
 */
export async function publishDocument(
  context: Context,
  deps: Deps,
  request: WriteRequest & { type: ResourceType; body: string; access: Access; ifNoneExist?: string | undefined },
): Promise<Written> {
  const { type, access, ifNoneExist } = request;
  const given = parseResource(request.body);
  if (given.plain.resourceType !== type.name || !carriesDocument(given.plain)) {
    return await createResource(context, deps, request);
  }
  validate(deps.catalogue.definitions, given.plain);
  const { content, subject, binaries } = detachDocuments(given, { publicUrl: deps.settings.publicUrl, newId: () => crypto.randomUUID() });
  const document: Creation = { type, access, ifNoneExist, ...prepare(deps, type, content, crypto.randomUUID()) };
  const { issuer, clientId } = context.principal;
  const about = { id: crypto.randomUUID(), documentId: document.id, subject, date: new Date(), by: { issuer, clientId } };
  const list = submissionSet(content.plain, about);
  const further = [
    ...binaries.map((each) => creation(deps, access, "Binary", each.content, each.id)),
    creation(deps, access, "List", { plain: list, exact: list }, about.id),
  ];
  return await writeOnce(context, deps, request, { interaction: "create", resourceType: type.name }, async (transaction) => {
    const made = await createWithin(context, deps, transaction, document);
    // One that was there already brought its own document.
    if (made.version.id !== document.id) return made;
    for (const each of further) await createWithin(context, deps, transaction, each);
    return made;
  });
}

function creation(deps: Deps, { patientId }: Access, name: string, content: ParsedResource, id: string): Creation {
  const type = deps.catalogue.types.get(name);
  if (!type) {
    throw new Error(`documents cannot be published without the type ${name}`);
  }
  // Its rights are those of the DocumentReference, which names its kind; what comes with it has none of its own.
  return { type, access: patientId === undefined ? {} : { patientId }, ...prepare(deps, type, content, id) };
}
