/** A browser without a screen: cookies, redirections, forms. */
export class BrowserSession {
  readonly cookies = new Map<string, string>();
  readonly #origin: string;
  readonly #language: string;

  constructor(origin: string, language = "en") {
    this.#origin = origin;
    this.#language = language;
  }

  /** One request, redirections not followed. */
  async request(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address, this.#origin);
    const own = url.origin === this.#origin;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      ...init,
      redirect: "manual",
      headers: {
        "Accept-Language": this.#language,
        ...(own ? { Cookie: cookie } : {}),
        ...(init.headers as Record<string, string> | undefined),
      },
    });
    for (const line of own ? response.headers.getSetCookie() : []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Follows redirections to the page at their end. */
  async open(address: string, init: RequestInit = {}): Promise<{ status: number; text: string; path: string; headers: Headers }> {
    let response = await this.request(address, init);
    let at = new URL(address, this.#origin);
    for (let hops = 0; hops < 10 && response.status >= 300 && response.status < 400; hops++) {
      await response.arrayBuffer();
      at = new URL(response.headers.get("Location") ?? "", at);
      response = await this.request(at.href);
    }
    return { status: response.status, text: await response.text(), path: at.pathname + at.search, headers: response.headers };
  }

  /** Sends the page's form with this action, with its hidden fields. */
  async submit(text: string, action: string, fields: Record<string, string | string[]>, headers: Record<string, string> = {}) {
    const hidden = hiddenFields(text, action);
    const body = new URLSearchParams(hidden);
    for (const [name, value] of Object.entries(fields)) {
      body.delete(name);
      for (const each of [value].flat()) body.append(name, each);
    }
    return await this.open(action, { method: "POST", body, headers });
  }
}

export function hiddenFields(text: string, action: string): [string, string][] {
  const form = text.split("<form").find((part) => part.includes(`action="${action}"`));
  if (!form) throw new Error(`no form for ${action}`);
  const inside = form.split("</form>")[0] ?? "";
  return [...inside.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name = "", value = ""]) => [name, value]);
}
