import { z } from "zod";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { type Party, referenceTo } from "../party.ts";
import { type PreparedMessage, prepareMessage } from "../resource/prepare-message.ts";

const actor = z.string().regex(/^(?:(?:Practitioner|Organization)\/[A-Za-z0-9\-.]{1,64}|role:[a-z-]{1,40}@[A-Za-z0-9\-.]{1,64})$/, {
  message: "Practitioner/id, Organization/id or role:profession@organisation-id",
});
const patient = z.string().regex(/^Patient\/[A-Za-z0-9\-.]{1,64}$/, { message: "Patient/id" });
const attachment = z.strictObject({
  title: z.string().min(1).max(200),
  contentType: z.string().min(3).max(200),
  /** Base64. */
  data: z.base64().min(4),
});

/** A message in plain JSON, for who would rather not write FHIR. */
export const messageSchema = z.strictObject({
  to: z.array(actor).min(1).max(50),
  /** In the organisation's name instead of the person's. */
  from: actor.optional(),
  subject: z.string().min(1).max(200),
  text: z.string().min(1).max(20_000),
  patient: patient.optional(),
  /** A message, or a referral's Task, that this answers. */
  inReplyTo: z
    .string()
    .regex(/^(?:Communication|Task)\/[A-Za-z0-9\-.]{1,64}$/)
    .optional(),
  priority: z.enum(["routine", "urgent", "asap", "stat"]).optional(),
  attachments: z.array(attachment).max(20).default([]),
  /** Also into the patient's record. */
  deposit: z.boolean().default(false),
});
export type NewMessage = z.infer<typeof messageSchema>;

export const referralSchema = z.strictObject({
  to: actor,
  from: actor.optional(),
  patient,
  /** What is asked for, in words. */
  subject: z.string().min(1).max(200),
  reason: z.string().min(1).max(20_000).optional(),
  priority: z.enum(["routine", "urgent", "asap", "stat"]).default("routine"),
});
export type NewReferral = z.infer<typeof referralSchema>;

export const moveSchema = z.strictObject({
  status: z.string().min(1).max(40),
  /** In words, for the other side. */
  reason: z.string().min(1).max(2000).optional(),
  /** The version that was seen, so that nobody's move is overlooked. */
  version: z.number().int().positive().optional(),
});

/** @throws FhirError 400 that names every problem */
export function parseJson<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw fhirError(400, "structure", "The body is not valid JSON");
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  throw fhirError(400, "invalid", problems.join("; "), { expression: parsed.error.issues[0]?.path.join(".") || "body" });
}

/** The Communication that a message in plain JSON means. @throws FhirError */
export function composeMessage(deps: Deps, party: Party, message: NewMessage): PreparedMessage {
  const { to, from, subject, text, inReplyTo, priority, attachments } = message;
  const isReply = inReplyTo?.startsWith("Communication/");
  const communication = {
    resourceType: "Communication",
    status: "completed",
    ...(from === undefined ? {} : { sender: referenceTo(from) }),
    ...(priority === undefined ? {} : { priority }),
    recipient: to.map(referenceTo),
    topic: { text: subject },
    ...(message.patient === undefined ? {} : { subject: { reference: message.patient } }),
    ...(inReplyTo === undefined ? {} : { [isReply ? "inResponseTo" : "about"]: [{ reference: inReplyTo }] }),
    payload: [
      { contentString: text },
      ...attachments.map(({ title, contentType, data }) => ({ contentAttachment: { contentType, data, title } })),
    ],
  };
  return prepareMessage(deps, party, "Communication", JSON.stringify(communication));
}

/** The ServiceRequest and the Task that a referral consists of. @throws FhirError */
export function composeReferral(deps: Deps, party: Party, referral: NewReferral): PreparedMessage[] {
  const { to, from, patient: subject, reason, priority } = referral;
  const asked = {
    ...{ intent: "order", priority },
    ...(from === undefined ? {} : { requester: referenceTo(from) }),
  };
  const request = prepareMessage(
    deps,
    party,
    "ServiceRequest",
    JSON.stringify({
      ...{ resourceType: "ServiceRequest", status: "active", ...asked, code: { text: referral.subject } },
      ...{ subject: { reference: subject }, performer: [referenceTo(to)] },
      ...(reason === undefined ? {} : { reasonCode: [{ text: reason }] }),
    }),
  );
  const task = prepareMessage(
    deps,
    party,
    "Task",
    JSON.stringify({
      ...{ resourceType: "Task", status: "requested", ...asked, code: { text: referral.subject } },
      ...{ for: { reference: subject }, focus: { reference: `ServiceRequest/${request.id}` }, owner: referenceTo(to) },
    }),
  );
  return [request, task];
}
