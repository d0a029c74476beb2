import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { facts } from "../access.ts";
import type { Deps } from "../deps.ts";
import { createWithin, prepare } from "../resource/create-resource.ts";
import { unbounded } from "../resource/search-sql.ts";
import { readCurrent } from "../resource/store.ts";
import { recordingRefusal } from "../resource/write-once.ts";
import { confidentialitySystem, levels } from "../rights/confidentiality.ts";
import { noticeSystem } from "../rights/document-types.ts";
import { emergencyProfessions } from "../rights/professions.ts";
import { type AccessRule, specificities } from "../rights/rules.ts";
import { objectsToEmergency, replaceRules } from "../rights/store.ts";

/** How long a record stays open, from the moment the reason was given. */
export const emergencyMinutes = 240;

const reasonLength = { min: 10, max: 500 };
const actReason = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/** The one parameter. @throws FhirError 400 */
export function parseReason(body: string): string {
  const parsed = parseParameters(body).find(({ name }) => name === "reason")?.valueString;
  const reason = typeof parsed === "string" ? parsed.trim() : "";
  if (reason.length < reasonLength.min || reason.length > reasonLength.max) {
    throw fhirError(400, "required", `The parameter reason must say in ${reasonLength.min} to ${reasonLength.max} characters why`, {
      expression: "Parameters.parameter.where(name = 'reason')",
    });
  }
  return reason;
}

function parseParameters(body: string): { name?: unknown; valueString?: unknown }[] {
  try {
    const { resourceType, parameter } = JSON.parse(body) as { resourceType?: unknown; parameter?: unknown };
    if (resourceType === "Parameters" && Array.isArray(parameter))
      return parameter.filter((each) => typeof each === "object" && each !== null);
  } catch {
    // Told below like any other body that is none.
  }
  throw fhirError(400, "structure", "The body must be Parameters with the parameter reason");
}

/** Who may ask at all. @throws FhirError 403 */
export async function emergencyCaller({ principal }: Context): Promise<string> {
  const { role, person, profession } = principal;
  if (role !== "practitioner" || !person?.startsWith("Practitioner/") || !emergencyProfessions.has(profession ?? "")) {
    throw fhirError(
      403,
      "forbidden",
      `Only these professions open a record in an emergency, each in person: ${[...emergencyProfessions].join(", ")}`,
    );
  }
  return person;
}

export interface Opened {
  /** ISO instant. */
  until: string;
  taskId: string;
  replayed: boolean;
}

/**
 * Opens a record to one professional for a while, up to the level restricted, whatever the patient denied except this itself. The patient and
 * the general practitioners are told, and a review is asked for, in the same transaction.
 * @throws FhirError 403, 404
 */
export async function breakGlass(
  context: Context,
  deps: Deps,
  request: WriteRequest & { patientId: string; person: string; reason: string },
): Promise<Opened> {
  const { patientId, person, reason } = request;
  const about = { interaction: "operation" as const, resourceType: "Patient", resourceId: patientId };
  const until = new Date(Date.now() + emergencyMinutes * 60_000).toISOString();
  const work = exactlyOnce(context, deps, request, async (transaction) => {
    const patient = await readCurrent(transaction, "Patient", patientId, unbounded);
    if (!patient || patient.deleted) throw fhirError(404, "not-found", "There is no such resource");
    if (await objectsToEmergency(transaction, patientId)) {
      throw fhirError(403, "forbidden", "The patient has objected to access in an emergency");
    }
    const taskId = await keep(context, deps, transaction, review({ patientId, person, reason, until }));
    replaceRules(transaction, { type: "Task", id: taskId }, [opened(patientId, person, until)]);
    await notify(context, deps, transaction, { patientId, person, reason, until, content: patient.content });
    deps.audit.record(context, transaction, facts({ ...about, outcome: "0", emergency: reason }, [patientId]));
    return { status: 200, resourceType: "Task", resourceId: taskId, version: 1 };
  });
  const { resourceId, replayed } = await recordingRefusal(context, deps, about, work);
  return { until, taskId: resourceId, replayed };
}

function opened(patientId: string, person: string, to: string): AccessRule {
  return { patientId, kind: "permit", actor: person, specificity: specificities.emergency, level: levels.restricted, to };
}

interface Emergency {
  patientId: string;
  person: string;
  reason: string;
  until: string;
}

const coded = (code: string) => ({ coding: [{ system: noticeSystem, code }] });
const secret = { security: [{ system: confidentialitySystem, code: "V" }] };

/** For the review queue, `Task?code=break-glass-review&status=requested`: the patient and the platform's operators see it. */
function review({ patientId, person, reason, until }: Emergency): object {
  return {
    resourceType: "Task",
    meta: secret,
    status: "requested",
    intent: "order",
    code: coded("break-glass-review"),
    for: { reference: `Patient/${patientId}` },
    requester: { reference: person },
    authoredOn: new Date().toISOString(),
    restriction: { period: { end: until } },
    reasonCode: { coding: [{ system: actReason, code: "ETREAT" }], text: reason },
  };
}

/** One notice to the patient, which nobody else sees, and one to each general practitioner. */
async function notify(context: Context, deps: Deps, transaction: Transaction, emergency: Emergency & { content: string }): Promise<void> {
  const { patientId, person, reason, content } = emergency;
  const { generalPractitioner } = JSON.parse(content) as { generalPractitioner?: { reference?: string }[] };
  const doctors = (generalPractitioner ?? []).flatMap(({ reference }) => (reference?.startsWith("Practitioner/") ? [reference] : []));
  const notice = {
    resourceType: "Communication",
    status: "completed",
    category: [coded("break-glass")],
    priority: "urgent",
    subject: { reference: `Patient/${patientId}` },
    sender: { reference: person },
    sent: new Date().toISOString(),
    reasonCode: [{ coding: [{ system: actReason, code: "ETREAT" }], text: reason }],
  };
  await keep(context, deps, transaction, { ...notice, meta: secret, recipient: [{ reference: `Patient/${patientId}` }] });
  for (const doctor of new Set(doctors)) {
    const id = await keep(context, deps, transaction, { ...notice, recipient: [{ reference: doctor }] });
    const told: AccessRule = { ...opened(patientId, doctor, emergency.until), specificity: specificities.person, categories: ["notice"] };
    const { to: _until, ...forever } = told;
    replaceRules(transaction, { type: "Communication", id }, [forever]);
  }
}

async function keep(context: Context, deps: Deps, transaction: Transaction, resource: object): Promise<string> {
  const plain = resource as { resourceType: string };
  const type = deps.catalogue.types.get(plain.resourceType);
  if (!type) throw new Error(`${plain.resourceType} is not kept`);
  const prepared = prepare(deps, type, { plain, exact: plain }, crypto.randomUUID());
  const { version } = await createWithin(context, deps, transaction, { type, access: {}, ...prepared });
  return version.id;
}
