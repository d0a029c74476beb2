import type { Organization } from "@medplum/fhirtypes";
import { html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { form, type Problems, textArea, textField } from "../../layout/forms.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { readForm } from "../../session/form.ts";
import type { Member } from "../../session/visit.ts";
import { profileTexts } from "./profile-texts.ts";

const draftName = "practice-profile";

/** The practice's letter head: as it was saved, else as far as the directory knows the practice. */
export async function profilePage(visit: Member, deps: Deps): Promise<Response> {
  const { caller, context, principal, language } = visit;
  const { organizationId } = principal;
  if (organizationId === undefined) {
    const content = html`<p class="lead">${profileTexts.noPractice[language]}</p>`;
    return page(visit, { title: profileTexts.title[language], area: "practice", content });
  }
  const [profile, draft] = await Promise.all([deps.practice.profile(context), deps.drafts.find(context, draftName)]);
  const known = profile ?? { ...(await ofDirectory(caller, deps, organizationId)), closing: profileTexts.closingUsual[language] };
  return show(visit, { values: { ...known, ...draft }, problems: {} });
}

async function ofDirectory(caller: Member["caller"], { record }: Deps, organizationId: string): Promise<Record<string, string>> {
  const { found } = await record.search<Organization>(caller, "Organization", { _id: organizationId });
  const [place] = found;
  const address = place?.address?.[0];
  const contact = (system: string): string => place?.telecom?.find((each) => each.system === system)?.value ?? "";
  const city = [address?.postalCode, address?.city].filter(Boolean).join(" ");
  return {
    ...{ name: place?.name ?? "", address: [...(address?.line ?? []), city].filter(Boolean).join("\n") },
    ...{ phone: contact("phone"), email: contact("email") },
  };
}

function show(
  visit: Member,
  { values, problems, key }: { values: Readonly<Record<string, string>>; problems: Problems; key?: string },
): Response {
  const { language } = visit;
  const text = (name: keyof typeof profileTexts): string => profileTexts[name][language];
  const optional = layoutTexts.optional[language];
  return page(visit, {
    title: text("title"),
    area: "practice",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`<p class="lead">${text("lead")}</p>${form(visit, {
      action: "/portal/practice/profile",
      submit: text("submit"),
      problems,
      draft: draftName,
      ...(key === undefined ? {} : { key }),
      content: html`${textField({ name: "name", label: text("name"), value: values.name, problem: problems.name, autocomplete: "organization" })}
${textArea({ name: "address", label: text("address"), value: values.address, problem: problems.address, rows: 3, maxLength: 400 })}
${textField({ name: "phone", label: text("phone"), value: values.phone, type: "tel", optional, autocomplete: "tel" })}
${textField({ name: "email", label: text("email"), value: values.email, type: "email", optional, autocomplete: "email" })}
${textField({ name: "closing", label: text("closing"), value: values.closing, optional })}`,
    })}`,
  });
}

export async function saveProfile(visit: Member, deps: Deps): Promise<Response> {
  const { context, call, language } = visit;
  const sent = await readForm(visit, deps);
  const problems: Record<string, string> = {};
  for (const name of ["name", "address"] as const) if (sent.text(name) === "") problems[name] = profileTexts[`${name}Missing`][language];
  if (Object.keys(problems).length > 0) return show(visit, { values: sent.fields, problems, key: sent.pageKey });
  await deps.practice.saveProfile(context, {
    ...{ name: sent.text("name"), address: sent.text("address").replaceAll("\r\n", "\n"), phone: sent.text("phone") },
    ...{ email: sent.text("email"), closing: sent.text("closing") },
  });
  await deps.practice.finish(context, "start", "profile");
  await deps.drafts.remove(context, draftName);
  return redirectAfterForm(call, "/portal/practice/start?done=profile");
}
