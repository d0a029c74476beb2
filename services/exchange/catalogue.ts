import { Definitions } from "../lib/fhir/definitions.ts";
import { type IndexedParameter, indexedParameters } from "../lib/fhir/search-index.ts";

/** What professionals send each other. */
export const messageTypes = ["Communication", "ServiceRequest", "Task"] as const;
export type MessageType = (typeof messageTypes)[number];

export interface Catalogue {
  definitions: Definitions;
  types: ReadonlyMap<string, { parameters: ReadonlyMap<string, IndexedParameter> }>;
}

/** The FHIR types this service keeps, with the search parameters it finds them by. */
export function loadCatalogue(): Catalogue {
  const definitions = new Definitions([...messageTypes, "Subscription"]);
  const types = messageTypes.map((name) => {
    const known = [...indexedParameters(definitions, name)].filter(([, { kind }]) => ["token", "reference", "date", "uri"].includes(kind));
    return [name, { parameters: new Map(known) }] as const;
  });
  return { definitions, types: new Map(types) };
}

export function isMessageType(name: string): name is MessageType {
  return (messageTypes as readonly string[]).includes(name);
}
