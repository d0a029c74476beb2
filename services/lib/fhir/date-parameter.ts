import { fhirError } from "../operation-outcome.ts";
import { type DateRange, dateRange } from "./date-range.ts";

/** What a parameter of a query stands for; a plus sign in it has become a space. @throws FhirError 400 for what is no date */
export function dateParameter(query: URLSearchParams, name: string): DateRange | undefined {
  const text = query.get(name);
  const range = text === null ? undefined : dateRange(text.replace(" ", "+"));
  if (text !== null && !range) throw fhirError(400, "value", `${name} must be a date or an instant`, { expression: name });
  return range;
}
