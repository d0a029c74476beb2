import type { Encounter, Patient } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { actionButton, textField } from "../../layout/forms.ts";
import { dateText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { conceptText } from "../patient/entry.ts";
import { nameText } from "../patient/overview.ts";
import { recordPath } from "../professional/record-visit.ts";
import { agendaTexts } from "./agenda-texts.ts";
import { moved, nextStatuses, statusText } from "./encounter.ts";
import { dayAfter, instantOf, localDay, localTime } from "./local-day.ts";

const path = "/portal/practice/agenda";
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

/** The visits of one day, of the practice or of the visitor alone, in their order. */
export async function agendaPage(visit: Member, deps: Deps): Promise<Response> {
  const { call, language } = visit;
  const text = (name: keyof typeof agendaTexts): string => agendaTexts[name][language];
  const asked = call.req.query("day") ?? "";
  const day = dayPattern.test(asked) && !Number.isNaN(Date.parse(asked)) ? asked : localDay();
  const whose = call.req.query("whose") === "mine" ? "mine" : "practice";
  const { found, included } = await visitsOf(visit, deps, day, whose);
  const patients = new Map(included.flatMap((each) => (each.resourceType === "Patient" ? [[`Patient/${each.id}`, each as Patient]] : [])));
  const done = call.req.query("done");
  const link = (to: string, name: "before" | "after" | "today"): Html =>
    html`<a class="button-secondary" href="${path}?${new URLSearchParams({ day: to, whose }).toString()}">${text(name)}</a>`;
  return page(visit, {
    title: text("title"),
    area: "practice",
    notice: done === "planned" || done === "moved" ? html`<p>${text(done)}</p>` : undefined,
    content: html`<div class="tabs-row"><p class="agenda-day">${day === localDay() ? html`<strong>${text("today")}</strong>, ` : undefined}${dateText(day, language)}</p><a class="button" href="/portal/practice/visits/new?day=${day}">${text("add")}</a></div>
<div class="agenda-tools"><nav class="pager" aria-label="${text("day")}">${link(dayAfter(day, -1), "before")}${day === localDay() ? undefined : link(localDay(), "today")}${link(dayAfter(day, 1), "after")}</nav>
<form method="get" action="${path}" class="agenda-jump"><input type="hidden" name="whose" value="${whose}">${textField({ name: "day", label: text("day"), value: day, type: "date" })}<button class="button-secondary">${text("show")}</button></form></div>
<nav class="tabs" aria-label="${text("whose")}"><ul>${(["practice", "mine"] as const).map((each) => html`<li><a href="${path}?${new URLSearchParams({ day, whose: each }).toString()}"${each === whose ? html` aria-current="page"` : undefined}>${text(each === "mine" ? "onlyMine" : "whole")}</a></li>`)}</ul></nav>
${found.length === 0 ? html`<p class="empty">${text("empty")} <a href="/portal/professional/patients">${text("find")}</a></p>` : html`<ul class="entries">${found.map((each) => line(visit, each, patients.get(each.subject?.reference ?? "")))}</ul>`}`,
  });
}

async function visitsOf({ caller, principal }: Member, { record }: Deps, day: string, whose: "mine" | "practice") {
  const { organizationId, person = "" } = principal;
  const of =
    whose === "mine" || organizationId === undefined ? { practitioner: person } : { "service-provider": `Organization/${organizationId}` };
  const date = [`ge${instantOf(day, "00:00")}`, `lt${instantOf(dayAfter(day, 1), "00:00")}`];
  return await record.search<Encounter>(caller, "Encounter", { ...of, date, _sort: "date", _count: "100", _include: "Encounter:subject" });
}

function line(visit: Member, encounter: Encounter, patient: Patient | undefined): Html {
  const { language } = visit;
  const text = (name: keyof typeof agendaTexts): string => agendaTexts[name][language];
  const id = encounter.subject?.reference?.slice("Patient/".length) ?? "";
  const name = patient ? nameText(patient.name) : text("unknown");
  const facts = [
    patient === undefined ? "" : dateText(patient.birthDate, language),
    (encounter.reasonCode ?? []).map((each) => conceptText(each)).join(", "),
    encounter.participant?.[0]?.individual?.display ?? "",
  ];
  const moves = (nextStatuses[encounter.status] ?? []).map((status) =>
    actionButton(visit, {
      ...{ action: `/portal/practice/visits/${encodeURIComponent(encounter.id ?? "")}/status`, about: name },
      ...{ text: text(status as "arrived"), values: { status } },
    }),
  );
  const time = encounter.period?.start === undefined ? "" : localTime(encounter.period.start);
  return html`<li class="visit visit-${encounter.status}"><div class="visit-time">${time}</div><div class="entry"><a class="entry-title" href="${recordPath(id)}">${name}</a> <span class="tag">${statusText(encounter.status, language)}</span><p class="soft small">${facts.filter(Boolean).join(" · ")}</p></div><div class="visit-moves">${moves}${encounter.status === "in-progress" || encounter.status === "finished" ? html`<a class="button-secondary" href="${recordPath(id, "/write?template=note")}">${text("note")} <span class="hidden">${name}</span></a>` : undefined}</div></li>`;
}

/** Done again, or by somebody else a moment before, it is as wanted already. */
export async function moveVisit(visit: Member, deps: Deps, id: string): Promise<Response> {
  const { caller, call } = visit;
  const sent = await readForm(visit, deps);
  const encounter = await deps.record.read<Encounter>(caller, "Encounter", id);
  const wanted = sent.text("status") as Encounter["status"];
  const day = encounter.period?.start === undefined ? localDay() : localDay(new Date(encounter.period.start));
  if (encounter.status !== wanted) {
    if (!nextStatuses[encounter.status]?.includes(wanted)) throw new NoSuchPage();
    await deps.record.update(caller, moved(encounter, wanted, new Date().toISOString()), sent.key);
  }
  return redirectAfterForm(call, `${path}?day=${day}&done=moved`);
}
