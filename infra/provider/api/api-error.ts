import { type JsonObject, listAt, numberAt, objectAt, parseJson, stringAt } from "../json.ts";

/** One reason the API server gives for a refusal. `field` is in the server's own spelling. */
export interface ErrorCause {
  reason: string;
  message: string;
  field: string;
}

/** The API server answered with an error. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly causes: ErrorCause[];
  readonly retryAfterMs: number | undefined;

  constructor(status: number, body: string, retryAfterMs?: number) {
    const parsed = parseJson(body);
    super(stringAt(parsed, "message") ?? (body.trim().slice(0, 500) || `HTTP status ${status}`));
    this.status = status;
    this.reason = stringAt(parsed, "reason") ?? "";
    this.causes = listAt(parsed, "details", "causes").map((cause) => ({
      reason: stringAt(cause, "reason") ?? "",
      message: stringAt(cause, "message") ?? "",
      field: stringAt(cause, "field") ?? "",
    }));
    const seconds = numberAt(objectAt(parsed, "details") as JsonObject, "retryAfterSeconds");
    this.retryAfterMs = retryAfterMs ?? (seconds === undefined ? undefined : seconds * 1000);
  }
}

/** The API server could not be reached, or the connection broke. */
export class UnreachableError extends Error {
  readonly server: string;

  constructor(server: string, cause: Error & { code?: string }) {
    super(`cannot reach the Kubernetes API server at ${server}: ${explain(cause)}`, { cause });
    this.server = server;
  }
}

/** The API server knows no such kind; a CustomResourceDefinition may be missing. */
export class UnknownKindError extends Error {
  constructor(apiVersion: string, kind: string) {
    super(
      `the cluster has no kind ${kind} in ${apiVersion}: its CustomResourceDefinition is not installed, or the resource must wait for it (dependsOn)`,
    );
  }
}

/** The operation was ended by Pulumi's Cancel (Ctrl-C). */
export class CancelledError extends Error {
  constructor() {
    super("cancelled");
  }
}

function explain(cause: Error & { code?: string }): string {
  switch (cause.code) {
    case "ECONNREFUSED":
      return "connection refused; check that the cluster is running and that the kubeconfig names the right address";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its name does not resolve; check the kubeconfig's server address and DNS";
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "no answer; check network, firewall and that the cluster is running";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `its certificate is not trusted (${cause.message}); check the kubeconfig's certificate-authority`;
    default:
      return cause.message || String(cause.code);
  }
}

/** There is no such object. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404 && error.reason === "NotFound";
}

/** There is no such path: this API server does not serve the kind, though another one of the cluster may already. */
export function isPathMissing(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status === 404 &&
    (error.reason !== "NotFound" || /could not find the requested resource/.test(error.message))
  );
}

/** A 404 for the namespace, not for the object itself. */
export function isNamespaceMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404 && /^namespaces? "[^"]*" not found/.test(error.message);
}

/** Another field manager owns some of the fields. */
export function isFieldConflict(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 409 && error.causes.some((cause) => cause.reason === "FieldManagerConflict");
}

/** An admission webhook could not be asked (it is not up yet, or no longer). */
export function isWebhookUnavailable(error: unknown): boolean {
  return error instanceof ApiError && /failed calling webhook/.test(error.message);
}

/** Worth trying again: the request was fine, the server or the network was not. */
export function isTransient(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  if (!(error instanceof ApiError)) return false;
  if (isWebhookUnavailable(error) || [408, 429, 502, 503, 504].includes(error.status)) return true;
  if (error.status === 409) return /the object has been modified|try again|being deleted/i.test(error.message) && !isFieldConflict(error);
  if (error.status === 403) return /because it is being terminated|not yet ready to handle request/.test(error.message);
  return (
    error.status === 500 &&
    /etcdserver|leader changed|timed? ?out|connection re|unexpected EOF|http2|context deadline|try again/i.test(error.message)
  );
}
