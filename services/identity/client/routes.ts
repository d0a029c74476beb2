import type { Hono } from "hono";
import { authenticate, checkId, decodeUtf8, type Env, readBody } from "../../lib/http.ts";
import { checkedKey, fingerprint } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { clientDescription } from "./client-request.ts";
import { registerClient } from "./register-client.ts";
import { removeClient } from "./remove-client.ts";
import { findClient } from "./store.ts";

const about = { interaction: "create", resourceType: "Device" } as const;

/** POST /identity/clients registers software, GET /identity/clients/:id shows what is registered: for the service `exchange` and operators. DELETE ends it: for the service alone. */
export function clientRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/clients", async (call) => {
    const context = await authenticate(call, deps, about);
    const bytes = await readBody(call, deps);
    const key = checkedKey(call.req.header("Idempotency-Key"));
    const request = { key, fingerprint: fingerprint(["register-client", bytes]) };
    const client = await registerClient(context, deps, request, decodeUtf8(bytes));
    return call.json(clientDescription(client), 201, { Location: `${deps.identity.issuer}/clients/${client.id}` });
  });
  app.get("/clients/:id", async (call) => {
    const context = await authenticate(call, deps, { ...about, interaction: "read" });
    const { role, clientId } = context.principal;
    if (role !== "operator" && clientId !== "exchange")
      throw fhirError(403, "forbidden", "Only operators and the service exchange see registrations");
    const client = await findClient(context, deps, call.req.param("id"));
    if (!client) throw fhirError(404, "not-found", "No software is registered under this id");
    return call.json(clientDescription(client));
  });
  app.delete("/clients/:id", async (call) => {
    const id = call.req.param("id");
    checkId(id);
    const context = await authenticate(call, deps, { ...about, interaction: "delete" });
    await removeClient(context, deps, id);
    return call.body(null, 204);
  });
}
