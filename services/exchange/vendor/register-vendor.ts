import { z } from "zod";
import type { Context } from "../../lib/context.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { FhirError, fhirError, type OperationOutcome, unavailable } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { removeSandbox, writeSandbox } from "./sandbox.ts";
import { sandboxOrganization } from "./sandbox-data.ts";
import { countVendors, insertVendor, listOver, readVendor, setClient, setStatus, type Vendor } from "./store.ts";

export const vendorSchema = z
  .strictObject({
    /** What people know the software by. */
    name: z.string().trim().min(1).max(80),
    /** `backend` works by itself, with a key; with a `smart-app` people sign in. */
    kind: z.enum(["backend", "smart-app"]),
    contact: z.strictObject({ name: z.string().trim().min(1).max(200), email: z.email().max(200) }),
    /** Public keys only (RFC 7517). */
    jwks: z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(5) }).optional(),
    redirect_uris: z.array(z.url().max(500)).min(1).max(10).optional(),
  })
  .refine(({ kind, jwks }) => kind !== "backend" || jwks !== undefined, {
    path: ["jwks"],
    message: "A backend proves itself by a key: give its public part",
  })
  .refine(({ kind, redirect_uris }) => kind !== "smart-app" || redirect_uris !== undefined, {
    path: ["redirect_uris"],
    message: "Where people return to after they signed in",
  });
export type NewVendor = z.infer<typeof vendorSchema>;

const vendorDays = 180;
const ownMax = 5;
const allMax = 300;
const secret = new Set(["d", "p", "q", "dp", "dq", "qi", "k", "oth"]);

/** Registers software: once for the key, and each step is done again where an earlier attempt was cut short. @throws FhirError */
export async function registerVendor(context: Context, deps: Deps, request: WriteRequest & { vendor: NewVendor }): Promise<Vendor> {
  const { vendor: given } = request;
  if (given.jwks?.keys.some((key) => Object.keys(key).some((name) => secret.has(name)))) {
    throw fhirError(422, "value", "This is a private key: it is known to others now. Make a new one and send its public part only", {
      expression: "jwks",
    });
  }
  const owner = context.principal.subject;
  const id = crypto.randomUUID().slice(0, 8);
  const { resourceId } = await exactlyOnce(context, deps, request, async (transaction) => {
    const { own, all } = await countVendors(transaction, owner);
    if (own >= ownMax) throw fhirError(422, "too-costly", `You have ${own} sandboxes: remove one first`);
    if (all >= allMax)
      throw fhirError(503, "too-costly", "There are too many sandboxes at present", { headers: { "Retry-After": "3600" } });
    const { name, kind, contact, jwks, redirect_uris } = given;
    await insertVendor(transaction, { id, owner, name, kind, contact, registration: { jwks, redirect_uris } }, vendorDays);
    deps.audit.record(context, transaction, [{ interaction: "create", outcome: "0", resourceType: "Device", resourceId: id }]);
    return { status: 201, resourceType: "Device", resourceId: id, version: 1 };
  });
  return await prepareVendor(context, deps, resourceId);
}

/** What registration consists of besides: the client at identity, the sandbox in the record. Safe to do again. @throws FhirError */
export async function prepareVendor(context: Context, deps: Deps, id: string): Promise<Vendor> {
  const vendor = await deps.database.write(context, (transaction) => readVendor(transaction, id));
  if (!vendor) throw fhirError(404, "not-found", "No software is registered under this id");
  if (vendor.status !== "registering") return vendor;
  if (vendor.clientId === null) {
    const clientId = await makeClient(context, deps, vendor);
    await deps.database.write(context, (transaction) => setClient(transaction, id, clientId));
  }
  await writeSandbox(context, deps, vendor);
  return await deps.database.write(context, async (transaction) => {
    await setStatus(transaction, id, "ready");
    const ready = await readVendor(transaction, id);
    if (!ready) throw new Error("a vendor is gone");
    return ready;
  });
}

async function makeClient(context: Context, deps: Deps, { id, name, kind, registration }: Vendor): Promise<string> {
  const { status, body } = await deps.identity.call(context, {
    method: "POST",
    path: "/identity/clients",
    headers: { Authorization: await deps.ownToken(context), "Content-Type": "application/json", "Idempotency-Key": `vendor-${id}` },
    body: JSON.stringify({ name, kind, organization: sandboxOrganization(id), ...registration }),
  });
  const text = body.toString();
  if (status === 201) return z.object({ client_id: z.string().min(1) }).parse(JSON.parse(text)).client_id;
  // What identity does not take will not do later either: the entry is given up, and the maker is told why.
  if (status === 400 || status === 422) {
    await deps.database.write(context, (transaction) => setStatus(transaction, id, "removed"));
    throw new FhirError(422, JSON.parse(text) as OperationOutcome);
  }
  throw unavailable(`identity did not register the client: it answered ${status}`);
}

/**
 * Takes a software away: first its client, so that it gets no more tokens, then its sandbox with what it wrote about its synthetic patients.
 * What is cut short goes on later. @throws FhirError
 */
export async function removeVendor(context: Context, deps: Deps, id: string): Promise<void> {
  const vendor = await deps.database.write(context, async (transaction) => {
    await setStatus(transaction, id, "removing");
    deps.audit.record(context, transaction, [{ interaction: "delete", outcome: "0", resourceType: "Device", resourceId: id }]);
    return await readVendor(transaction, id);
  });
  if (vendor) await removeRegistration(context, deps, vendor);
  if (await removeSandbox(context, deps, id)) await deps.database.write(context, (transaction) => setStatus(transaction, id, "removed"));
}

/** Ends the registration at identity; doing it again changes nothing there. @throws FhirError 503 */
async function removeRegistration(context: Context, deps: Deps, vendor: Vendor): Promise<void> {
  // Whether identity made a client whose answer was lost, it tells when it is asked again under the same key.
  const clientId = vendor.clientId ?? (await makeClient(context, deps, vendor));
  const { status } = await deps.identity.call(context, {
    method: "DELETE",
    path: `/identity/clients/${encodeURIComponent(clientId)}`,
    headers: { Authorization: await deps.ownToken(context) },
  });
  if (status !== 204) throw unavailable(`identity did not remove the client: it answered ${status}`);
}

/** Takes away sandboxes whose time is over, and ends removals that were cut short. */
export async function removeOver(context: Context, deps: Deps): Promise<void> {
  const over = await deps.database.write(context, listOver);
  for (const { id } of over) await removeVendor(context, deps, id);
}
