import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { searchIndex } from "../../lib/fhir/search-index.ts";
import { representVersion } from "../../lib/fhir/version.ts";
import { exactlyOnce, type WriteRequest, type WriteResult } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import type { Party } from "../party.ts";
import { bindAttachments, insertAttachment, unsentAttachments } from "./attachment-store.ts";
import type { PreparedMessage } from "./prepare-message.ts";
import { insertNotices, insertResource, readResource } from "./store.ts";

/** Sends one message, or several that belong together, exactly once for the key. The result names the first. @throws FhirError */
export async function sendMessages(
  context: Context,
  deps: Deps,
  request: WriteRequest & { party: Party; messages: readonly PreparedMessage[] },
): Promise<WriteResult & { replayed: boolean }> {
  return await exactlyOnce(context, deps, request, async (transaction) => {
    const results: WriteResult[] = [];
    for (const message of request.messages) results.push(await sendWithin(context, deps, transaction, request.party, message));
    const [first] = results;
    if (!first) throw new Error("there is nothing to send");
    return results.length > 1 ? { ...first, entries: results } : first;
  });
}

async function sendWithin(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  party: Party,
  message: PreparedMessage,
): Promise<WriteResult> {
  const { type, id, sent, content, sides, patientId, subject, status } = message;
  const thread = await threadOf(transaction, message, party);
  await checkUploads(transaction, message, party);
  const index = searchIndex(deps.catalogue.types.get(type)?.parameters ?? new Map(), content.plain);
  const version = { type, id, version: 1, lastUpdated: sent, sent, thread, subject, status, patientId };
  const key = await insertResource(transaction, { ...version, content: representVersion(content.exact, id, 1, sent) }, sides, index);
  for (const attachment of message.attachments) await insertAttachment(transaction, attachment, key);
  if (message.uploads.length > 0) await bindAttachments(transaction, message.uploads, key);
  const recipients = sides.filter(({ side }) => side === "recipient").map(({ actor }) => actor);
  const kind = type === "Communication" ? "message" : "referral";
  // A ServiceRequest is told of by its Task.
  if (type !== "ServiceRequest") await insertNotices(transaction, recipients, { kind, about: `${type}/${id}` });
  const fact = { interaction: "create" as const, outcome: "0" as const, resourceType: type, resourceId: id, version: 1 };
  deps.audit.record(context, transaction, [{ ...fact, ...(patientId === null ? {} : { patientId }) }]);
  return { status: 201, resourceType: type, resourceId: id, version: 1 };
}

/** What a message refers to must be the sender's own business; it joins that conversation. @throws FhirError 422 */
async function threadOf(transaction: Transaction, { id, refersTo }: PreparedMessage, party: Party): Promise<string> {
  let thread: string | undefined;
  for (const reference of refersTo) {
    const [type = "", target = ""] = reference.split("/");
    const found = await readResource(transaction, { type, id: target }, party.actors);
    if (!found) throw fhirError(422, "not-found", `There is no ${reference} that you take part in`);
    thread ??= found.thread;
  }
  return thread ?? id;
}

/** @throws FhirError 422 */
async function checkUploads(transaction: Transaction, { uploads }: PreparedMessage, party: Party): Promise<void> {
  if (uploads.length === 0) return;
  const found = await unsentAttachments(transaction, uploads, party.self);
  if (found.length < new Set(uploads).size) {
    throw fhirError(422, "not-found", "An attached Binary is not yours, or was sent already: upload it again", {
      expression: "Communication.payload",
    });
  }
}
