import type { Hono } from "hono";
import type { Context } from "../../lib/context.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { authenticate, type Call, checkId, decodeUtf8, type Env, primaryOnly, readBody } from "../../lib/http.ts";
import { checkedKey, fingerprint, type WriteRequest } from "../../lib/idempotency.ts";
import { FhirError, fhirError } from "../../lib/operation-outcome.ts";
import { reach } from "../../lib/scope.ts";
import type { Deps } from "../deps.ts";
import { admitParty, type Party } from "../party.ts";
import { moveReferral } from "../referral/move-referral.ts";
import { sendMessages } from "../resource/send-message.ts";
import { composeMessage, composeReferral, messageSchema, moveSchema, parseJson, referralSchema } from "./compose.ts";
import { depositMessage } from "./deposit-message.ts";
import { depositSchema } from "./deposit-schema.ts";
import { parsePage, readAboutPatient, readBox, readCounts, readMessage, readThread, readThreads } from "./list-messages.ts";
import type { Box } from "./store.ts";

/** Boxes, conversations, messages and referrals in plain JSON: what the portal works with. */
export function messageRoutes(app: Hono<Env>, deps: Deps): void {
  for (const box of ["inbox", "sent"] satisfies Box[]) {
    app.get(`/${box}`, async (call) => {
      const { context, party } = await admit(call, deps, "s");
      return call.json(await readBox(context, deps, { box, party, page: parsePage(query(call)), primaryOnly: primaryOnly(call) }));
    });
  }
  app.get("/counts", async (call) => {
    const { context, party } = await admit(call, deps, "s");
    return call.json(await readCounts(context, deps, party));
  });
  app.get("/threads", async (call) => {
    const { context, party } = await admit(call, deps, "s");
    return call.json(await readThreads(context, deps, { party, page: parsePage(query(call)), primaryOnly: primaryOnly(call) }));
  });
  app.get("/threads/:thread", async (call) => {
    const { context, party } = await admit(call, deps, "s");
    const thread = checked(call.req.param("thread"));
    return call.json(await readThread(context, deps, { party, thread, primaryOnly: primaryOnly(call) }));
  });
  for (const [path, type] of [
    ["messages", "Communication"],
    ["referrals", "Task"],
  ] as const) {
    app.get(`/${path}/:id`, async (call) => {
      const { context, party } = await admit(call, deps, "r");
      return call.json(await readMessage(context, deps, { party, type, id: checked(call.req.param("id")) }));
    });
  }
  writingRoutes(app, deps);
  app.get("/about-me", async (call) => {
    const context = await authenticate(call, deps, { interaction: "search-type", resourceType: "Communication" });
    return call.json(await readAboutPatient(context, deps, { patientId: await ownRecord(context, deps), page: parsePage(query(call)) }));
  });
}

function writingRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/messages", async (call) => {
    const { context, party } = await admit(call, deps, "c");
    const body = decodeUtf8(await readBody(call, deps));
    const given = parseJson(messageSchema, body);
    if (given.deposit && given.patient === undefined) {
      throw fhirError(422, "required", "To go into a record the message must name its patient", { expression: "patient" });
    }
    const authorization = given.deposit ? forRecord(call) : "";
    const written = await sendMessages(context, deps, {
      party,
      messages: [composeMessage(deps, party, given)],
      ...writeRequest(call, body),
    });
    const id = written.resourceId;
    const deposit = given.deposit ? await triedDeposit(context, deps, { party, id, authorization }) : {};
    return call.json({ id, reference: `Communication/${id}`, ...deposit }, 201);
  });
  app.post("/messages/:id/$deposit", async (call) => {
    const { context, party } = await admit(call, deps, "r");
    const id = checked(call.req.param("id"));
    const text = decodeUtf8(await readBody(call, deps));
    const given = parseJson(depositSchema, text === "" ? "{}" : text);
    const authorization = forRecord(call);
    return call.json({ deposits: await depositMessage(context, deps, { party, id, authorization, ...given }) });
  });
  app.post("/referrals", async (call) => {
    const { context, party } = await admit(call, deps, "c", "Task");
    const body = decodeUtf8(await readBody(call, deps));
    const messages = composeReferral(deps, party, parseJson(referralSchema, body));
    const { entries = [] } = await sendMessages(context, deps, { party, messages, ...writeRequest(call, body) });
    const [request, task] = entries.map(({ resourceType, resourceId }) => `${resourceType}/${resourceId}`);
    return call.json({ id: entries[1]?.resourceId, request, reference: task }, 201);
  });
  app.post("/referrals/:id/status", async (call) => {
    const { context, party } = await admit(call, deps, "u", "Task");
    const id = checked(call.req.param("id"));
    const body = decodeUtf8(await readBody(call, deps));
    const { status, reason, version } = parseJson(moveSchema, body);
    const change = (current: AnyResource): AnyResource => ({
      ...current,
      status,
      ...(reason === undefined ? {} : { statusReason: { text: reason } }),
    });
    const written = await moveReferral(context, deps, { party, id, ifMatch: version, change, ...writeRequest(call, body) });
    return call.json({ id, status, version: written.version });
  });
}

function query(call: Call): URLSearchParams {
  return new URL(call.req.url).searchParams;
}

function checked(id: string): string {
  checkId(id);
  return id;
}

async function admit(
  call: Call,
  deps: Deps,
  permission: "c" | "r" | "u" | "s",
  resourceType: "Communication" | "Task" = "Communication",
): Promise<{ context: Context; party: Party }> {
  const interaction = ({ c: "create", r: "read", u: "update", s: "search-type" } as const)[permission];
  const context = await authenticate(call, deps, { interaction, resourceType });
  return { context, party: await admitParty(context, deps, { interaction, resourceType, permission }) };
}

function writeRequest(call: Call, body: string): WriteRequest {
  return {
    key: checkedKey(call.req.header("Idempotency-Key")),
    fingerprint: fingerprint([call.req.method, new URL(call.req.url).pathname, body]),
  };
}

/** The message is sent in any case; what the record says to it is told beside. */
async function triedDeposit(context: Context, deps: Deps, request: Parameters<typeof depositMessage>[2]): Promise<object> {
  try {
    return { deposits: await depositMessage(context, deps, request) };
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    return { deposits: [], depositRefused: error.outcome };
  }
}

/** The record of a patient who asks for the own one. @throws FhirError 403 */
async function ownRecord(context: Context, deps: Deps): Promise<string> {
  const { role, patientId, person, scopes } = context.principal;
  const isSelf = role === "patient" && patientId !== undefined && (person === undefined || person === `Patient/${patientId}`);
  if (isSelf && reach(scopes, "Communication", "s") !== "none") return patientId;
  await deps.audit.refused(context, { interaction: "search-type", resourceType: "Communication", outcome: "8" });
  throw fhirError(403, "forbidden", "Patients see here who wrote about them, each for the own record");
}

/** The caller's own token, by which the record decides. @throws FhirError 422 for one that nobody but its owner can use */
function forRecord(call: Call): string {
  const authorization = call.req.header("Authorization") ?? "";
  if (!/^DPoP /i.test(authorization)) return authorization;
  const why = "A deposit is written with your own token, and this one is bound to your key (DPoP)";
  throw fhirError(422, "not-supported", `${why}: create the DocumentReference in the record yourself, or come with a bearer token`);
}
