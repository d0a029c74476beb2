import type { Context } from "../../lib/context.ts";
import type { Language } from "../../lib/language.ts";
import type { OperationOutcome } from "../../lib/operation-outcome.ts";
import type { ServiceAnswer, ServiceClient, ServiceRequest, StreamedAnswer } from "../../lib/service-client.ts";

/** Who asks another service: a person, with their own token. */
export interface Caller {
  context: Context;
  token: string;
  language: Language;
  /** They have just changed something and must see it: no answer from a standby. */
  fresh: boolean;
}

/** Another service's refusal, as it gave it. */
export class ServiceError extends Error {
  readonly status: number;
  /** What is wrong, in the service's words: for the log and for forms that have no better ones. */
  readonly reason: string;
  /** FHIR's issue type; empty where the answer was no OperationOutcome. */
  readonly code: string;

  constructor(status: number, { reason, code }: { reason: string; code: string }) {
    super(`a service answered ${status}`);
    this.name = "ServiceError";
    this.status = status;
    this.reason = reason;
    this.code = code;
  }
}

/**
 * A write of a form. The form's key covers all that was entered; a service that knows the key from a request that looks different has done the
 * same form before, in a record that has changed by it since.
 * @returns undefined when an earlier attempt had done it
 */
export async function onceDone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ServiceError && error.status === 422 && error.code === "duplicate") return undefined;
    throw error;
  }
}

/** Calls with the caller's token. @throws ServiceError for an answer of 400 and more; FhirError 503 past the deadline */
export async function callAs(caller: Caller, client: ServiceClient, request: ServiceRequest): Promise<ServiceAnswer> {
  return accepted(await client.call(caller.context, requestAs(caller, request)));
}

/** As `callAs`, for what may be long. @throws ServiceError, FhirError 503 */
export async function streamAs(caller: Caller, client: ServiceClient, request: ServiceRequest): Promise<StreamedAnswer> {
  return accepted(await client.stream(caller.context, requestAs(caller, request)));
}

function requestAs({ token, language, fresh }: Caller, request: ServiceRequest): ServiceRequest {
  return {
    ...request,
    headers: {
      Authorization: `Bearer ${token}`,
      "Accept-Language": language,
      ...(fresh ? { "Cache-Control": "no-cache" } : {}),
      ...request.headers,
    },
  };
}

function accepted<Answer extends StreamedAnswer>(answer: Answer): Answer {
  if (answer.status >= 400) throw new ServiceError(answer.status, reasonOf(answer));
  return answer;
}

function reasonOf({ body }: StreamedAnswer): { reason: string; code: string } {
  try {
    const [issue] = (JSON.parse(body.toString()) as Partial<OperationOutcome>).issue ?? [];
    return { reason: issue?.details?.text ?? "", code: issue?.code ?? "" };
  } catch {
    return { reason: "", code: "" };
  }
}
