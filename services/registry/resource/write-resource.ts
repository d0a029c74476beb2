import type { Patient, PatientLink } from "@medplum/fhirtypes";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import type { ParsedResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { representVersion } from "../../lib/fhir/version.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import type { Language } from "../../lib/language.ts";
import { fhirError, issue } from "../../lib/operation-outcome.ts";
import { DuplicateRefused, factsAbout, recordingRefusal } from "../access.ts";
import type { Deps, ResourceType } from "../deps.ts";
import { notePairs } from "../duplicates/store.ts";
import { blockingKeys } from "../matching/blocking-keys.ts";
import { describeReasons } from "../matching/describe-reasons.ts";
import { type Candidate, findCandidates } from "../matching/find-candidates.ts";
import { featuresOf } from "../matching/person-features.ts";
import { lockBlocks } from "../matching/store.ts";
import { checkedResource } from "./check-resource.ts";
import { searchFacts } from "./search-keys.ts";
import { lockCurrent, readVersion, type StoredVersion, saveVersion } from "./store.ts";

/** A checked resource that is to be written. */
export interface Writing {
  type: ResourceType;
  id: string;
  content: ParsedResource;
  /** Whether the id is the server's own choice. */
  isNew: boolean;
  /** The version that the client means to change. */
  ifMatch?: number | undefined;
  /** Patients that somebody looked at and found to be others than this one. */
  reviewed: ReadonlySet<string>;
  language: Language;
}

export interface Written {
  /** 201 created, 200 changed. */
  status: number;
  version: StoredVersion;
  /** The answer is that of an earlier request with the same key. */
  replayed: boolean;
}

/** FHIR create and update, once. @throws FhirError 400, 409, 412 */
export async function writeResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & Omit<Writing, "content" | "isNew" | "id"> & { id: string | undefined; body: string },
): Promise<Written> {
  const { type, id, body, language } = request;
  const content = checkedResource(deps, type, body, language);
  if (id !== undefined && content.plain.id !== id) {
    throw fhirError(400, "invalid", "The id in the body must be the id in the URL", { expression: `${type}.id` });
  }
  // Chosen before the transaction: a repetition after a lost commit must not make a second one.
  const writing: Writing = { ...request, id: id ?? crypto.randomUUID(), isNew: id === undefined, content };
  const interaction = id === undefined ? ("create" as const) : ("update" as const);
  const work = exactlyOnce(context, deps, request, async (transaction) => {
    const { version, created } = await writeWithin(context, deps, transaction, writing);
    return { status: created ? 201 : 200, resourceType: type, resourceId: version.id, version: version.version };
  });
  const result = await recordingRefusal(context, deps, { interaction, type }, work);
  const version = await deps.database.write(context, (transaction) => readVersion(transaction, type, result.resourceId, result.version));
  if (!version) throw new Error("the result of a write names a version that is not there");
  return { status: result.status, version, replayed: result.replayed };
}

/** The part that is done in the transaction, the same for requests, imports and the seed. @throws FhirError 400, 409, 412 */
export async function writeWithin(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  writing: Writing,
): Promise<{ version: StoredVersion; created: boolean; candidates: Candidate[] }> {
  const { type, id, content, isNew } = writing;
  const current = isNew ? undefined : await lockCurrent(transaction, type, id);
  if (!isNew) checkPrecondition(current, writing.ifMatch);
  const candidates = type === "Patient" ? await checkPatient(transaction, writing, current) : [];
  const version = nextVersion(writing, content.exact, current);
  const saved = await saveVersion(transaction, version, searchFacts(type, content.plain));
  if (!saved) throw fhirError(409, "conflict", "The resource was created by another request at the same moment");
  if (type === "Patient") await notePairs(transaction, id, candidates);
  const interaction = current ? ("update" as const) : ("create" as const);
  deps.audit.record(context, transaction, factsAbout({ interaction, outcome: "0" }, type, [version]));
  return { version, created: !current, candidates };
}

/** @throws FhirError 400, 412 */
function checkPrecondition(current: StoredVersion | undefined, ifMatch: number | undefined): void {
  if (!current && ifMatch !== undefined) {
    throw fhirError(412, "conflict", "There is no such resource");
  }
  if (current && ifMatch === undefined) {
    throw fhirError(
      400,
      "required",
      `An update names the version it changes: send If-Match: W/"${current.version}" if that is the one you read`,
    );
  }
  if (current && ifMatch !== current.version) {
    throw fhirError(412, "conflict", `The current version is ${current.version}; read it and apply your change to it`);
  }
}

