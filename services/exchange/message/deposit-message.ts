import type { Context } from "../../lib/context.ts";
import { FhirError, fhirError, type OperationOutcome, outcome } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import type { Party } from "../party.ts";
import { insertNotices, readResource, sidesOf } from "../resource/store.ts";
import { attachmentsOf, bytesOf, type Deposit, insertDeposit, listDeposits } from "./deposit-store.ts";

export interface DepositRequest {
  party: Party;
  /** The Communication. */
  id: string;
  /** The caller's own token: the record decides by the caller's rights. */
  authorization: string;
  /** What kind of document it is: a LOINC code. */
  type?: { code: string; display?: string | undefined } | undefined;
  /** How confidential (v3-Confidentiality): N, R or V. */
  confidentiality?: "N" | "R" | "V" | undefined;
}

const letter = { code: "51852-2", display: "Letter" };
/** By which a message's document is known in the record, so that it is there once, whoever deposits it. */
const documentSystem = "urn:dsp:exchange:message-part";

interface Part {
  part: number;
  contentType: string;
  title: string;
  /** The message's text, or the id of an attachment. */
  content: { text: string } | { attachmentId: string };
}

interface Message {
  key: string;
  patientId: string;
  subject: string | null;
  sent: Date;
  parts: Part[];
  done: Deposit[];
  sender: string[];
}

interface Communication {
  payload?: { contentString?: string; contentAttachment?: { url?: string; title?: string; contentType?: string } }[];
}

/**
 * Makes a message's text, or its attachments where it has some, documents of the patient's record, each exactly once: the record is asked
 * for one that is there already, and knows the key of an attempt whose answer was lost.
 * @throws FhirError 404, 422, and the record's refusal in its own words
 */
export async function depositMessage(context: Context, deps: Deps, request: DepositRequest): Promise<Deposit[]> {
  const message = await readForDeposit(context, deps, request);
  for (const part of message.parts) {
    if (message.done.some((each) => each.part === part.part)) continue;
    const document = await provide(context, deps, request, message, part);
    await deps.database.write(context, async (transaction) => {
      await insertDeposit(transaction, message.key, { part: part.part, document, subject: context.principal.subject });
      await insertNotices(transaction, message.sender, { kind: "deposit", about: `Communication/${request.id}` });
      const fact = { resourceType: "Communication", resourceId: request.id, patientId: message.patientId };
      deps.audit.record(context, transaction, [{ interaction: "operation", outcome: "0", ...fact }]);
    });
  }
  return await deps.database.write(context, (transaction) => listDeposits(transaction, message.key));
}

async function readForDeposit(context: Context, deps: Deps, { party, id }: DepositRequest): Promise<Message> {
  return await deps.database.write(context, async (transaction) => {
    const stored = await readResource(transaction, { type: "Communication", id }, party.actors);
    if (!stored) throw fhirError(404, "not-found", "There is no such resource");
    const { key, patientId, subject, sent } = stored;
    if (patientId === null)
      throw fhirError(422, "required", "The message names no patient into whose record it could go", {
        expression: "Communication.subject",
      });
    const own = new Map((await attachmentsOf(transaction, key)).map((each) => [`Binary/${each.id}`, each]));
    const { payload = [] } = JSON.parse(stored.content) as Communication;
    const text = payload.flatMap(({ contentString }) => contentString ?? []).join("\n\n");
    const attached = payload.flatMap(({ contentAttachment: given }) => {
      const found = own.get(given?.url ?? "");
      if (!found) return [];
      return [
        {
          contentType: given?.contentType ?? found.contentType,
          title: given?.title ?? subject ?? "Document",
          content: { attachmentId: found.id },
        },
      ];
    });
    const whole = { contentType: "text/plain; charset=utf-8", title: subject ?? "Message", content: { text } };
    const parts = attached.length > 0 ? attached.map((each, place) => ({ part: place + 1, ...each })) : [{ part: 0, ...whole }];
    const sides = (await sidesOf(transaction, [key])).get(key) ?? [];
    const sender = sides.filter(({ side }) => side === "sender").map(({ actor }) => actor);
    return { key, patientId, subject, sent, parts, done: await listDeposits(transaction, key), sender };
  });
}

/** IHE MHD Simplified Publish (ITI-105): the record takes the document out and keeps DocumentReference, Binary and SubmissionSet together. */
async function provide(context: Context, deps: Deps, request: DepositRequest, message: Message, part: Part): Promise<string> {
  const { content } = part;
  const bytes =
    "text" in content
      ? Buffer.from(content.text)
      : await deps.database.write(context, (transaction) => bytesOf(transaction, content.attachmentId));
  const value = `${request.id}-${part.part}`;
  const confidentiality = request.confidentiality ?? "N";
  const { code, display } = request.type ?? letter;
  const author = message.sender.filter((actor) => !actor.startsWith("role:")).map((reference) => ({ reference }));
  const document = {
    resourceType: "DocumentReference",
    identifier: [{ system: documentSystem, value }],
    status: "current",
    type: { coding: [{ system: "http://loinc.org", code, ...(display === undefined ? {} : { display }) }] },
    subject: { reference: `Patient/${message.patientId}` },
    date: message.sent.toISOString(),
    ...(author.length > 0 ? { author } : {}),
    ...(message.subject === null ? {} : { description: message.subject }),
    ...(confidentiality === "N"
      ? {}
      : { securityLabel: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: confidentiality }] }] }),
    content: [{ attachment: { contentType: part.contentType, data: bytes.toString("base64"), title: part.title } }],
  };
  const answer = await deps.record.call(context, {
    method: "POST",
    path: "/fhir/DocumentReference",
    headers: {
      Authorization: request.authorization,
      "Content-Type": "application/fhir+json",
      Accept: "application/fhir+json",
      "Idempotency-Key": `exchange-deposit-${value}`,
      "If-None-Exist": `identifier=${documentSystem}|${value}`,
    },
    body: JSON.stringify(document),
  });
  const id = /\/DocumentReference\/([^/]+)\/_history\//.exec(answer.headers.location ?? "")?.[1];
  if ((answer.status === 201 || answer.status === 200) && id) return `DocumentReference/${id}`;
  throw passedOn(answer.status, answer.body.toString());
}

/** The record's refusal, in its own words. */
function passedOn(status: number, body: string): FhirError {
  let words: OperationOutcome | undefined;
  try {
    const parsed = JSON.parse(body) as OperationOutcome;
    if (parsed.resourceType === "OperationOutcome") words = parsed;
  } catch {
    // Not the record's own answer; its status says enough.
  }
  const issues = words?.issue ?? outcome("error", "processing", `it answered ${status}`).issue;
  const told = issues.map((each) => ({
    ...each,
    details: { text: `The patient's record refused the document: ${each.details?.text ?? each.code}` },
  }));
  return new FhirError(
    status >= 400 ? status : 502,
    { resourceType: "OperationOutcome", issue: told },
    status === 503 ? { "Retry-After": "1" } : {},
  );
}
