import { isObject, type Json, listAt, stringAt } from "../json.ts";
import { isNotFound, isPathMissing, UnknownKindError } from "./api-error.ts";
import type { Connection } from "./connection.ts";

/** How the API serves a kind. */
export interface ServedKind {
  plural: string;
  isNamespaced: boolean;
}

/** An answer is asked for again after this long when a kind was not in it. */
const staleAfterMs = 1_000;

/** Knows the kinds a cluster serves, asking for each group and version once and again when a kind is missing. */
export class Discovery {
  readonly #connection: Connection;
  readonly #versions = new Map<string, { askedAtMs: number; kinds: Promise<Map<string, ServedKind>> }>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Throws UnknownKindError when the cluster serves no such kind. */
  async find(apiVersion: string, kind: string, signal: AbortSignal): Promise<ServedKind> {
    const known = this.#versions.get(apiVersion);
    const found = known
      ? await known.kinds.then(
          (kinds) => kinds.get(kind),
          () => undefined,
        )
      : undefined;
    if (found) return found;
    if (!known || Date.now() - known.askedAtMs > staleAfterMs) {
      const entry = { askedAtMs: Date.now(), kinds: this.#ask(apiVersion, signal) };
      this.#versions.set(apiVersion, entry);
      entry.kinds.catch(() => {
        if (this.#versions.get(apiVersion) === entry) this.#versions.delete(apiVersion);
      });
    }
    const served = (await this.#versions.get(apiVersion)?.kinds)?.get(kind);
    if (!served) throw new UnknownKindError(apiVersion, kind);
    return served;
  }

  /** The cluster's version (`v1.36.3`) and every group and version it serves: what a chart may ask for. */
  async capabilities(signal: AbortSignal): Promise<{ version: string; apiVersions: string[] }> {
    const [version, groups] = await Promise.all([
      this.#connection.request({ method: "GET", path: "/version", signal, timeoutMs: 10_000 }),
      this.#connection.request({ method: "GET", path: "/apis", signal, timeoutMs: 10_000 }),
    ]);
    const apiVersions = listAt(groups.body, "groups").flatMap((group) =>
      listAt(group, "versions").map((item) => stringAt(item, "groupVersion") ?? ""),
    );
    return { version: stringAt(version.body, "gitVersion") ?? "", apiVersions: ["v1", ...apiVersions.filter((text) => text !== "")] };
  }

  async #ask(apiVersion: string, signal: AbortSignal): Promise<Map<string, ServedKind>> {
    const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      return readKinds((await this.#connection.request({ method: "GET", path, signal })).body);
    } catch (error) {
      if (isNotFound(error) || isPathMissing(error)) return new Map();
      throw error;
    }
  }
}

function readKinds(body: Json): Map<string, ServedKind> {
  const kinds = new Map<string, ServedKind>();
  for (const resource of listAt(body, "resources")) {
    const [plural, kind] = [stringAt(resource, "name"), stringAt(resource, "kind")];
    if (!plural || !kind || plural.includes("/") || !isObject(resource)) continue;
    kinds.set(kind, { plural, isNamespaced: resource.namespaced === true });
  }
  return kinds;
}
