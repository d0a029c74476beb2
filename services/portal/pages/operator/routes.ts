import type { Hono } from "hono";
import type { Call, Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { type Member, member } from "../../session/visit.ts";
import { auditPage, verifyAudit } from "./audit.ts";
import { addReport, drillsPage } from "./drills.ts";
import { answerFeedback, feedbackPage } from "./feedback.ts";
import { platformNow, platformPage } from "./platform.ts";
import { answerReview, reviewPage, reviewsPage } from "./reviews.ts";
import { deskAccountPage, findAccount, resetAccount, resetAccountPassword, serviceDeskPage, unlockAccount } from "./service-desk.ts";

type Page = (visit: Member, deps: Deps) => Response | Promise<Response>;

/** For those who run the platform. They see no record. */
export function operatorRoutes(app: Hono<Env>, deps: Deps): void {
  const shown = (show: Page) => async (call: Call) => show(await member(call, deps, "operator"), deps);
  app.get("/operator", shown(platformPage));
  app.get("/operator/platform", shown(platformNow));
  app.get("/operator/drills", shown(drillsPage));
  app.get("/operator/drills/:id", shown(drillsPage));
  app.post("/operator/drill-reports", (call) => addReport(call, deps));
  app.get("/operator/reviews", shown(reviewsPage));
  app.get("/operator/reviews/:id", shown(reviewPage));
  app.post("/operator/reviews/:id", shown(answerReview));
  app.get("/operator/feedback", shown(feedbackPage));
  app.post("/operator/feedback/:id", shown(answerFeedback));
  app.get("/operator/service-desk", shown(serviceDeskPage));
  app.post("/operator/service-desk", shown(findAccount));
  app.get("/operator/service-desk/:id", shown(deskAccountPage));
  app.post("/operator/service-desk/:id/unlock", shown(unlockAccount));
  app.post("/operator/service-desk/:id/reset", shown(resetAccount));
  app.post("/operator/service-desk/:id/password", shown(resetAccountPassword));
  app.get("/operator/audit", shown(auditPage));
  app.post("/operator/audit/walks", shown(verifyAudit));
}
