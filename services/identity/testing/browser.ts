/** A browser without scripts, for tests: cookies, redirects, forms. */
export class Browser {
  readonly #fetch: typeof fetch;
  readonly #cookies = new Map<string, { value: string; path: string }>();
  readonly #headers: Record<string, string>;
  /** The page that is shown. */
  url = new URL("about:blank");
  status = 0;
  text = "";
  responseHeaders = new Headers();

  readonly #site: string;

  /** @param site the path under which redirects are followed */
  constructor(fetch: typeof globalThis.fetch, headers: Record<string, string> = {}, site = "/identity/") {
    this.#fetch = fetch;
    this.#headers = headers;
    this.#site = site;
  }

  /** A copy that shares nothing but the cookies there are now. */
  copy(): Browser {
    const copy = new Browser(this.#fetch, this.#headers, this.#site);
    for (const [key, cookie] of this.#cookies) copy.#cookies.set(key, cookie);
    return copy;
  }

  cookie(name: string): string | undefined {
    return [...this.#cookies].find(([key]) => key.startsWith(`${name};`))?.[1].value;
  }

  /** Follows redirects within the site; one that leads elsewhere is where it stops. */
  async go(address: string | URL, init: RequestInit = {}): Promise<this> {
    let request: RequestInit = init;
    this.url = new URL(address, this.url.href === "about:blank" ? undefined : this.url);
    for (let hops = 0; hops < 20; hops++) {
      const headers = { ...this.#headers, Cookie: this.#cookieHeader(), ...(request.headers as Record<string, string> | undefined) };
      const response = await this.#fetch(this.url, { ...request, headers, redirect: "manual" });
      this.#keep(response);
      this.status = response.status;
      this.responseHeaders = response.headers;
      this.text = await response.text();
      const location = response.headers.get("Location");
      if (location === null || response.status < 300 || response.status > 399) return this;
      const next = new URL(location, this.url);
      const inside = next.origin === this.url.origin && next.pathname.startsWith(this.#site);
      this.url = next;
      if (!inside) return this;
      request = {};
    }
    throw new Error("too many redirects");
  }

  /** Fills in and sends the form with this hidden `action`. */
  async submit(action: string, values: Record<string, string> = {}): Promise<this> {
    const form = this.forms().find((each) => each.fields.action === action);
    if (!form) throw new Error(`no form ${action} on ${this.url.pathname} (${this.status}): ${this.text.slice(0, 1500)}`);
    return await this.post(form.to, { ...form.fields, ...values });
  }

  async post(to: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<this> {
    return await this.go(new URL(to, this.url), {
      method: "POST",
      body: new URLSearchParams(fields).toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    });
  }

  forms(): { to: string; fields: Record<string, string>; options: string | undefined }[] {
    return [...this.text.matchAll(/<form ([^>]*)>([\s\S]*?)<\/form>/g)].map(([, attributes = "", body = ""]) => ({
      to: decode(/action="([^"]*)"/.exec(attributes)?.[1] ?? ""),
      options: decodeMaybe(/data-options="([^"]*)"/.exec(attributes)?.[1]),
      fields: Object.fromEntries(
        [...body.matchAll(/<input ([^>]*type="hidden"[^>]*)>/g)].map(([, input = ""]) => [
          decode(/name="([^"]*)"/.exec(input)?.[1] ?? ""),
          decode(/value="([^"]*)"/.exec(input)?.[1] ?? ""),
        ]),
      ),
    }));
  }

  #cookieHeader(): string {
    return [...this.#cookies]
      .filter(([, { path }]) => this.url.pathname === path || this.url.pathname.startsWith(path.endsWith("/") ? path : `${path}/`))
      .map(([key, { value }]) => `${key.slice(0, key.indexOf(";"))}=${value}`)
      .join("; ");
  }

  #keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf("="));
      const value = pair.slice(pair.indexOf("=") + 1);
      const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? "/";
      if (value === "" || attributes.some((each) => /^expires=thu, 01 jan 1970/i.test(each))) this.#cookies.delete(`${name};${path}`);
      else this.#cookies.set(`${name};${path}`, { value, path });
    }
  }
}

function decode(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function decodeMaybe(text: string | undefined): string | undefined {
  return text === undefined ? undefined : decode(text);
}
