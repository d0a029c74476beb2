import type { z } from "zod";
import { type Call, decodeUtf8, readBody } from "../lib/http.ts";
import { fhirError } from "../lib/operation-outcome.ts";
import type { Deps } from "./deps.ts";

/** The body, as the schema has it. @param advice what to send @throws FhirError 400 with the advice, 413 */
export async function readJson<T>(call: Call, deps: Deps, schema: z.ZodType<T>, advice: string): Promise<T> {
  const parsed = schema.safeParse(parseJson(decodeUtf8(await readBody(call, deps))));
  if (!parsed.success) throw fhirError(400, "invalid", advice);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
