import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { parseResource } from "../../lib/fhir/exact-json.ts";
import { FhirError, fhirError, type OperationOutcome, outcome } from "../../lib/operation-outcome.ts";
import { authorise, facts } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { checkedResource, createWithin, prepare } from "../resource/create-resource.ts";
import { deleteWithin } from "../resource/delete-resource.ts";
import { checkedUpdate, updateWithin } from "../resource/update-resource.ts";
import { recordingRefusal } from "../resource/write-once.ts";

const modes = ["create", "update", "delete", "profile"] as const;
type Mode = (typeof modes)[number];

export interface Validation {
  type: ResourceType;
  /** Of the address; undefined: of the type in general. */
  id: string | undefined;
  query: URLSearchParams;
  body: string;
}

/**
 * FHIR's $validate (http://hl7.org/fhir/R4/resource-operation-validate.html): what is wrong with a resource, or would be with writing or deleting it.
 * To find something wrong is no failure: it is told in the outcome.
 * @throws FhirError 400 for parameters that are wrong, 503
 */
export async function validateResource(context: Context, deps: Deps, { type, id, query, body }: Validation): Promise<OperationOutcome> {
  const given = parametersIn(body);
  const mode = parseMode(given.mode ?? query.get("mode") ?? undefined);
  const profile = given.profile ?? query.get("profile") ?? undefined;
  if (mode === "profile" && profile === undefined) {
    throw fhirError(400, "required", "The mode profile takes the parameter profile", { expression: "profile" });
  }
  if ((mode === "update" || mode === "delete") && id === undefined) {
    throw fhirError(400, "required", `The mode ${mode} is about one resource: [type]/[id]/$validate`, { expression: "mode" });
  }
  const found = await problems(async () => {
    if (profile !== undefined) checkProfile(type, profile);
    if (mode === "delete") return await rehearseDelete(context, deps, type, id ?? "");
    if (given.resource === undefined) throw fhirError(400, "required", "There is no resource to validate", { expression: "resource" });
    const content = checkedResource(deps, type, given.resource);
    if (mode === "create" || mode === "update") await rehearseWrite(context, deps, { type, id, mode, content });
  });
  return found ?? outcome("information", "informational", "No problem was found");
}

/** A resource by itself, or Parameters that hold it. What cannot be read is told by its validation. */
function parametersIn(body: string): { resource?: string; mode?: string; profile?: string } {
  if (body.trim() === "") return {};
  let plain: { resourceType: string; parameter?: unknown };
  try {
    plain = parseResource(body).plain;
  } catch {
    return { resource: body };
  }
  if (plain.resourceType !== "Parameters") return { resource: body };
  type Parameter = { name?: unknown; resource?: unknown; [value: string]: unknown } | null;
  const list = Array.isArray(plain.parameter) ? (plain.parameter as Parameter[]) : [];
  const named = (name: string): Parameter => list.find((each) => each?.name === name) ?? null;
  const text = (name: string): string | undefined =>
    Object.entries(named(name) ?? {}).find(([key, value]) => key.startsWith("value") && typeof value === "string")?.[1] as
      | string
      | undefined;
  const [resource, mode, profile] = [named("resource")?.resource, text("mode"), text("profile")];
  return {
    ...(resource === undefined ? {} : { resource: JSON.stringify(resource) }),
    ...(mode === undefined ? {} : { mode }),
    ...(profile === undefined ? {} : { profile }),
  };
}

function parseMode(text: string | undefined): Mode | undefined {
  const mode = modes.find((each) => each === text);
  if (text !== undefined && !mode) throw fhirError(400, "value", `The mode must be one of ${modes.join(", ")}`, { expression: "mode" });
  return mode;
}

/** Only FHIR's own definition of the type is known here. */
function checkProfile({ name }: ResourceType, profile: string): void {
  if (profile.replace(/\|4\.0\.1$/, "") !== `http://hl7.org/fhir/StructureDefinition/${name}`) {
    throw fhirError(400, "not-supported", "This server does not know the profile; it validates by FHIR R4's own definitions", {
      expression: "profile",
    });
  }
}

/** What a request like it would be refused for; the server's own failures are none. */
async function problems(work: () => Promise<void>): Promise<OperationOutcome | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof FhirError) || error.status >= 499) throw error;
    return error.outcome;
  }
}

/** Ends a rehearsal: nothing of it is kept. */
class Rehearsed extends Error {}

/** Does a write in a transaction that is then undone: whatever would refuse it refuses it here. The attempt itself is audited. */
async function rehearse(
  context: Context,
  deps: Deps,
  about: { resourceType: string; resourceId?: string },
  write: (transaction: Transaction) => Promise<readonly string[]>,
): Promise<void> {
  const fact = { interaction: "operation" as const, ...about };
  let patientIds: readonly string[] = [];
  const work = deps.database
    .write(context, async (transaction) => {
      patientIds = await write(transaction);
      throw new Rehearsed("nothing of it is kept");
    })
    .catch((error: unknown) => {
      if (!(error instanceof Rehearsed)) throw error;
    });
  await recordingRefusal(context, deps, fact, work);
  await deps.database.write(context, async (transaction) =>
    deps.audit.record(context, transaction, facts({ ...fact, outcome: "0" }, patientIds)),
  );
}

async function rehearseWrite(
  context: Context,
  deps: Deps,
  {
    type,
    id,
    mode,
    content,
  }: { type: ResourceType; id: string | undefined; mode: "create" | "update"; content: ReturnType<typeof checkedResource> },
): Promise<void> {
  const about = { resourceType: type.name, ...(mode === "update" && id !== undefined ? { resourceId: id } : {}) };
  const access = await authorise(context, deps, { type, interaction: "operation", permission: mode === "create" ? "c" : "u", ...about });
  if (mode === "create" || id === undefined) {
    const creation = { type, access, ...prepare(deps, type, content, crypto.randomUUID()) };
    return await rehearse(
      context,
      deps,
      about,
      async (transaction) => (await createWithin(context, deps, transaction, creation)).version.patientIds,
    );
  }
  const change = { type, access, ...prepare(deps, type, checkedUpdate(type, id, content), id) };
  await rehearse(context, deps, about, async (transaction) => (await updateWithin(context, deps, transaction, change)).version.patientIds);
}

async function rehearseDelete(context: Context, deps: Deps, type: ResourceType, id: string): Promise<void> {
  const about = { resourceType: type.name, resourceId: id };
  const access = await authorise(context, deps, { type, interaction: "operation", permission: "d", ...about });
  await rehearse(context, deps, about, async (transaction) => {
    await deleteWithin(context, deps, transaction, { type, access, id });
    return [];
  });
}
