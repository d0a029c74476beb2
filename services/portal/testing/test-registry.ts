import type { Server } from "node:http";
import type { Resource } from "@medplum/fhirtypes";
import { freePort } from "../../lib/testing/free-port.ts";
import { type Answered, type Asked, refusal, startStandIn } from "./stand-in.ts";

type Named = { name?: unknown; birthDate?: string; identifier?: { value?: string }[] };

/** In the registry's place: its addresses, its rule on what a patient is found by, and its bundles (services/registry/resource). */
export class TestRegistry {
  readonly port: number;
  readonly asked: URL[] = [];
  resources: Resource[] = [];
  /** It answers as a service that does not know these addresses. */
  away = false;
  #server: Server | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<TestRegistry> {
    const registry = new TestRegistry(await freePort());
    registry.#server = await startStandIn(registry.port, (asked) => registry.#answer(asked));
    return registry;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  #answer({ url, claims }: Asked): Answered {
    this.asked.push(url);
    const [, type] = /^\/registry\/fhir\/(\w+)$/.exec(url.pathname) ?? [];
    if (type === undefined || this.away) return refusal(404, "not-found", "There is no such resource");
    if (claims.role !== "practitioner") return refusal(403, "forbidden", "no");
    const query = url.searchParams;
    const known = query.has("identifier") || (query.has("name") && query.has("birthdate"));
    if (type === "Patient" && !known) return refusal(400, "required", "Patients are found by who knows them");
    const found = this.resources.filter((each) => each.resourceType === type && this.#fits(each, query));
    const included = this.#included(found, query);
    const entry = [
      ...found.map((resource) => ({ resource, search: { mode: "match" } })),
      ...included.map((resource) => ({ resource, search: { mode: "include" } })),
    ];
    return { status: 200, contentType: "application/fhir+json", content: { resourceType: "Bundle", type: "searchset", entry } };
  }

  #fits(resource: Resource, query: URLSearchParams): boolean {
    const { name, birthDate, identifier } = resource as Named;
    const words = [...query.getAll("name"), ...query.getAll("practitioner.name")].map((word) => word.toLowerCase());
    const numbers = query.getAll("identifier").map((value) => value.split("|")[1]);
    const text = JSON.stringify(resource.resourceType === "PractitionerRole" ? this.#included([resource], undefined) : name).toLowerCase();
    const organization = query.get("organization");
    const role = query.get("role");
    return (
      words.every((word) => text.includes(word)) &&
      numbers.every((number) => identifier?.some(({ value }) => value === number)) &&
      (query.get("birthdate") ?? birthDate) === birthDate &&
      (organization === null || JSON.stringify(resource).includes(`"${organization}"`)) &&
      (role === null || JSON.stringify(resource).includes(`"${role}"`))
    );
  }

  #included(found: readonly Resource[], query: URLSearchParams | undefined): Resource[] {
    if (query !== undefined && !query.has("_include")) return [];
    const text = JSON.stringify(found);
    return this.resources.filter((each) => each.resourceType !== "PractitionerRole" && text.includes(`"${each.resourceType}/${each.id}"`));
  }
}
