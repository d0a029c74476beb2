import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { parseExactly } from "../../lib/fhir/exact-json.ts";
import { searchIndex } from "../../lib/fhir/search-index.ts";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { representVersion } from "../../lib/fhir/version.ts";
import { exactlyOnce, type WriteRequest, type WriteResult } from "../../lib/idempotency.ts";
import { FhirError, fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import type { Party } from "../party.ts";
import { insertNotices, readResource, replaceResource, type Stored, sidesOf } from "../resource/store.ts";
import { checkMove, type ReferralSide, requestStatus } from "./transitions.ts";

export interface Move extends WriteRequest {
  party: Party;
  id: string;
  ifMatch?: number | undefined;
  /** What the Task becomes, from what it is; the status in it is the move. */
  change(current: AnyResource): AnyResource;
}

/** What a referral's Task may change in: the rest is as it was sent. */
const mutable = new Set(["meta", "text", "status", "statusReason", "businessStatus", "note", "output", "executionPeriod", "lastModified"]);

/** Moves a referral on, exactly once for the key, its ServiceRequest with it. @throws FhirError 403, 404, 409, 412, 422 */
export async function moveReferral(context: Context, deps: Deps, move: Move): Promise<WriteResult & { replayed: boolean }> {
  const about = { interaction: "update" as const, resourceType: "Task", resourceId: move.id };
  try {
    return await exactlyOnce(context, deps, move, (transaction) => moveWithin(context, deps, transaction, move));
  } catch (error) {
    if (error instanceof FhirError && (error.status === 403 || error.status === 404))
      await deps.audit.refused(context, { ...about, outcome: "8" });
    throw error;
  }
}

async function moveWithin(context: Context, deps: Deps, transaction: Transaction, move: Move): Promise<WriteResult> {
  const { party, id, ifMatch } = move;
  const stored = await readResource(transaction, { type: "Task", id }, party.actors, true);
  if (!stored) throw fhirError(404, "not-found", "There is no such resource");
  if (ifMatch !== undefined && ifMatch !== stored.version) {
    throw fhirError(412, "conflict", `The referral has changed: it is at version ${stored.version}; read it again`);
  }
  const all = (await sidesOf(transaction, [stored.key])).get(stored.key) ?? [];
  const own: ReferralSide[] = all.filter(({ actor }) => party.actors.includes(actor)).map(({ side }) => side);
  const current = parseExactly(stored.content) as AnyResource;
  const wanted = move.change(current);
  validate(deps.catalogue.definitions, JSON.parse(JSON.stringify(wanted)) as AnyResource);
  refuseOtherChanges(current, wanted);
  const status = checkMove(stored.status, String(wanted.status), own);
  const next = await keep(context, deps, transaction, stored, wanted, status);
  await followRequest(context, deps, transaction, { task: current, party, status: requestStatus(status) });
  const others = all.filter(({ actor }) => !party.actors.includes(actor)).map(({ actor }) => actor);
  await insertNotices(transaction, others, { kind: "referral", about: `Task/${id}` });
  return { status: 200, resourceType: "Task", resourceId: id, version: next.version };
}

/** @throws FhirError 422 */
function refuseOtherChanges(current: AnyResource, wanted: AnyResource): void {
  const names = new Set([...Object.keys(current), ...Object.keys(wanted)]);
  const changed = [...names].find((name) => !mutable.has(name) && JSON.stringify(current[name]) !== JSON.stringify(wanted[name]));
  if (changed !== undefined) {
    throw fhirError(422, "value", `Of a referral only its progress changes (${[...mutable].slice(2).join(", ")}); send a new one instead`, {
      expression: `Task.${changed}`,
    });
  }
}

async function keep(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  stored: Stored,
  wanted: AnyResource,
  status: string,
): Promise<Stored> {
  const lastUpdated = new Date(Math.max(Date.now(), stored.lastUpdated.getTime() + 1));
  const version = stored.version + 1;
  const resource = { ...wanted, status, ...(stored.type === "Task" ? { lastModified: lastUpdated.toISOString() } : {}) };
  const content = representVersion(resource, stored.id, version, lastUpdated);
  const next = { ...stored, version, lastUpdated, status, content };
  const parameters = deps.catalogue.types.get(stored.type)?.parameters ?? new Map();
  await replaceResource(transaction, next, searchIndex(parameters, JSON.parse(content) as AnyResource));
  const fact = { interaction: "update" as const, outcome: "0" as const, resourceType: stored.type, resourceId: stored.id, version };
  deps.audit.record(context, transaction, [{ ...fact, ...(stored.patientId === null ? {} : { patientId: stored.patientId }) }]);
  return next;
}

/** The request is over when its task is. */
async function followRequest(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  { task, party, status }: { task: AnyResource; party: Party; status: string },
): Promise<void> {
  const [type = "", id = ""] = ((task.focus ?? {}) as { reference?: string }).reference?.split("/") ?? [];
  if (status === "active" || type !== "ServiceRequest") return;
  const request = await readResource(transaction, { type, id }, party.actors, true);
  if (request?.status !== "active") return;
  await keep(context, deps, transaction, request, parseExactly(request.content) as AnyResource, status);
}
