import { z } from "zod";
import type { Need, Scenario } from "./scenarios.ts";

const statementSchema = z.object({
  rest: z.tuple([
    z.object({
      interaction: z.array(z.object({ code: z.string() })).default([]),
      resource: z
        .array(
          z.object({
            type: z.string(),
            interaction: z.array(z.object({ code: z.string() })).default([]),
            operation: z.array(z.object({ name: z.string() })).default([]),
          }),
        )
        .default([]),
    }),
  ]),
});

export type Capability = z.infer<typeof statementSchema>["rest"][0];

/** What of a CapabilityStatement the scenarios depend on. @throws Error when it is none */
export function readCapability(statement: unknown): Capability {
  return statementSchema.parse(statement).rest[0];
}

function offers(capability: Capability, need: Need): boolean {
  if ("system" in need) return capability.interaction.some(({ code }) => code === need.system);
  const resource = capability.resource.find(({ type }) => type === need.type);
  if ("interaction" in need) return resource?.interaction.some(({ code }) => code === need.interaction) ?? false;
  return resource?.operation.some(({ name }) => name === need.operation) ?? false;
}

function inWords(need: Need): string {
  if ("system" in need) return need.system;
  return "interaction" in need ? `${need.interaction} of ${need.type}` : `$${need.operation} of ${need.type}`;
}

export interface Skipped {
  scenario: string;
  because: string;
}

/** Those that the running service says it can do, and why the others are left out. */
export function sortOut(wanted: readonly Scenario[], capability: Capability): { able: Scenario[]; skipped: Skipped[] } {
  const able = wanted.filter(({ need }) => offers(capability, need));
  const skipped = wanted
    .filter((scenario) => !able.includes(scenario))
    .map(({ name, need }) => ({ scenario: name, because: `the CapabilityStatement lists no ${inWords(need)}` }));
  return { able, skipped };
}
