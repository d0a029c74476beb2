/** What a run of the load stands on: a synthetic patient, and the hot records that all users change. */
import { z } from "zod";
import type { Operation } from "../history.ts";
import type { FhirClient } from "./fhir-client.ts";
import { codeSystem, hotRecords } from "./workloads.ts";

const createdSchema = z.object({ id: z.string(), meta: z.object({ versionId: z.coerce.number().int() }) });

export interface PreparedRun {
  /** Its id. */
  patient: string;
  /** `Observation/1f0…` */
  hot: string[];
  /** The creates of the hot records, with `n` below 0: they belong to the records' history. */
  operations: Operation[];
}

/** @throws Error when the platform does not take them */
export async function prepareRun(client: FhirClient, runName: string): Promise<PreparedRun> {
  const create = async (resource: { resourceType: string }, key: string) => {
    const body = JSON.stringify(resource);
    const answer = await client.call({ method: "POST", path: resource.resourceType, body, headers: { "idempotency-key": key } });
    const { id, meta } = createdSchema.parse(JSON.parse(answer.body));
    return { id, version: meta.versionId, status: answer.status };
  };
  const patient = await create({ resourceType: "Patient", ...{ name: [{ family: "Synthetic", given: [runName] }] } }, `${runName}-patient`);
  const operations: Operation[] = [];
  for (let record = 0; record < hotRecords; record++) {
    const value = `${runName}-hot-${record}`;
    const startMs = Date.now();
    const { id, version, status } = await create(
      {
        resourceType: "Observation",
        ...{ status: "final", code: { coding: [{ system: codeSystem, code: runName }] } },
        ...{ subject: { reference: `Patient/${patient.id}` }, effectiveDateTime: new Date(startMs).toISOString(), valueString: value },
      },
      value,
    );
    operations.push({
      n: record - hotRecords,
      kind: "create",
      key: value,
      ...{ dueMs: startMs, startMs, endMs: Date.now(), outcome: "ok", status, attempts: 1 },
      ...{ resource: `Observation/${id}`, version, value },
    });
  }
  return { patient: patient.id, hot: operations.map(({ resource }) => resource ?? ""), operations };
}
