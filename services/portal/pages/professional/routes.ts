import type { Hono } from "hono";
import type { Call, Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { type Member, member, NoSuchPage } from "../../session/visit.ts";
import { purposeOf } from "../practice/store.ts";
import { colleaguesPage } from "./colleagues.ts";
import { composePage, sendMessage, sendReferral } from "./compose.ts";
import { deposit, depositPage } from "./deposit.ts";
import { documentContent, documentPage } from "./document.ts";
import { documentsPage, reportPage, resultPage } from "./documents.ts";
import { emergencyPage, openInEmergency } from "./emergency.ts";
import { findPatient, findPatientPage } from "./find-patient.ts";
import { landingPage } from "./landing.ts";
import { messagesPage } from "./messages.ts";
import { prescribe, prescribePage } from "./prescribe.ts";
import { giveReason, reasonPage } from "./reason.ts";
import { recordPage } from "./record.ts";
import { type RecordVisit, recordPath } from "./record-visit.ts";
import { answerThread, attachmentContent, depositFromMessage, moveReferral, threadPage } from "./thread.ts";
import { lettersPage, write, writePage } from "./write.ts";

type Show<Visit> = (visit: Visit, deps: Deps, id: string) => Response | Promise<Response>;
const idPattern = /^[A-Za-z0-9\-.]{1,64}$/;

/** For health professionals. */
export function professionalRoutes(app: Hono<Env>, deps: Deps): void {
  /** A page of a professional's; `id` is what the address names, if anything. */
  const own =
    (show: Show<Member>) =>
    async (call: Call): Promise<Response> =>
      await show(await member(call, deps, "practitioner"), deps, idOf(call, "id"));
  app.get("/professional", own(landingPage));
  app.get("/professional/patients", own(findPatientPage));
  app.post("/professional/patients", own(findPatient));
  app.get("/professional/colleagues", own(colleaguesPage));
  recordRoutes(app, deps, own);
  app.get("/professional/messages", own(messagesPage));
  app.get(
    "/professional/messages/new",
    own((visit) => composePage(visit, deps, "message")),
  );
  app.post("/professional/messages/new", own(sendMessage));
  app.get("/professional/messages/threads/:id", own(threadPage));
  app.post("/professional/messages/threads/:id", own(answerThread));
  app.get("/professional/messages/attachments/:id", own(attachmentContent));
  app.post("/professional/messages/:id/deposit", own(depositFromMessage));
  app.get(
    "/professional/referrals/new",
    own((visit) => composePage(visit, deps, "referral")),
  );
  app.post("/professional/referrals/new", own(sendReferral));
  app.post("/professional/referrals/:id/status", own(moveReferral));
}

function recordRoutes(app: Hono<Env>, deps: Deps, own: (show: Show<Member>) => (call: Call) => Promise<Response>): void {
  const path = "/professional/patients/:id";
  app.get(`${path}/reason`, own(reasonPage));
  app.post(`${path}/reason`, own(giveReason));
  app.get(`${path}/emergency`, own(emergencyPage));
  app.post(`${path}/emergency`, own(openInEmergency));
  /** A page of a record: whoever has not said why they open it is asked first. */
  const opened = (show: Show<RecordVisit>) =>
    own(async (visit, _deps, patientId) => {
      const opening = await deps.practice.opening(visit.context, patientId, visit.call.req.method === "POST");
      if (!opening) {
        const wanted = visit.call.req.method === "GET" ? visit.address.slice(recordPath(patientId).length) : "";
        return visit.call.redirect(recordPath(patientId, `/reason?${new URLSearchParams({ wanted })}`), 303);
      }
      // The record keeps the reason with each access, for the patient to read.
      const context = { ...visit.context, purpose: purposeOf[opening.reason] };
      const stated = { ...visit, context, caller: { ...visit.caller, context }, patientId, opening };
      return await show(stated, deps, visit.call.req.param("part") === undefined ? "" : idOf(visit.call, "part"));
    });
  app.get(path, opened(recordPage));
  app.get(`${path}/documents`, opened(documentsPage));
  app.get(`${path}/documents/:part`, opened(documentPage));
  app.get(`${path}/documents/:part/content`, opened(documentContent));
  app.get(`${path}/reports/:part`, opened(reportPage));
  app.get(`${path}/results/:part`, opened(resultPage));
  app.get(`${path}/letters`, opened(lettersPage));
  app.get(`${path}/write`, opened(writePage));
  app.post(`${path}/write`, opened(write));
  app.get(`${path}/deposit`, opened(depositPage));
  app.post(`${path}/deposit`, opened(deposit));
  app.get(`${path}/prescribe`, opened(prescribePage));
  app.post(`${path}/prescribe`, opened(prescribe));
}

/** Empty where the address has none. @throws NoSuchPage for what is no FHIR id */
function idOf(call: Call, name: "id" | "part"): string {
  const id = call.req.param(name);
  if (id !== undefined && !idPattern.test(id)) throw new NoSuchPage();
  return id ?? "";
}
