import type { Hono } from "hono";
import type { Call, Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { type PatientVisit, patientVisit, selfVisit } from "../../session/visit.ts";
import { accessesPage } from "./accesses.ts";
import { complain, complaintPage } from "./complaint.ts";
import { addDelegate, delegatesPage } from "./delegates.ts";
import { documentContent, documentPage, removeDocument } from "./document.ts";
import { documentsPage } from "./documents.ts";
import { downloadRecord } from "./download-record.ts";
import { overviewPage } from "./overview.ts";
import { closeRecord, recordPage, reopenRecord } from "./record.ts";
import { reportPage, resultPage } from "./report.ts";
import { endConsent, rightsPage, saveDefaults } from "./rights.ts";
import { addRule, rulePage } from "./rule.ts";
import { downloadSummary, summaryPage } from "./summary.ts";
import { uploadDocument, uploadPage } from "./upload.ts";
import { changeVisibility } from "./visibility.ts";

type Page = (visit: PatientVisit, deps: Deps) => Response | Promise<Response>;

/** For patients, and for those who act for one. */
export function patientRoutes(app: Hono<Env>, deps: Deps): void {
  const shown = (show: Page) => async (call: Call) => show(await patientVisit(call, deps), deps);
  const own = (show: Page) => async (call: Call) => show(await selfVisit(call, deps), deps);
  app.get("/patient", shown(overviewPage));
  app.get("/patient/documents", shown(documentsPage));
  app.get("/patient/documents/:id", shown(documentPage));
  app.get("/patient/documents/:id/content", shown(documentContent));
  app.post("/patient/documents/:id/remove", own(removeDocument));
  app.post(
    "/patient/documents/:id/visibility",
    own((visit) => changeVisibility(visit, deps, "DocumentReference", "/portal/patient/documents")),
  );
  app.get("/patient/reports/:id", shown(reportPage));
  app.post(
    "/patient/reports/:id/visibility",
    own((visit) => changeVisibility(visit, deps, "DiagnosticReport", "/portal/patient/reports")),
  );
  app.get("/patient/results/:id", shown(resultPage));
  app.post(
    "/patient/results/:id/visibility",
    own((visit) => changeVisibility(visit, deps, "Observation", "/portal/patient/results")),
  );
  app.get("/patient/upload", own(uploadPage));
  app.post("/patient/upload", own(uploadDocument));
  app.get("/patient/summary", shown(summaryPage));
  app.get("/patient/summary/download", shown(downloadSummary));
  app.get("/patient/accesses", own(accessesPage));
  app.get("/patient/accesses/:id/report", own(complaintPage));
  app.post("/patient/accesses/:id/report", own(complain));
  app.get("/patient/rights", own(rightsPage));
  app.get("/patient/rights/new", own(rulePage));
  app.post("/patient/rights", own(addRule));
  app.post("/patient/rights/defaults", own(saveDefaults));
  app.post(
    "/patient/rights/:id/end",
    own((visit) => endConsent(visit, deps, "/portal/patient/rights")),
  );
  app.get("/patient/delegates", shown(delegatesPage));
  app.post("/patient/delegates", own(addDelegate));
  app.post(
    "/patient/delegates/:id/end",
    own((visit) => endConsent(visit, deps, "/portal/patient/delegates")),
  );
  app.get("/patient/record", own(recordPage));
  app.post("/patient/record/close", own(closeRecord));
  app.post("/patient/record/reopen", own(reopenRecord));
  app.get("/patient/record/download", own(downloadRecord));
}
