import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { paths } from "./paths.ts";

const labFactsSchema = z.object({
  /** Settings the lab was made with; another setting means another lab. */
  settings: z.object({ artifacts: z.enum(["upstream", "packages"]), subnet: z.string(), edgePort: z.number(), apiPort: z.number() }),
  nodeImage: z.string(),
  /** SHA-256 of kind's configuration. */
  configuration: z.string(),
  /** False while the cluster is being made: an interrupted one is thrown away. */
  complete: z.boolean(),
  nodes: z.array(z.object({ name: z.string(), role: z.enum(["control-plane", "worker"]), site: z.string(), address: z.string() })),
  /** Addresses of the API servers, for whoever on the host must get through while the balancer or a site is down. */
  controlPlanes: z.array(z.object({ name: z.string(), address: z.string() })),
  virtualIp: z.string(),
});

/** What the lab wrote down about itself when it was made (.dsp/lab.json). */
export type LabFacts = z.infer<typeof labFactsSchema>;

/** @returns the facts of this checkout's lab, or undefined where none was made, or they cannot be read */
export function readLabFacts(): LabFacts | undefined {
  try {
    return labFactsSchema.parse(JSON.parse(readFileSync(paths.labFacts, "utf8")));
  } catch {
    return undefined;
  }
}

export async function writeLabFacts(facts: LabFacts): Promise<void> {
  await mkdir(dirname(paths.labFacts), { recursive: true });
  await writeFile(`${paths.labFacts}.new`, `${JSON.stringify(facts, null, 2)}\n`);
  await rename(`${paths.labFacts}.new`, paths.labFacts);
}
