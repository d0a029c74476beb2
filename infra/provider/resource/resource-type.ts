/** What a Pulumi URN and type token say about a resource. */
export interface ResourceType {
  /** `kubernetes:apps/v1:Deployment` */
  token: string;
  apiVersion: string;
  kind: string;
  /** A Patch resource owns single fields of an object that somebody else made. */
  isPatch: boolean;
}

/** The last type token of a URN's chain. Throws on a malformed URN. */
export function typeTokenOf(urn: string): string {
  const parts = urn.split("::");
  const token = parts[2]?.split("$").at(-1);
  if (parts.length < 4 || !parts[0]?.startsWith("urn:pulumi:") || !token) throw new Error(`not a Pulumi URN: ${urn}`);
  return token;
}

/** The resource's name in the program. */
export function resourceNameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/**
 * Reads a type token. The token of a Patch resource ends in `Patch` while its object has the kind without it, so the object's kind,
 * where known, decides for custom resources whose own kind ends in `Patch`.
 */
export function parseResourceType(token: string, objectKind?: string): ResourceType {
  const [pkg, apiPart, kindPart] = token.split(":");
  if (pkg !== "kubernetes" || !apiPart || !kindPart) throw new Error(`not a resource of the kubernetes package: ${token}`);
  const apiVersion = apiPart.startsWith("core/") ? apiPart.slice("core/".length) : apiPart;
  const isPatch = kindPart.endsWith("Patch") && kindPart !== "Patch" && kindPart !== objectKind;
  return { token, apiVersion, kind: isPatch ? kindPart.slice(0, -"Patch".length) : kindPart, isPatch };
}

/** Tokens of the SDK that are no single object of the API, with what to use instead. */
const unsupported: Record<string, string> = {
  "kubernetes:helm.sh/v3:Release": "use a Chart (helm.v4.Chart or helm.v3.Chart)",
  "kubernetes:meta/v1:Status": "a Status is an answer of the API server, not an object",
};

/** Why a resource of this type cannot be managed, or undefined when it can. */
export function unsupportedReason(token: string): string | undefined {
  const advice = unsupported[token];
  if (advice) return `this provider does not support ${token}: ${advice}`;
  const { apiVersion, kind } = parseResourceType(token);
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const isBuiltIn = !group.includes(".") || group.endsWith(".k8s.io");
  if (!isBuiltIn || !kind.endsWith("List")) return undefined;
  return `lists are not supported (${token}): a list is no object of its own; register each of its items as a resource`;
}
