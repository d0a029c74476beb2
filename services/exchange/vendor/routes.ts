import type { Hono } from "hono";
import type { Context } from "../../lib/context.ts";
import { authenticate, type Call, checkId, decodeUtf8, type Env, readBody } from "../../lib/http.ts";
import { checkedKey, fingerprint } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { parseJson } from "../message/compose.ts";
import { registerVendor, removeVendor, vendorSchema } from "./register-vendor.ts";
import { runCheck } from "./run-check.ts";
import { sandboxOrganization, sandboxPatientIds } from "./sandbox-data.ts";
import { type Language, languages } from "./self-check.ts";
import { listVendors, readVendor, type Vendor } from "./store.ts";

/** Makers of software connect it by themselves: registration, a sandbox, and a check that says in words what is wrong. */
export function vendorRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/vendors", async (call) => {
    const context = await admitMaker(call, deps, "create");
    const body = decodeUtf8(await readBody(call, deps));
    const vendor = parseJson(vendorSchema, body);
    const request = { key: checkedKey(call.req.header("Idempotency-Key")), fingerprint: fingerprint(["vendor", body]) };
    return call.json(describe(deps, await registerVendor(context, deps, { vendor, ...request })), 201);
  });
  app.get("/vendors", async (call) => {
    const context = await admitMaker(call, deps, "search-type");
    const owner = context.principal.role === "operator" ? undefined : context.principal.subject;
    const vendors = await deps.database.write(context, async (transaction) => {
      deps.audit.record(context, transaction, [{ interaction: "search-type", outcome: "0", resourceType: "Device" }]);
      return await listVendors(transaction, owner);
    });
    return call.json({ items: vendors.map((vendor) => describe(deps, vendor)) });
  });
  app.get("/vendors/:id", async (call) => {
    const { vendor } = await admitted(call, deps, "read");
    return call.json(describe(deps, vendor));
  });
  app.delete("/vendors/:id", async (call) => {
    const { context, vendor } = await admitted(call, deps, "delete");
    if (vendor.status !== "removed") await removeVendor(context, deps, vendor.id);
    return call.body(null, 204);
  });
  for (const method of ["GET", "POST"] as const) {
    app.on(method, "/vendors/:id/self-check", async (call) => {
      const { context, vendor } = await admitted(call, deps, "operation");
      if (vendor.status !== "ready") throw fhirError(409, "conflict", `The sandbox is not ready: it is ${vendor.status}`);
      return call.json(await runCheck(context, deps, { vendor, language: languageOf(call), restart: method === "POST" }));
    });
  }
}

type Wanted = "create" | "search-type" | "read" | "delete" | "operation";

/** Professionals register software, and operators. @throws FhirError 401, 403 */
async function admitMaker(call: Call, deps: Deps, interaction: Wanted): Promise<Context> {
  const context = await authenticate(call, deps, { interaction, resourceType: "Device" });
  const { role } = context.principal;
  if (role === "operator" || role === "practitioner") return context;
  await deps.audit.refused(context, { interaction, resourceType: "Device", outcome: "8" });
  throw fhirError(403, "forbidden", "Software is registered by a professional or an operator who is signed in");
}

/** Who registered it, operators, and the software itself. @throws FhirError 401, 404 */
async function admitted(call: Call, deps: Deps, interaction: Wanted): Promise<{ context: Context; vendor: Vendor }> {
  const id = call.req.param("id") ?? "";
  checkId(id);
  const context = await authenticate(call, deps, { interaction, resourceType: "Device" });
  const { role, subject, clientId } = context.principal;
  const vendor = await deps.database.write(context, async (transaction) => {
    const found = await readVendor(transaction, id);
    const isOwn = found !== undefined && (found.owner === subject || (found.clientId === clientId && interaction !== "delete"));
    const isSeen = found !== undefined && (role === "operator" || isOwn);
    deps.audit.record(context, transaction, [{ interaction, outcome: isSeen ? "0" : "8", resourceType: "Device", resourceId: id }]);
    return isSeen ? found : undefined;
  });
  if (vendor) return { context, vendor };
  throw fhirError(404, "not-found", "No software is registered under this id");
}

function describe(deps: Deps, { id, name, kind, contact, status, clientId, created, expires }: Vendor): object {
  const { origin } = new URL(deps.settings.publicUrl);
  return {
    ...{ id, name, kind, contact, status, created, expires },
    ...(clientId === null ? {} : { client_id: clientId }),
    ...{ token_endpoint: `${origin}/identity/token`, fhir: `${origin}/fhir`, exchange: deps.settings.publicUrl },
    sandbox: { organization: `Organization/${sandboxOrganization(id)}`, patients: sandboxPatientIds(id).map((each) => `Patient/${each}`) },
    selfCheck: `${deps.settings.publicUrl}/vendors/${id}/self-check`,
  };
}

/** As the query says, then as the client prefers, then French. */
function languageOf(call: Call): Language {
  const asked = call.req.query("language") ?? call.req.header("Accept-Language") ?? "";
  const wanted = asked.split(",").map((part) => part.trim().slice(0, 2).toLowerCase());
  return wanted.map((code) => languages.find((language) => language === code)).find((language) => language !== undefined) ?? "fr";
}
