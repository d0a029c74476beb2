import { html } from "../../lib/html.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import { ServiceError } from "../clients/caller.ts";
import { NoSuchPage, NotForYou, StaleForm, type Visit } from "../session/visit.ts";
import { errorTexts } from "./error-texts.ts";
import { fill } from "./language.ts";
import { page } from "./page.ts";

type Kind = "notFound" | "forbidden" | "stale" | "changed" | "tooLong" | "broken" | "unavailable" | "refused" | "signIn";

const statuses: Readonly<Record<Kind, number>> = {
  ...{ notFound: 404, forbidden: 403, stale: 403, changed: 409, tooLong: 413, broken: 500, unavailable: 503, refused: 422, signIn: 400 },
};

/** The page for something that was thrown; what nobody expected is logged. */
export function errorPage(visit: Visit, error: unknown): Response {
  const kind = kindOf(error);
  if (kind === "broken") {
    visit.context.log.error({ requestId: visit.context.requestId, error }, "unexpected error");
  } else if (error instanceof ServiceError && kind === "refused") {
    visit.context.log.warn({ requestId: visit.context.requestId, status: error.status }, "a service refused what the portal sent");
  }
  return pageFor(visit, kind);
}

export function pageFor(visit: Visit, kind: Kind): Response {
  const { language, address, call } = visit;
  const text = (name: keyof typeof errorTexts): string => errorTexts[name][language];
  const repeatable = call.req.method === "GET" && (kind === "unavailable" || kind === "broken");
  const response = page(visit, {
    title: text(`${kind}Title`),
    area: "public",
    status: statuses[kind],
    content: html`<p class="lead">${text(kind)}</p>
<p class="actions">${repeatable ? html`<a class="button" href="${address}">${text("again")}</a>` : undefined}<a${repeatable ? undefined : html` class="button"`} href="/portal/">${text("home")}</a></p>
${kind === "broken" ? html`<p class="small soft">${fill(text("number"), { id: visit.context.requestId })}</p>` : undefined}`,
  });
  if (kind === "unavailable") response.headers.set("Retry-After", "2");
  return response;
}

function kindOf(error: unknown): Kind {
  if (error instanceof NoSuchPage) return "notFound";
  if (error instanceof NotForYou) return "forbidden";
  if (error instanceof StaleForm) return "stale";
  const status = error instanceof ServiceError || error instanceof FhirError ? error.status : 500;
  if (status === 404 || status === 410) return "notFound";
  if (status === 403) return "forbidden";
  if (status === 409 || status === 412) return "changed";
  if (status === 413) return "tooLong";
  if (status === 502 || status === 503 || status === 504 || status === 429) return "unavailable";
  return status >= 400 && status < 500 ? "refused" : "broken";
}
