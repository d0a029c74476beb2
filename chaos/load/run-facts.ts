/** What a run of the load leaves in its folder, so that its aftermath can be read by whoever comes later. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const runFactsSchema = z.object({
  runName: z.string(),
  startedMs: z.number(),
  /** Id of the patient whose record the run fills. */
  patient: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/),
  /** `Observation/1f0…` */
  hot: z.array(z.string()),
  /** Of k6: it outlives a runner that was killed until the load's time is over. */
  processId: z.int().optional(),
});

export type RunFacts = z.infer<typeof runFactsSchema>;

/** It goes into keys, codes and searches. */
const runNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

function fileIn(folder: string): string {
  return join(folder, "load.json");
}

/** @throws Error for a name that cannot mark resources */
export function checkRunName(runName: string): void {
  if (!runNamePattern.test(runName))
    throw new Error(`"${runName}" is no name for a run: at most 100 letters, digits, dots, hyphens and underscores`);
}

export function writeRunFacts(folder: string, facts: RunFacts): void {
  writeFileSync(fileIn(folder), `${JSON.stringify(facts, undefined, 2)}\n`);
}

/** @throws Error when the folder holds no run of this name */
export function readRunFacts(folder: string, runName: string): RunFacts {
  const facts = runFactsSchema.parse(JSON.parse(readFileSync(fileIn(folder), "utf8")));
  if (facts.runName !== runName) throw new Error(`${folder} holds the run ${facts.runName}, not ${runName}`);
  return facts;
}