/** The version after `current`, later than it also where replicas' clocks differ. */
export function nextVersion(
  { type, id, isNew }: Pick<Writing, "type" | "id" | "isNew">,
  resource: AnyResource,
  current: StoredVersion | undefined,
): StoredVersion {
  const lastUpdated = new Date(Math.max(Date.now(), (current?.lastUpdated.getTime() ?? 0) + 1));
  const version = (current?.version ?? 0) + 1;
  const content = representVersion(resource, id, version, lastUpdated);
  return { type, id, version, lastUpdated, method: isNew ? "POST" : "PUT", content, mergedInto: null };
}

/**
 * A new patient that is certainly there already is refused, and so is a national number that another patient bears.
 * @throws FhirError 409
 */
async function checkPatient(transaction: Transaction, writing: Writing, current: StoredVersion | undefined): Promise<Candidate[]> {
  const patient = writing.content.plain as unknown as Patient;
  if (current?.mergedInto) {
    const text = `The patient was merged into Patient/${current.mergedInto}: change that one, or undo the merge with $unmerge`;
    throw fhirError(409, "conflict", text);
  }
  checkLinks(patient, current);
  const features = featuresOf(patient);
  await lockBlocks(transaction, blockingKeys(features));
  const candidates = await findCandidates(transaction, features, writing.id);
  const taken = candidates.filter(({ sameNumber }) => sameNumber);
  const open = current ? [] : candidates.filter(({ grade, id }) => grade === "certain" && !writing.reviewed.has(id));
  const refused = [...new Set([...taken, ...open])];
  if (refused.length > 0) throw duplicateRefused(refused, writing.language);
  return candidates;
}

/** @throws FhirError 422 for links that only a merge makes */
function checkLinks(patient: Patient, current: StoredVersion | undefined): void {
  const before = current ? (JSON.parse(current.content) as Patient).link : undefined;
  if (JSON.stringify(mergeLinks(patient.link)) !== JSON.stringify(mergeLinks(before))) {
    throw fhirError(422, "invariant", "Links of the types replaces and replaced-by are made by Patient/$merge and taken away by $unmerge", {
      expression: "Patient.link",
    });
  }
}

function mergeLinks(links: readonly PatientLink[] | undefined): string[] {
  const made = (links ?? []).filter(({ type }) => type === "replaces" || type === "replaced-by");
  return made.map(({ type, other }) => `${type} ${other.reference}`).sort();
}

const refusalWords: Record<Language, { number: string; certain: string; hint: string }> = {
  en: {
    number: "has this national number already; two patients never bear the same",
    certain: "is certainly the same person",
    hint: "Use that patient. If it is another person after all, send the request again with the header DSP-Duplicates-Reviewed naming the ids you looked at",
  },
  fr: {
    number: "porte déjà ce numéro national ; deux patients ne portent jamais le même",
    certain: "est certainement la même personne",
    hint: "Utilisez ce patient. S'il s'agit malgré tout d'une autre personne, renvoyez la requête avec l'en-tête DSP-Duplicates-Reviewed et les identifiants que vous avez vérifiés",
  },
  de: {
    number: "hat diese nationale Nummer schon; zwei Patienten haben nie dieselbe",
    certain: "ist sicher dieselbe Person",
    hint: "Verwenden Sie diesen Patienten. Ist es doch eine andere Person, senden Sie die Anfrage noch einmal mit dem Kopf DSP-Duplicates-Reviewed und den Kennungen, die Sie angesehen haben",
  },
};

function duplicateRefused(candidates: readonly Candidate[], language: Language): DuplicateRefused {
  const words = refusalWords[language];
  const issues = candidates.map(({ id, sameNumber, reasons }) => {
    const why = `${sameNumber ? words.number : words.certain} (${describeReasons(reasons, language).join(", ")})`;
    return issue("error", "duplicate", `Patient/${id} ${why}. ${sameNumber ? "" : words.hint}`.trim(), `Patient/${id}`);
  });
  return new DuplicateRefused(
    { resourceType: "OperationOutcome", issue: issues },
    candidates.map(({ id }) => id),
  );
}
