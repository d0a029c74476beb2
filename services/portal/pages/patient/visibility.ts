import type { DiagnosticReport, DocumentReference, Observation } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, form } from "../../layout/forms.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { isSelf, type PatientVisit } from "../../session/visit.ts";
import { documentTexts } from "./document-texts.ts";
import { type EntryResource, type Level, levelOf, withLevel } from "./entry.ts";

const levels = ["normal", "restricted", "secret"] as const;

/** Hides or shows one part of the record. */
export function visibilityForm(visit: PatientVisit, resource: EntryResource, action: string): Html | undefined {
  if (!isSelf(visit)) return undefined;
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][visit.language];
  return html`<section class="no-print"><h2>${text("visibility")}</h2>${form(visit, {
    action,
    submit: text("save"),
    content: html`${choiceField({
      name: "level",
      label: text("visibility"),
      labelHidden: true,
      hint: text("visibilityHint"),
      type: "radio",
      value: levelOf(resource.meta),
      choices: levels.map((level) => ({ value: level, text: text(level), hint: text(`${level}Hint`) })),
    })}`,
  })}</section>`;
}

/** Writes the level that was chosen, unless it is the one already. */
export async function changeVisibility(
  visit: PatientVisit,
  deps: Deps,
  type: EntryResource["resourceType"],
  back: string,
): Promise<Response> {
  const { caller, call } = visit;
  const sent = await readForm(visit, deps);
  const level: Level | undefined = levels.find((each) => each === sent.text("level"));
  const id = call.req.param("id") ?? "";
  const resource = await deps.record.read<DocumentReference | DiagnosticReport | Observation>(caller, type, id);
  if (level !== undefined && level !== levelOf(resource.meta)) await deps.record.update(caller, withLevel(resource, level), sent.key);
  return redirectAfterForm(call, `${back}/${id}?done=saved`);
}
