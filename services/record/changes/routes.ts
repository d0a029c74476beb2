import type { Hono } from "hono";
import { z } from "zod";
import type { Context } from "../../lib/context.ts";
import { authenticate, type Call, decodeUtf8, type Env, readBody } from "../../lib/http.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Principal } from "../../lib/principal.ts";
import { parseScopes } from "../../lib/scope.ts";
import { accessOf } from "../access.ts";
import type { Deps } from "../deps.ts";
import { decodePlace, readChanges } from "./read-changes.ts";
import { visibleAmong } from "./store.ts";

const countMax = 500;
/** Shorter than a caller waits for one pod. */
const waitMaxSeconds = 5;
const id = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/);

const visibleSchema = z.object({
  principals: z
    .array(
      z.object({
        role: z.enum(["patient", "practitioner", "system"]),
        scope: z.string().max(4000),
        person: z.string().max(200).optional(),
        patientId: id.optional(),
        profession: z.string().max(40).optional(),
        organizationId: id.optional(),
      }),
    )
    .max(100),
  resources: z.array(z.object({ type: z.string().max(64), id })).max(countMax),
});

/** What changed, and who may know it: for the platform's own software, which tells subscribers. */
export function changeRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/$changes", async (call) => {
    const context = await admit(call, deps);
    const query = new URL(call.req.url).searchParams;
    const after = query.get("after");
    const count = Math.min(number(query, "_count", 100), countMax);
    const waitMs = Math.min(number(query, "wait", 0), waitMaxSeconds) * 1000;
    const page = await readChanges(context, deps, { after: after === null ? undefined : decodePlace(after), count, waitMs });
    return call.json(page);
  });
  app.post("/$visible", async (call) => {
    const context = await admit(call, deps);
    const body = visibleSchema.safeParse(parsed(decodeUtf8(await readBody(call, deps))));
    if (!body.success) throw fhirError(400, "invalid", "The body names principals and resources", { expression: "body" });
    return call.json({ visible: await visible(context, deps, body.data) });
  });
}

/** @throws FhirError 401, 403 */
async function admit(call: Call, deps: Deps): Promise<Context> {
  const about = { interaction: "operation", resourceType: "Bundle" } as const;
  const context = await authenticate(call, deps, about);
  const { role, organizationId } = context.principal;
  if (role === "system" && organizationId === undefined) return context;
  await deps.audit.refused(context, { ...about, outcome: "8" });
  deps.metrics.refusedTokens.inc({ status: "403" });
  throw fhirError(403, "forbidden", "The feed of changes is for the platform's own software; subscribe at /exchange/fhir/Subscription");
}

/** @throws FhirError 400 */
function number(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (!/^\d{1,4}$/.test(text)) throw fhirError(400, "value", `${name} must be a number`, { expression: name });
  return Math.max(name === "_count" ? 1 : 0, Number(text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw fhirError(400, "structure", "The body is not valid JSON");
  }
}

/** For each principal, which of the resources its rights let it see now. Nothing of them is told. */
async function visible(context: Context, deps: Deps, { principals, resources }: z.infer<typeof visibleSchema>): Promise<string[][]> {
  const byType = Map.groupBy(resources, ({ type }) => type);
  return await deps.database.write(context, async (transaction) => {
    const answers: string[][] = [];
    for (const { scope, ...rest } of principals) {
      const principal = { ...rest, scopes: parseScopes(scope), subject: "", clientId: "", issuer: "" } as Principal;
      const found: string[] = [];
      for (const [name, wanted] of byType) {
        const type = deps.catalogue.types.get(name);
        const access = type && accessOf(principal, type, "r");
        if (!access) continue;
        const sight = { rights: type.isDirectory ? undefined : access.rights, patientId: access.patientId };
        found.push(...(await visibleAmong(transaction, wanted, sight)));
      }
      answers.push(found);
    }
    return answers;
  });
}
