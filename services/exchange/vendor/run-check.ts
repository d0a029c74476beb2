import { z } from "zod";
import type { Context } from "../../lib/context.ts";
import { unavailable } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { closedPatientId, sandboxPatientIds } from "./sandbox-data.ts";
import { type Call, checkSteps, type Language, type StepResult } from "./self-check.ts";
import { restartCheck, type Vendor } from "./store.ts";

const pageMax = 200;

const logSchema = z.object({
  entry: z
    .array(
      z.object({
        resource: z.object({
          recorded: z.string(),
          outcome: z.string(),
          subtype: z.array(z.object({ code: z.string() })).default([]),
          agent: z.array(z.object({ who: z.object({ identifier: z.object({ value: z.string() }).optional() }).optional() })).default([]),
          entity: z
            .array(z.object({ what: z.object({ reference: z.string().optional(), display: z.string().optional() }).optional() }))
            .default([]),
        }),
      }),
    )
    .default([]),
});

export interface CheckReport {
  passed: boolean;
  /** What the software did before does not count. */
  since: Date;
  patient: string;
  closedPatient: string;
  steps: StepResult[];
}

/** Judges what a vendor's software did since the check began, by the record's access log of its synthetic patients. @throws FhirError 503 */
export async function runCheck(
  context: Context,
  deps: Deps,
  { vendor, language, restart }: { vendor: Vendor; language: Language; restart: boolean },
): Promise<CheckReport> {
  if (restart) await deps.database.write(context, (transaction) => restartCheck(transaction, vendor.id));
  const since = restart ? new Date() : vendor.checkStarted;
  const patients = sandboxPatientIds(vendor.id);
  const [patientId = ""] = patients;
  const calls: Call[] = [];
  for (const patient of patients) calls.push(...(await callsAbout(context, deps, { patient, clientId: vendor.clientId ?? "", since })));
  const about = {
    origin: new URL(deps.settings.publicUrl).origin,
    clientId: vendor.clientId ?? "",
    patientId,
    closedPatientId: closedPatientId(vendor.id),
  };
  const hasToken = context.principal.clientId === vendor.clientId;
  const steps = checkSteps(calls, about, { language, hasToken });
  const passed = steps.every(({ state }) => state === "done");
  return { passed, since, patient: `Patient/${patientId}`, closedPatient: `Patient/${about.closedPatientId}`, steps };
}

async function callsAbout(
  context: Context,
  deps: Deps,
  { patient, clientId, since }: { patient: string; clientId: string; since: Date },
): Promise<Call[]> {
  const query = new URLSearchParams({ patient, date: `ge${since.toISOString()}`, _count: String(pageMax) });
  const headers = { Authorization: await deps.ownToken(context), Accept: "application/fhir+json", "Cache-Control": "no-cache" };
  const { status, body } = await deps.record.call(context, { method: "GET", path: `/fhir/AuditEvent?${query}`, headers });
  if (status !== 200) throw unavailable(`The record did not show its access log: it answered ${status}`);
  const { entry } = logSchema.parse(JSON.parse(body.toString()));
  return entry
    .map(({ resource }) => resource)
    .filter(({ agent }) => agent.some(({ who }) => who?.identifier?.value === clientId))
    .map(({ recorded, outcome, subtype, entity }) => ({
      interaction: subtype[0]?.code ?? "",
      outcome,
      resourceType: entity[1]?.what?.reference?.split("/")[0] ?? entity[1]?.what?.display ?? "",
      patientId: patient,
      atMs: Date.parse(recorded),
    }));
}
