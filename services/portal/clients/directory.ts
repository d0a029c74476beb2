import type { Organization, Patient, Practitioner, PractitionerRole, Resource } from "@medplum/fhirtypes";
import { Deadline } from "../../lib/context.ts";
import { nationalNumberSystem } from "../../lib/national-number.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import { type Caller, ServiceError } from "./caller.ts";
import type { Query } from "./fhir-client.ts";
import type { RecordClient } from "./record.ts";
import type { RegistryClient } from "./registry.ts";

/** What somebody knows of a patient: the national number (13 digits), or a name with the day of birth (YYYY-MM-DD). */
export type PatientSearch = { number: string } | { name: string; birthDate: string };

/** Of the directory; an empty text means any. */
export interface DirectorySearch {
  name: string;
  profession: string;
  organizationId: string;
}

export interface DirectoryEntry {
  practitioner: Practitioner;
  role: PractitionerRole | undefined;
  organization: Organization | undefined;
}

/** Nobody waits longer for the registry where the record can answer too. */
const patienceMs = 3000;
const shownMax = "20";

/** Patients and the directory of professionals: the registry's answer, or the record's own search while the registry is not there. */
export class Directory {
  readonly #registry: RegistryClient;
  readonly #record: RecordClient;

  constructor(registry: RegistryClient, record: RecordClient) {
    this.#registry = registry;
    this.#record = record;
  }

  async findPatients(caller: Caller, search: PatientSearch): Promise<Patient[]> {
    const query: Query =
      "number" in search
        ? { identifier: `${nationalNumberSystem}|${search.number}` }
        : { ...namesOf(search.name), birthdate: search.birthDate };
    const bounded = { ...query, _count: shownMax };
    const ofRecord = async (): Promise<Patient[]> => (await this.#record.search<Patient>(caller, "Patient", bounded)).found;
    const found = await this.#orElse(async () => ofType<Patient>(await this.#search(caller, "Patient", bounded), "Patient"), ofRecord);
    // A record may be there before its patient is registered.
    return found.length > 0 ? found : await ofRecord();
  }

  async findColleagues(caller: Caller, { name, profession, organizationId }: DirectorySearch): Promise<DirectoryEntry[]> {
    return await this.#orElse(
      async () => {
        const resources = await this.#search(caller, "PractitionerRole", {
          ...(name === "" ? {} : { "practitioner.name": name.split(/\s+/) }),
          ...(profession === "" ? {} : { role: profession }),
          ...(organizationId === "" ? {} : { organization: `Organization/${organizationId}` }),
          ...{ active: "true", _include: ["PractitionerRole:practitioner", "PractitionerRole:organization"], _count: "50" },
        });
        return entriesOf(resources);
      },
      async () => await this.#colleaguesOfRecord(caller, name),
    );
  }

  async findOrganizations(caller: Caller, name: string): Promise<Organization[]> {
    const query = { ...(name === "" ? {} : { name }), _count: shownMax };
    return await this.#orElse(
      async () => ofType<Organization>(await this.#search(caller, "Organization", query), "Organization"),
      async () => (await this.#record.search<Organization>(caller, "Organization", query)).found,
    );
  }

  /** The record keeps the people without where they work. */
  async #colleaguesOfRecord(caller: Caller, name: string): Promise<DirectoryEntry[]> {
    const query = { ...(name === "" ? {} : { name: name.split(/\s+/) }), _count: "50" };
    const { found } = await this.#record.search<Practitioner>(caller, "Practitioner", query);
    return found.map((practitioner) => ({ practitioner, role: undefined, organization: undefined }));
  }

  async #search(caller: Caller, type: "Patient" | "PractitionerRole" | "Organization", query: Query): Promise<Resource[]> {
    const { context } = caller;
    const deadline = Deadline.after(Math.min(patienceMs, context.deadline.remainingMs()));
    const { found, included } = await this.#registry.search({ ...caller, context: { ...context, deadline } }, type, query);
    return [...found, ...included];
  }

  /** A registry that is not there, or does not know the address yet, is no reason to find nobody. */
  async #orElse<T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> {
    try {
      return await first();
    } catch (error) {
      const status = error instanceof ServiceError || error instanceof FhirError ? error.status : 500;
      if (status !== 404 && status < 502) throw error;
      return await second();
    }
  }
}

/** Two words may be a family and a given name in either order: both services look for each word in all names. */
function namesOf(name: string): { name: string[] } {
  return { name: name.split(/\s+/).filter(Boolean) };
}

function ofType<T extends Resource>(resources: readonly Resource[], type: T["resourceType"]): T[] {
  return resources.filter((resource): resource is T => resource.resourceType === type);
}

function entriesOf(resources: readonly Resource[]): DirectoryEntry[] {
  const people = new Map(ofType<Practitioner>(resources, "Practitioner").map((each) => [`Practitioner/${each.id}`, each]));
  const places = new Map(ofType<Organization>(resources, "Organization").map((each) => [`Organization/${each.id}`, each]));
  return ofType<PractitionerRole>(resources, "PractitionerRole").flatMap((role) => {
    const practitioner = people.get(role.practitioner?.reference ?? "");
    return practitioner ? [{ practitioner, role, organization: places.get(role.organization?.reference ?? "") }] : [];
  });
}
