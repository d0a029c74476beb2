import { createHash } from "node:crypto";
import { type ParsedResource, parseResource } from "../../lib/fhir/exact-json.ts";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { MessageType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { actorOf, type Party, type Reference, referenceTo } from "../party.ts";
import type { Attachment } from "./attachment-store.ts";
import type { Side } from "./store.ts";

/** The elements by which each type says who sends what to whom, and when. */
const elements = {
  Communication: { sender: "sender", recipient: "recipient", patient: "subject", sent: "sent" },
  ServiceRequest: { sender: "requester", recipient: "performer", patient: "subject", sent: "authoredOn" },
  Task: { sender: "requester", recipient: "owner", patient: "for", sent: "authoredOn" },
} as const satisfies Record<MessageType, object>;

/** With what status each begins. */
const firstStatus = { Communication: ["completed"], ServiceRequest: ["active"], Task: ["requested"] } as const;
const recipientsMax = 50;
const attachmentsMax = 20;
const subjectMaxLength = 200;

/** A message worked out before the transaction, once for all its attempts. */
export interface PreparedMessage {
  type: MessageType;
  id: string;
  sent: Date;
  content: ParsedResource;
  sides: Side[];
  patientId: string | null;
  subject: string | null;
  status: string;
  /** Brought along in the message itself. */
  attachments: Attachment[];
  /** Uploaded before, as Binary. */
  uploads: string[];
  /** What it answers or belongs to, as Type/id; the first decides which conversation it is part of. */
  refersTo: string[];
}

/** Checks a message and completes it with what the platform knows better. @throws FhirError 400, 413, 422 */
export function prepareMessage(deps: Deps, party: Party, type: MessageType, body: string): PreparedMessage {
  const parsed = parseResource(body);
  if (parsed.plain.resourceType !== type) throw fhirError(400, "invalid", `The body is not a ${type}`, { expression: "resourceType" });
  validate(deps.catalogue.definitions, parsed.plain);
  const { sender, sent: sentElement } = elements[type];
  const sent = new Date();
  const status = checkedStatus(type, parsed.plain);
  const from = checkedSender(parsed.plain[sender] as Reference | undefined, party, `${type}.${sender}`);
  const recipients = recipientsOf(type, parsed.plain);
  refuseBeyondSandbox(party, recipients);
  const sides: Side[] = [{ actor: from, side: "sender" }, ...[...new Set(recipients)].map((actor): Side => ({ actor, side: "recipient" }))];
  const stamped = {
    [sender]: { ...(parsed.plain[sender] as Reference | undefined), ...referenceTo(from) },
    [sentElement]: sent.toISOString(),
    ...(type === "Task" ? { lastModified: sent.toISOString() } : {}),
  };
  const { payload, attachments, uploads } = detach(deps, party, type, parsed.plain);
  const amend = (resource: AnyResource): AnyResource => ({ ...resource, ...stamped, ...(payload ? { payload } : {}) });
  const plain = amend(parsed.plain);
  const content = { plain, exact: parsed.exact === parsed.plain ? plain : amend(parsed.exact) };
  const patientId = patientOf(type, parsed.plain);
  const refersTo = referred(type, parsed.plain);
  return {
    type,
    id: crypto.randomUUID(),
    sent,
    content,
    sides,
    patientId,
    subject: subjectOf(type, plain),
    status,
    attachments,
    uploads,
    refersTo,
  };
}

function checkedStatus(type: MessageType, { status }: AnyResource): string {
  const allowed: readonly unknown[] = firstStatus[type];
  if (!allowed.includes(status)) {
    throw fhirError(422, "value", `A ${type} that is sent begins with the status ${allowed.join(" or ")}`, {
      expression: `${type}.status`,
    });
  }
  return String(status);
}

/** Nobody sends in another's name. */
function checkedSender(reference: Reference | undefined, party: Party, expression: string): string {
  if (reference === undefined) return party.self;
  const actor = actorOf(reference, expression);
  if (!party.actors.includes(actor))
    throw fhirError(403, "forbidden", "You may send in your own name or your organisation's only", { expression });
  return actor;
}

function recipientsOf(type: MessageType, resource: AnyResource): string[] {
  const name = elements[type].recipient;
  const references = [resource[name] ?? []].flat() as Reference[];
  if (references.length === 0) {
    throw fhirError(422, "required", "Say whom this is for", { expression: `${type}.${name}` });
  }
  if (references.length > recipientsMax) {
    throw fhirError(422, "too-long", `At most ${recipientsMax} recipients`, { expression: `${type}.${name}` });
  }
  return references.map((reference, place) => actorOf(reference, `${type}.${name}[${place}]`));
}

/** @throws FhirError 403 */
function refuseBeyondSandbox({ actors, sandbox }: Party, recipients: readonly string[]): void {
  if (sandbox !== undefined && recipients.some((actor) => !actors.includes(actor))) {
    throw fhirError(403, "forbidden", `Software on trial writes to itself only: to Organization/${sandbox}`);
  }
}

function patientOf(type: MessageType, resource: AnyResource): string | null {
  const name = elements[type].patient;
  const { reference } = (resource[name] ?? {}) as Reference;
  if (reference === undefined && type !== "ServiceRequest") return null;
  const id = /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(reference ?? "")?.[1];
  if (id === undefined) throw fhirError(422, "value", "Name the patient as in Patient/123", { expression: `${type}.${name}` });
  return id;
}

const own = /^(Communication|ServiceRequest|Task)\/[A-Za-z0-9\-.]{1,64}$/;

function referred(type: MessageType, resource: AnyResource): string[] {
  const names = type === "Communication" ? ["inResponseTo", "partOf", "basedOn", "about"] : ["basedOn", "focus", "partOf"];
  const references = names.flatMap((name) => [resource[name] ?? []].flat() as Reference[]).map(({ reference }) => reference ?? "");
  const task = type === "Task" ? ((resource.focus ?? {}) as Reference).reference : undefined;
  if (type === "Task" && !task?.startsWith("ServiceRequest/")) {
    throw fhirError(422, "required", "A Task carries out a ServiceRequest: name it", { expression: "Task.focus" });
  }
  return references.filter((reference) => own.test(reference));
}

function textOf(value: unknown): string | undefined {
  const { text, coding } = (value ?? {}) as { text?: string; coding?: { display?: string; code?: string }[] };
  return text ?? coding?.[0]?.display ?? coding?.[0]?.code;
}

function subjectOf(type: MessageType, resource: AnyResource): string | null {
  const text = type === "Communication" ? textOf(resource.topic) : (textOf(resource.code) ?? (resource.description as string | undefined));
  return text?.slice(0, subjectMaxLength) ?? null;
}

interface Payload {
  contentString?: string;
  contentAttachment?: { contentType?: string; data?: string; url?: string; title?: string; size?: number; hash?: string };
}

/** Takes the attachments out of a message and puts in their place where they will be, their size and their SHA-1. */
function detach(
  deps: Deps,
  party: Party,
  type: MessageType,
  resource: AnyResource,
): { payload?: Payload[]; attachments: Attachment[]; uploads: string[] } {
  if (type !== "Communication" || !Array.isArray(resource.payload)) return { attachments: [], uploads: [] };
  const [attachments, uploads]: [Attachment[], string[]] = [[], []];
  const payload = (resource.payload as Payload[]).map((each, place): Payload => {
    const at = `Communication.payload[${place}].contentAttachment`;
    const given = each.contentAttachment;
    if (given?.data === undefined) {
      const id = /^Binary\/([A-Za-z0-9\-.]{1,64})$/.exec(given?.url ?? "")?.[1];
      if (given && id === undefined) {
        throw fhirError(422, "value", "Attach the bytes themselves (data), or upload them as Binary first and give url Binary/id", {
          expression: at,
        });
      }
      if (id !== undefined) uploads.push(id);
      return each;
    }
    const kept = attachmentOf(deps, party, given, at);
    attachments.push(kept);
    const { data: _data, ...rest } = given;
    return { ...each, contentAttachment: { ...rest, url: `Binary/${kept.id}`, size: kept.bytes.length, hash: kept.sha1 } };
  });
  if (attachments.length + uploads.length > attachmentsMax) {
    throw fhirError(413, "too-long", `At most ${attachmentsMax} attachments`, { expression: "Communication.payload" });
  }
  return { payload, attachments, uploads };
}

/** @throws FhirError 400, 413 */
function attachmentOf(deps: Deps, party: Party, given: NonNullable<Payload["contentAttachment"]>, at: string): Attachment {
  const { contentType, data = "" } = given;
  if (contentType === undefined)
    throw fhirError(400, "required", "An attachment must say what type it is of", { expression: `${at}.contentType` });
  const text = data.replace(/\s+/g, "");
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== text)
    throw fhirError(400, "value", "The attachment is not in base64", { expression: `${at}.data` });
  return newAttachment(deps, party, { contentType, bytes }, `${at}.data`);
}

/** @throws FhirError 413 */
export function newAttachment(deps: Deps, party: Party, given: { contentType: string; bytes: Buffer }, expression: string): Attachment {
  const { attachmentMaxBytes } = deps.limits;
  if (given.bytes.length > attachmentMaxBytes) {
    throw fhirError(413, "too-long", `An attachment may have at most ${attachmentMaxBytes} bytes`, { expression });
  }
  const sha1 = createHash("sha1").update(given.bytes).digest("base64");
  return { id: crypto.randomUUID(), owner: party.self, ...given, sha1 };
}
