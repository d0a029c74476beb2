import type { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { type Call, type Env, readBody } from "../../lib/http.ts";
import type { Deps } from "../deps.ts";
import { pageHeaders, renderPage } from "../pages/page.ts";
import { expiredPage } from "../pages/provider-pages.ts";
import { leaveForUpstream } from "../upstream/leave.ts";
import { choosePatient, finish, refuse } from "./authorise.ts";
import { proveDeskCodes, renewPassword } from "./forgotten.ts";
import { enrol, proveCode, provePasskey, provePassword, proveRecovery, type Refusal } from "./prove.ts";
import { nextStep, recoveryPage, stepPage } from "./step-pages.ts";
import { putSignin } from "./store.ts";
import { cookieOptions, deviceCookie, languageOf, loadVisit, type Visit } from "./visit.ts";

/** The pages between an authorization request and its answer: who is it, which record, may the software. */
export function signinRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/interaction/:uid", async (call) => {
    const visit = await loadVisit(call, deps);
    return visit ? await show(visit) : expired(call);
  });
  app.post("/interaction/:uid", async (call) => {
    const fields = new URLSearchParams(new TextDecoder().decode(await readBody(call, deps)));
    const visit = await loadVisit(call, deps);
    if (!visit || !deps.cookieKeys.verify(fields.get("form") ?? "", "form", visit.uid)) return expired(call);
    setCookie(call, deviceCookie, visit.device, cookieOptions);
    return await act(visit, fields);
  });
}

function expired(call: Call): Response {
  return call.body(expiredPage(languageOf(call)), 400, pageHeaders);
}

async function show(visit: Visit, refusal?: Refusal): Promise<Response> {
  const step = nextStep(visit);
  if (step === "finish") return visit.call.redirect(await finish(visit), 303);
  const status = refusal === undefined ? 200 : refusal.reason === "wait" ? 429 : 422;
  const page = await stepPage(visit, step, refusal);
  return visit.call.body(renderPage(page), status, {
    ...pageHeaders,
    ...(refusal?.reason === "wait" ? { "Retry-After": String(Math.ceil(refusal.waitS)) } : {}),
  });
}

/** What a form asks for is done only when it is its turn: a form of a step that is over leads to the present one. */
async function act(visit: Visit, fields: URLSearchParams): Promise<Response> {
  const { call } = visit;
  const value = (name: string): string => fields.get(name) ?? "";
  const action = value("action");
  const step = nextStep(visit);
  if (action === "cancel") return call.redirect(await refuse(visit, "the person refused"), 303);
  if (action === "upstream" && step === "identify") return await leaveForUpstream(visit);
  if (action === "consent" && step === "consent") return call.redirect(await finish(visit), 303);
  if (action === "enrol" && step === "enrol") {
    const result = await enrol(visit, { code: value("code"), deskCode: value("desk") });
    if ("reason" in result) return await show(visit, result);
    return call.body(renderPage(recoveryPage(visit, result.recoveryCodes)), 200, pageHeaders);
  }
  const refusal = await attempt(visit, action, step, value);
  return refusal ? await show(visit, refusal) : call.redirect(new URL(call.req.url).pathname, 303);
}

async function attempt(visit: Visit, action: string, step: string, value: (name: string) => string): Promise<Refusal | undefined> {
  switch (`${action} at ${step}`) {
    case "password at identify":
      return await provePassword(visit, { login: value("login"), password: value("password") });
    case "forgotten at identify":
      return await proveDeskCodes(visit, { login: value("owner"), codes: [value("desk"), value("desk2")] });
    case "renew at renew":
      return await renewPassword(visit, value("wanted"));
    case "passkey at identify":
    case "passkey at factor":
      return await provePasskey(visit, value("credential"));
    case "code at factor":
      return await proveCode(visit, value("code"));
    case "recovery at factor":
      return await proveRecovery(visit, value("recovery"));
    case "patient at patient":
      return (await choosePatient(visit, value("patient"))) ? undefined : { reason: "patient" };
    case "restart at factor":
    case "restart at enrol":
    case "restart at renew":
      await visit.deps.database.write(visit.context, (transaction) => putSignin(transaction, visit.uid, { amr: [], complete: false }));
      return undefined;
    default:
      return undefined;
  }
}
