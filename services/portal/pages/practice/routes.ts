import type { Hono } from "hono";
import type { Call, Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { type Member, member } from "../../session/visit.ts";
import { agendaPage, moveVisit } from "./agenda.ts";
import { feedbackPage, giveFeedback } from "./feedback.ts";
import { newVisitPage, planVisit } from "./new-visit.ts";
import { profilePage, saveProfile } from "./profile.ts";
import { restartSteps, skipStep, startPage } from "./start.ts";
import { finishExercise, restartTraining, trainingPage } from "./training.ts";

type Page = (visit: Member, deps: Deps) => Response | Promise<Response>;

/** For a practice's own affairs, and feedback, which everybody may give. */
export function practiceRoutes(app: Hono<Env>, deps: Deps): void {
  const own =
    (show: Page) =>
    async (call: Call): Promise<Response> =>
      await show(await member(call, deps, "practitioner"), deps);
  app.get("/practice", (call) => call.redirect("/portal/practice/agenda"));
  app.get("/practice/agenda", own(agendaPage));
  app.get("/practice/visits/new", own(newVisitPage));
  app.post("/practice/visits/new", own(planVisit));
  app.post(
    "/practice/visits/:id/status",
    own((visit, parts) => moveVisit(visit, parts, visit.call.req.param("id") ?? "")),
  );
  app.get("/practice/profile", own(profilePage));
  app.post("/practice/profile", own(saveProfile));
  app.get("/practice/start", own(startPage));
  app.post("/practice/start/skip", own(skipStep));
  app.post("/practice/start/restart", own(restartSteps));
  app.get("/practice/training", own(trainingPage));
  app.post("/practice/training", own(finishExercise));
  app.post("/practice/training/restart", own(restartTraining));
  app.get("/feedback", async (call) => await feedbackPage(await member(call, deps), deps));
  app.post("/feedback", async (call) => await giveFeedback(await member(call, deps), deps));
}
