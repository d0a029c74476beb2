import { type Content, flag, type Html, html } from "../../lib/html.ts";
import { keyField, tokenField } from "../session/form.ts";
import type { Visit } from "../session/visit.ts";
import { layoutTexts } from "./texts.ts";

/** What is wrong with a form, by the name of the field. */
export type Problems = Readonly<Record<string, string>>;

export interface FormArgs {
  /** Where it is sent. */
  action: string;
  content: Content;
  /** On the button. */
  submit: string;
  /** The button is for something that cannot be taken back. */
  danger?: boolean;
  problems?: Problems;
  /** Keeps what is typed, in the browser and at the server, under this name. */
  draft?: string;
  /** It carries a file. */
  upload?: boolean;
  /** A key from an earlier attempt, so that it stays one attempt. */
  key?: string;
  /** Beside the button. */
  aside?: Content;
}

/** A form of a signed-in visitor: it proves where it comes from, and sent twice it does its thing once. */
export function form({ language, formToken }: Visit, args: FormArgs): Html {
  const { action, content, submit, problems = {}, draft, upload = false, danger = false, aside, key = crypto.randomUUID() } = args;
  return html`<form method="post" action="${action}" data-retry${draft === undefined ? undefined : html` data-draft="${draft}"`}${upload ? html` enctype="multipart/form-data"` : undefined} novalidate>
<input type="hidden" name="${tokenField}" value="${formToken}"><input type="hidden" name="${keyField}" value="${key}">
${problemSummary(problems, layoutTexts.problem[language])}
${content}
<p class="actions"><button class="button${danger ? " button-danger" : ""}">${submit}</button>${aside}</p>
</form>`;
}

/** A button that does one thing, with the values that it sends. */
export function actionButton(
  { formToken }: Visit,
  { action, text, values = {}, about }: { action: string; text: string; values?: Readonly<Record<string, string>>; about?: string },
): Html {
  return html`<form method="post" action="${action}" class="inline" data-retry><input type="hidden" name="${tokenField}" value="${formToken}"><input type="hidden" name="${keyField}" value="${crypto.randomUUID()}">${Object.entries(
    values,
  ).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<button class="button-secondary">${text}${about === undefined ? undefined : html` <span class="hidden">${about}</span>`}</button></form>`;
}

function problemSummary(problems: Problems, heading: string): Html | undefined {
  const entries = Object.entries(problems);
  if (entries.length === 0) return undefined;
  return html`<div class="notice notice-problem" role="alert" tabindex="-1" id="problems"><h2>${heading}</h2><ul>${entries.map(
    ([name, problem]) => html`<li><a href="#field-${name}">${problem}</a></li>`,
  )}</ul></div>`;
}

export interface FieldArgs {
  name: string;
  label: string;
  value?: string | undefined;
  hint?: string;
  problem?: string | undefined;
  /** Said beside the label. */
  optional?: string;
  /** The heading above says it already: for those who hear the page only. */
  labelHidden?: boolean;
}

function field(args: FieldArgs & { type?: string }, input: (described: Html | undefined) => Html): Html {
  const { name, label, hint, problem, optional, type } = args;
  const ids = [...(hint === undefined ? [] : [`hint-${name}`]), ...(problem === undefined ? [] : [`problem-${name}`])];
  const described = html`${ids.length > 0 ? html` aria-describedby="${ids.join(" ")}"` : undefined}${problem === undefined ? undefined : html` aria-invalid="true"`}`;
  return html`<div class="field${type === "date" ? " field-day" : ""}${problem === undefined ? "" : " field-problem"}"><label for="field-${name}">${label}${optional === undefined ? undefined : html` <span class="optional">(${optional})</span>`}</label>
${hint === undefined ? undefined : html`<p class="hint" id="hint-${name}">${hint}</p>`}${problem === undefined ? undefined : html`<p class="problem" id="problem-${name}">${problem}</p>`}
${input(described)}</div>`;
}

export function textField(
  args: FieldArgs & {
    type?: "text" | "date" | "search" | "email" | "tel";
    autocomplete?: string;
    inputmode?: "numeric";
    maxLength?: number;
  },
): Html {
  const { name, value = "", type = "text", autocomplete = "off", inputmode, maxLength = 200, optional } = args;
  return field(
    args,
    (described) =>
      html`<input id="field-${name}" name="${name}" type="${type}" value="${value}" maxlength="${maxLength}" autocomplete="${autocomplete}"${inputmode === undefined ? undefined : html` inputmode="${inputmode}"`}${flag("required", optional === undefined && type !== "search")}${described}>`,
  );
}

export function textArea(args: FieldArgs & { rows?: number; maxLength?: number }): Html {
  const { name, value = "", rows = 5, maxLength = 2000, optional } = args;
  return field(
    args,
    (described) =>
      // A line break right behind the tag would be lost.
      html`<textarea id="field-${name}" name="${name}" rows="${rows}" maxlength="${maxLength}"${flag("required", optional === undefined)}${described}>
${value}</textarea>`,
  );
}

export interface Choice {
  value: string;
  text: string;
  hint?: string;
}

export function selectField(args: FieldArgs & { choices: readonly Choice[] }): Html {
  const { name, value, choices } = args;
  return field(
    args,
    (described) =>
      html`<select id="field-${name}" name="${name}"${described}>${choices.map(
        (choice) => html`<option value="${choice.value}"${flag("selected", choice.value === value)}>${choice.text}</option>`,
      )}</select>`,
  );
}

export function fileField(args: FieldArgs & { accept: string; drop: string }): Html {
  const { name, accept, drop } = args;
  return field(
    args,
    (described) =>
      html`<div class="drop" data-drop><input id="field-${name}" name="${name}" type="file" accept="${accept}" required${described}><p class="drop-hint" hidden>${drop}</p></div>`,
  );
}

/** Radio buttons or checkboxes under one question. */
export function choiceField(
  args: FieldArgs & { choices: readonly Choice[]; type: "radio" | "checkbox"; values?: readonly string[] },
): Html {
  const { name, label, hint, problem, choices, type, value, optional } = args;
  const chosen = args.values ?? (value === undefined ? [] : [value]);
  const ids = [...(hint === undefined ? [] : [`hint-${name}`]), ...(problem === undefined ? [] : [`problem-${name}`])];
  return html`<fieldset class="field${problem === undefined ? "" : " field-problem"}"${ids.length > 0 ? html` aria-describedby="${ids.join(" ")}"` : undefined}><legend${args.labelHidden ? html` class="hidden"` : undefined}>${label}${optional === undefined ? undefined : html` <span class="optional">(${optional})</span>`}</legend>
${hint === undefined ? undefined : html`<p class="hint" id="hint-${name}">${hint}</p>`}${problem === undefined ? undefined : html`<p class="problem" id="problem-${name}">${problem}</p>`}
<div class="choices${choices.length > 6 ? " choices-many" : ""}">${choices.map((choice, place) => {
    const id = place === 0 ? `field-${name}` : `field-${name}-${place}`;
    return html`<div class="choice"><input type="${type}" id="${id}" name="${name}" value="${choice.value}"${flag("checked", chosen.includes(choice.value))}${choice.hint === undefined ? undefined : html` aria-describedby="${id}-hint"`}><label for="${id}">${choice.text}</label>${choice.hint === undefined ? undefined : html`<p class="hint" id="${id}-hint">${choice.hint}</p>`}</div>`;
  })}</div></fieldset>`;
}
