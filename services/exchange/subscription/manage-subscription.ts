import { randomBytes } from "node:crypto";
import type { Context } from "../../lib/context.ts";
import { parseResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { exactlyOnce, type WriteRequest, type WriteResult } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Principal } from "../../lib/principal.ts";
import type { Deps } from "../deps.ts";
import { partyOf } from "../party.ts";
import { parseSubscription } from "./parse-subscription.ts";
import { openHeaders, sealHeaders, sealSecret, withoutHeaders } from "./seal-secret.ts";
import {
  countSubscriptions,
  deleteSubscription,
  insertSubscription,
  type NewSubscription,
  readSubscription,
  redrive,
  replaceSecret,
  replaceSubscription,
  type Subscriber,
  type Subscription,
} from "./store.ts";

export function ownerOf({ clientId, subject }: Principal): string {
  return `${clientId}|${subject}`;
}

const letters = ["c", "r", "u", "d", "s"] as const;

/** By what the record decides later, when the token is gone: who it was, and what the token allowed. */
function subscriberOf({ role, scopes, person, profession, organizationId }: Principal): Subscriber {
  const scope = scopes.map(
    (each) => `${each.context}/${each.resourceType}.${letters.filter((letter) => each.permissions.has(letter)).join("")}`,
  );
  return {
    role: role === "practitioner" ? "practitioner" : "system",
    scope: scope.join(" "),
    ...(person === undefined ? {} : { person }),
    ...(profession === undefined ? {} : { profession }),
    ...(organizationId === undefined ? {} : { organizationId }),
  };
}

function prepared(context: Context, deps: Deps, body: string, id: string): NewSubscription {
  const { plain } = parseResource(body);
  if (plain.resourceType !== "Subscription")
    throw fhirError(400, "invalid", "The body is not a Subscription", { expression: "resourceType" });
  const { principal } = context;
  const { headers, ...wanted } = parseSubscription(deps, plain);
  return {
    ...wanted,
    sealedHeaders: sealHeaders(deps.secrets, id, headers),
    ...{ id, owner: ownerOf(principal), principal: subscriberOf(principal), actors: partyOf(principal)?.actors ?? [] },
    content: withoutHeaders(plain),
  };
}

function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

function notThere(): Error {
  return fhirError(404, "not-found", "There is no such resource");
}

/** FHIR create. The worker begins it with a handshake. @throws FhirError */
export async function createSubscription(
  context: Context,
  deps: Deps,
  request: WriteRequest & { body: string },
): Promise<WriteResult & { replayed: boolean }> {
  const wanted = prepared(context, deps, request.body, crypto.randomUUID());
  return await exactlyOnce(context, deps, request, async (transaction) => {
    if ((await countSubscriptions(transaction, wanted.owner)) >= deps.limits.subscriptionsMax) {
      throw fhirError(
        422,
        "too-costly",
        `A client may have at most ${deps.limits.subscriptionsMax} subscriptions: delete one, or give one more filters`,
      );
    }
    await insertSubscription(transaction, { ...wanted, secret: sealSecret(deps.secrets, wanted.id, newSecret()) });
    const fact = { resourceType: "Subscription", resourceId: wanted.id, version: 1 };
    deps.audit.record(context, transaction, [{ interaction: "create", outcome: "0", ...fact }]);
    return { status: 201, ...fact };
  });
}

/** FHIR update: the handshake is made anew, the numbers of events go on. @throws FhirError 404 */
export async function updateSubscription(
  context: Context,
  deps: Deps,
  request: WriteRequest & { id: string; body: string },
): Promise<WriteResult & { replayed: boolean }> {
  const wanted = prepared(context, deps, request.body, request.id);
  return await exactlyOnce(context, deps, request, async (transaction) => {
    const current = await readSubscription(transaction, request.id, wanted.owner, true);
    if (!current) throw notThere();
    const version = current.version + 1;
    await replaceSubscription(transaction, { ...wanted, version });
    const fact = { resourceType: "Subscription", resourceId: request.id, version };
    deps.audit.record(context, transaction, [{ interaction: "update", outcome: "0", ...fact }]);
    return { status: 200, ...fact };
  });
}

type Act = "delete" | "redrive" | "rotate-secret";

/** What owners do with a subscription besides. Tells how many dead letters are driven again, or the new secret. @throws FhirError 404 */
export async function actOn(
  context: Context,
  deps: Deps,
  { id, act }: { id: string; act: Act },
): Promise<{ redriven?: number; secret?: string }> {
  const owner = ownerOf(context.principal);
  const secret = newSecret();
  return await deps.database.write(context, async (transaction) => {
    const current = await readSubscription(transaction, id, owner, true);
    // Deleting what is gone changes nothing.
    if (!current && act === "delete") return {};
    if (!current) throw notThere();
    const interaction = act === "delete" ? ("delete" as const) : ("operation" as const);
    deps.audit.record(context, transaction, [{ interaction, outcome: "0", resourceType: "Subscription", resourceId: id }]);
    if (act === "delete") await deleteSubscription(transaction, id);
    if (act === "redrive") return { redriven: await redrive(transaction, id) };
    if (act === "rotate-secret") {
      await replaceSecret(transaction, id, sealSecret(deps.secrets, id, secret).sealed);
      return { secret };
    }
    return {};
  });
}

/** The FHIR resource as it stands now: what the client sent, with the status the server decides. */
export function representSubscription({ secrets }: Deps, subscription: Subscription): object {
  const { id, version, lastUpdated, status, reason, ends, content } = subscription;
  const { resourceType, id: _id, meta, error: _error, channel, ...rest } = JSON.parse(content) as AnyResource;
  const header = Object.entries(openHeaders(secrets, subscription)).map(([name, value]) => `${name}: ${value}`);
  const given = typeof meta === "object" && meta !== null ? meta : {};
  return {
    resourceType,
    id,
    meta: { ...given, versionId: String(version), lastUpdated: lastUpdated.toISOString() },
    ...rest,
    channel: { ...(channel as object), ...(header.length > 0 ? { header } : {}) },
    status,
    end: ends.toISOString(),
    ...(reason === null ? {} : { error: reason }),
  };
}
