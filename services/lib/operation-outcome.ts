/** FHIR R4 issue types (http://hl7.org/fhir/issue-type) that this platform's services use. */
export type IssueCode =
  | "invalid"
  | "structure"
  | "required"
  | "value"
  | "invariant"
  | "security"
  | "login"
  | "expired"
  | "forbidden"
  | "processing"
  | "not-supported"
  | "duplicate"
  | "not-found"
  | "deleted"
  | "too-long"
  | "too-costly"
  | "code-invalid"
  | "conflict"
  | "transient"
  | "throttled"
  | "timeout"
  | "exception"
  | "informational";

export interface OperationOutcomeIssue {
  severity: "fatal" | "error" | "warning" | "information";
  code: IssueCode;
  details?: { text: string };
  expression?: string[];
}

export interface OperationOutcome {
  resourceType: "OperationOutcome";
  issue: OperationOutcomeIssue[];
}

/** The media type of every FHIR answer. */
export const fhirJson = "application/fhir+json; charset=utf-8";

/** An OperationOutcome with one issue. */
export function outcome(severity: OperationOutcomeIssue["severity"], code: IssueCode, text: string, expression?: string): OperationOutcome {
  return { resourceType: "OperationOutcome", issue: [issue(severity, code, text, expression)] };
}

/** One issue; `expression` is a FHIRPath to the element or the name of the search parameter it is about. A blank one, which FHIR does not allow, is left out. */
export function issue(
  severity: OperationOutcomeIssue["severity"],
  code: IssueCode,
  text: string,
  expression?: string,
): OperationOutcomeIssue {
  return { severity, code, details: { text }, ...(/\S/.test(expression ?? "") ? { expression: [expression ?? ""] } : {}) };
}

/**
 * The one error that becomes an HTTP answer: a status, an OperationOutcome and, where the protocol wants them, headers.
 * Anything else that is thrown is a programming error and becomes a bare 500.
 */
export class FhirError extends Error {
  readonly status: number;
  readonly outcome: OperationOutcome;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, outcome: OperationOutcome, headers: Record<string, string> = {}) {
    super(outcome.issue[0]?.details?.text ?? `HTTP ${status}`);
    this.name = "FhirError";
    this.status = status;
    this.outcome = outcome;
    this.headers = headers;
  }

  toResponse(): Response {
    return new Response(JSON.stringify(this.outcome), { status: this.status, headers: { ...this.headers, "Content-Type": fhirJson } });
  }
}

/** A FhirError with one issue of severity error. */
export function fhirError(
  status: number,
  code: IssueCode,
  text: string,
  options: { expression?: string; headers?: Record<string, string> } = {},
): FhirError {
  return new FhirError(status, outcome("error", code, text, options.expression), options.headers);
}

/** 499, which nobody reads: the client has left, and nothing was done for it. */
export function clientLeft(): FhirError {
  return fhirError(499, "transient", "The client has left");
}

/** 503: the platform could not serve the request within its deadline; the client may try again, safely with the same Idempotency-Key. */
export function unavailable(text: string, retryAfterSeconds = 1): FhirError {
  return fhirError(503, "transient", text, { headers: { "Retry-After": String(retryAfterSeconds) } });
}
