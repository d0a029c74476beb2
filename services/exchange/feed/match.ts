import type { Filter, Topic } from "../subscription/parse-subscription.ts";

/** A change of the record, as its feed tells it. */
export interface Change {
  type: string;
  id: string;
  version: number;
  method: string;
  patientIds: string[];
  category: string;
  changed: string;
}

function fits(filter: Filter, { type, patientIds, category }: Change): boolean {
  return (
    filter.type === type &&
    (filter.patientId === undefined || patientIds.includes(filter.patientId)) &&
    (filter.category === undefined || filter.category === category)
  );
}

/** Whether a change is of a topic and fits one of the filters; what the subscriber may know of it is another question. */
export function matches({ topic, filters }: { topic: Topic; filters: readonly Filter[] }, change: Change): boolean {
  if (topic === "message" || (topic === "document" && change.type !== "DocumentReference")) return false;
  return filters.length === 0 || filters.some((filter) => fits(filter, change));
}
