import { demoPatients } from "../lib/demo-patients.ts";
import type { SeedResource } from "./seed-data.ts";
import { consents } from "./stories/consents.ts";
import { marie } from "./stories/marie.ts";
import { agenda, emma, lucas, noah } from "./stories/others.ts";

/**
 * The records of the people who have accounts (services/lib/demo-people.ts), each a story that shows something; all invented.
 * @param day YYYY-MM-DD, of the visits that the practice's agenda has today
 */
export function seedStories(day: string): SeedResource[] {
  return [...demoPatients(), ...marie(), ...lucas(), ...emma(), ...noah(), ...agenda(day), ...consents()].map((resource) => ({
    ...{ type: resource.resourceType, id: resource.id, resource },
  }));
}
