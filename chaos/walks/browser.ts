/** A browser without scripts: cookies, redirects, forms. */
import { CookieJar } from "./cookie-jar.ts";
import { type Form, fillForm } from "./form.ts";
import type { WebAnswer, WebClient } from "./web-client.ts";

const redirectsMax = 20;
const attemptMs = 10_000;

export interface Page {
  url: URL;
  status: number;
  text: string;
  /** Where a redirect leads that was not followed. */
  location: URL | undefined;
}

interface Request {
  url: URL;
  form?: Form;
  timeoutMs?: number;
  signal?: AbortSignal;
}

export class Browser {
  readonly #client: WebClient;
  readonly #jar = new CookieJar();

  constructor(client: WebClient) {
    this.#client = client;
  }

  /** One request; a redirect is not followed. @throws Error when no answer came */
  async visit({ url, form, timeoutMs = attemptMs, signal }: Request): Promise<Page> {
    const body = form === undefined ? undefined : new URLSearchParams(form.fields).toString();
    const cookie = this.#jar.header(url.pathname);
    const answer = await this.#client.ask({
      method: body === undefined ? "GET" : "POST",
      url,
      timeoutMs,
      headers: {
        accept: "text/html",
        "accept-language": "en",
        ...(cookie === undefined ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    this.#jar.keep(url.pathname, setCookies(answer));
    const to = answer.headers.location;
    const leads = answer.status >= 300 && answer.status <= 399 && typeof to === "string";
    return { url, status: answer.status, text: answer.body, location: leads ? new URL(to, url) : undefined };
  }

  /** Follows redirects within the origin. @throws Error where one leads out of it, or there is no end of them */
  async go(request: Request): Promise<Page> {
    let page = await this.visit(request);
    for (let hops = 0; page.location !== undefined; hops += 1) {
      if (hops >= redirectsMax) throw new Error(`more than ${redirectsMax} redirects, the last at ${page.url.pathname}`);
      if (page.location.origin !== request.url.origin) throw new Error(`${page.url.pathname} leads to another site`);
      const { timeoutMs, signal } = request;
      const limits = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(signal === undefined ? {} : { signal }) };
      page = await this.visit({ url: page.location, ...limits });
    }
    return page;
  }

  /** Fills in the form of the page that asks for this, and sends it. @throws Error when there is no such form */
  submit(page: Page, values: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Page> {
    const form = fillForm(page.text, values);
    if (form?.method !== "post")
      throw new Error(`${page.url.pathname} (HTTP ${page.status}) has no form for ${Object.keys(values).join(" and ")}`);
    return this.go({ url: new URL(form.action, page.url), form, ...(signal === undefined ? {} : { signal }) });
  }
}

function setCookies({ headers }: WebAnswer): readonly string[] {
  const lines = headers["set-cookie"];
  return Array.isArray(lines) ? lines : lines === undefined ? [] : [lines];
}
