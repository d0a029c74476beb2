/** The cookies of one browser at one origin, as RFC 6265 has them: by name and path, gone when they expire. */
interface Cookie {
  name: string;
  value: string;
  path: string;
  /** Milliseconds since 1970; undefined: as long as the browser is open. */
  expiresMs: number | undefined;
}

/** RFC 6265, 5.1.4: the folder of the page that set it. */
function defaultPath(pathname: string): string {
  const end = pathname.lastIndexOf("/");
  return end <= 0 ? "/" : pathname.slice(0, end);
}

function isWithin(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
}

function expiryOf(attributes: ReadonlyMap<string, string>, nowMs: number): number | undefined {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return nowMs + Number(maxAge) * 1_000;
  const expires = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(expires) ? undefined : expires;
}

export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @param lines the values of an answer's Set-Cookie headers */
  keep(pathname: string, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = "", ...rest] = line.split(";").map((part) => part.trim());
      const [name, value] = splitPair(pair);
      if (name === "") continue;
      const attributes = new Map(rest.map((part) => splitPair(part)).map(([key, given]) => [key.toLowerCase(), given]));
      const given = attributes.get("path") ?? "";
      const path = given.startsWith("/") ? given : defaultPath(pathname);
      const expiresMs = expiryOf(attributes, this.#now());
      if (expiresMs !== undefined && expiresMs <= this.#now()) this.#cookies.delete(`${name};${path}`);
      else this.#cookies.set(`${name};${path}`, { name, value, path, expiresMs });
    }
  }

  /** The Cookie header for a page; undefined where there is none to send. */
  header(pathname: string): string | undefined {
    const fitting = [...this.#cookies.values()]
      .filter(({ path, expiresMs }) => isWithin(pathname, path) && (expiresMs === undefined || expiresMs > this.#now()))
      // The longer path first: servers take the first of two of the same name.
      .toSorted((left, right) => right.path.length - left.path.length);
    return fitting.length === 0 ? undefined : fitting.map(({ name, value }) => `${name}=${value}`).join("; ");
  }
}

function splitPair(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
