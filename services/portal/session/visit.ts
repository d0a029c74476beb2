import { getCookie } from "hono/cookie";
import type { Context } from "../../lib/context.ts";
import type { Call } from "../../lib/http.ts";
import { isLanguage, type Language, preferredLanguage } from "../../lib/language.ts";
import type { Principal } from "../../lib/principal.ts";
import type { Caller } from "../clients/caller.ts";
import type { Deps } from "../deps.ts";
import type { Assets } from "../layout/assets.ts";
import { formToken } from "./seal.ts";
import type { Session } from "./sessions.ts";

/** One request of somebody's browser. */
export interface Visit {
  call: Call;
  context: Context;
  language: Language;
  /** Path and query, for links back to here. */
  address: string;
  assets: Assets;
  session: Session | undefined;
  /** What the forms of the page carry; empty for somebody who is not signed in. */
  formToken: string;
}

/** A request of somebody who is signed in. */
export interface Member extends Visit {
  session: Session;
  principal: Principal;
  /** For the clients of the other services. */
  caller: Caller;
}

/** A request of a patient, or of somebody who acts for one. */
export interface PatientVisit extends Member {
  patientId: string;
}

export const sessionCookie = "dsp-session";
export const languageCookie = "dsp-language";

/** Nobody is signed in, and the page needs it. */
export class SignInNeeded extends Error {}

/** Somebody is signed in whom the page is not for. */
export class NotForYou extends Error {}

/** There is no such page. */
export class NoSuchPage extends Error {}

/** A form that did not come from a page of this session. */
export class StaleForm extends Error {}

const nobody: Principal = { subject: "nobody", clientId: "portal", role: "patient", scopes: [], issuer: "internal" };

export function languageOf(call: Call): Language {
  const chosen = getCookie(call, languageCookie, "host");
  return isLanguage(chosen) ? chosen : preferredLanguage(call.req.header("Accept-Language"));
}

/** Without a look at the session: for pages that must appear whatever is lost. */
export function visitOf(call: Call, deps: Deps): Visit {
  const { pathname, search } = new URL(call.req.url);
  return {
    call,
    context: {
      requestId: call.var.requestId,
      deadline: call.var.deadline,
      log: call.var.log,
      left: call.req.raw.signal,
      principal: nobody,
    },
    language: languageOf(call),
    address: pathname + search,
    assets: deps.assets,
    session: undefined,
    formToken: "",
  };
}

/** @throws FhirError 503 when it cannot be found out who is signed in */
export async function greet(call: Call, deps: Deps): Promise<Visit | Member> {
  const visit = visitOf(call, deps);
  const session = await deps.sessions.find(visit.context, getCookie(call, sessionCookie, "host"));
  if (!session) return visit;
  const { principal, tokens, secret } = session;
  const context = { ...visit.context, principal };
  const fresh = call.req.method !== "GET" || call.req.query("done") !== undefined;
  const caller = { context, token: tokens.accessToken, language: visit.language, fresh };
  return { ...visit, context, session, principal, caller, formToken: formToken(secret) };
}

/** @throws SignInNeeded, NotForYou */
export async function member(call: Call, deps: Deps, role?: Principal["role"]): Promise<Member> {
  const visit = await greet(call, deps);
  if (!("principal" in visit)) throw new SignInNeeded();
  if (role !== undefined && visit.principal.role !== role) throw new NotForYou();
  return visit;
}

/** Whether a patient is in the own record; else somebody acts for the patient, and sees what the patient allowed. */
export function isSelf({ principal, patientId }: PatientVisit): boolean {
  return principal.person === undefined || principal.person === `Patient/${patientId}`;
}

/** For what only patients themselves may do. @throws SignInNeeded, NotForYou */
export async function selfVisit(call: Call, deps: Deps): Promise<PatientVisit> {
  const visit = await patientVisit(call, deps);
  if (!isSelf(visit)) throw new NotForYou();
  return visit;
}

/** @throws SignInNeeded, NotForYou */
export async function patientVisit(call: Call, deps: Deps): Promise<PatientVisit> {
  const visit = await member(call, deps, "patient");
  const { patientId } = visit.principal;
  if (patientId === undefined) throw new NotForYou();
  return { ...visit, patientId };
}
