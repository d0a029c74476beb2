import type { AuditEvent, Bundle, Parameters, Task } from "@medplum/fhirtypes";
import type { ServiceClient } from "../../lib/service-client.ts";
import { type Caller, callAs, onceDone } from "./caller.ts";

const json = { "Content-Type": "application/fhir+json", Accept: "application/fhir+json" };

export interface ChainDefect {
  kind: string;
  /** Place in the chain; absent for a record that is in no place. */
  sequence?: number;
}

/** What the record (services/record/oversight) tells operators, who have no other right there. Heads are SEQUENCE:HASH. */
export class OversightClient {
  readonly #record: ServiceClient;

  constructor(record: ServiceClient) {
    this.#record = record;
  }

  async chainState(caller: Caller): Promise<{ head: string; waiting: number }> {
    const parameters = await this.#get<Parameters>(caller, "/fhir/$audit-chain");
    return { head: parameterOf(parameters, "head")?.valueString ?? "", waiting: parameterOf(parameters, "waiting")?.valueDecimal ?? 0 };
  }

  /** Verifies a bounded part of the chain. `waiting` is there at its end. */
  async verifyPart(
    caller: Caller,
    after: string,
    noted: string | undefined,
  ): Promise<{ head: string; more: boolean; waiting: number | undefined; defects: ChainDefect[] }> {
    const query = new URLSearchParams({ after, ...(noted === undefined ? {} : { noted }) });
    const parameters = await this.#get<Parameters>(caller, `/fhir/$audit-chain?${query}`);
    return {
      head: parameterOf(parameters, "head")?.valueString ?? after,
      more: parameterOf(parameters, "more")?.valueBoolean ?? false,
      waiting: parameterOf(parameters, "waiting")?.valueDecimal,
      defects: (parameters.parameter ?? []).filter(({ name }) => name === "defect").map(defectOf),
    };
  }

  /** A page of what is to be examined, the newest first. @param cursor a former page's `next` */
  async reviews(caller: Caller, status: "open" | "done", cursor: string | undefined): Promise<{ tasks: Task[]; next: string | undefined }> {
    const query = new URLSearchParams({ status, ...(cursor === undefined ? {} : { _cursor: cursor }) });
    const bundle = await this.#get<Bundle>(caller, `/fhir/$reviews?${query}`);
    const next = bundle.link?.find(({ relation }) => relation === "next")?.url;
    return {
      tasks: (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === "Task" ? [resource] : [])),
      next: next === undefined ? undefined : (new URL(next).searchParams.get("_cursor") ?? undefined),
    };
  }

  /** One of them, with the audit record that it is about. @throws ServiceError 404 */
  async review(caller: Caller, id: string): Promise<{ task: Task; event: AuditEvent | undefined }> {
    const { entry = [] } = await this.#get<Bundle>(caller, `/fhir/$reviews/${encodeURIComponent(id)}`);
    const task = entry.find(({ resource }) => resource?.resourceType === "Task")?.resource as Task;
    return { task, event: entry.find(({ resource }) => resource?.resourceType === "AuditEvent")?.resource as AuditEvent | undefined };
  }

  /** @throws ServiceError 409 when somebody else has answered it */
  async answer(caller: Caller, id: string, answer: { status: "in-progress" | "completed"; text: string }, key: string): Promise<void> {
    const body: Parameters = {
      resourceType: "Parameters",
      parameter: [
        { name: "status", valueCode: answer.status },
        { name: "text", valueString: answer.text },
      ],
    };
    const headers = { ...json, "Idempotency-Key": key };
    const path = `/fhir/$reviews/${encodeURIComponent(id)}`;
    await onceDone(callAs(caller, this.#record, { method: "POST", path, headers, body: JSON.stringify(body) }));
  }

  async #get<T>(caller: Caller, path: string): Promise<T> {
    const { body } = await callAs(caller, this.#record, { method: "GET", path, headers: json });
    return JSON.parse(body.toString()) as T;
  }
}

type Parameter = NonNullable<Parameters["parameter"]>[number];

function parameterOf({ parameter }: Parameters, name: string): Parameter | undefined {
  return parameter?.find((each) => each.name === name);
}

function defectOf({ part }: Parameter): ChainDefect {
  const sequence = part?.find(({ name }) => name === "sequence")?.valueDecimal;
  return { kind: part?.find(({ name }) => name === "kind")?.valueCode ?? "", ...(sequence === undefined ? {} : { sequence }) };
}
