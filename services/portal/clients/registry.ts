import type { Bundle, Parameters } from "@medplum/fhirtypes";
import type { ServiceClient } from "../../lib/service-client.ts";
import type { Caller } from "./caller.ts";
import { FhirClient } from "./fhir-client.ts";

/** Patients and their identifiers, and the directory (services/registry): for professionals and operators; a patient sees the own entry only. */
export class RegistryClient extends FhirClient {
  constructor(client: ServiceClient) {
    super(client, "/registry/fhir");
  }

  /** Patients who may be the one that is described, the likeliest first. */
  async match(caller: Caller, parameters: Parameters): Promise<Bundle> {
    return await this.json<Bundle>(caller, { method: "POST", path: `${this.base}/Patient/$match`, body: JSON.stringify(parameters) });
  }
}
