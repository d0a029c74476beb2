/** Gives the lab's platform a mistake on purpose (`dsp:weakness`) and takes it away again: for the test of the drills themselves. */
import { z } from "zod";
import type { DrillOutcome } from "../../chaos/run/outcome.ts";
import { judgeWeakness, type Weakness, type WeaknessResult } from "../../chaos/weaknesses.ts";
import { names } from "../components/names.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { paths } from "../lab/paths.ts";
import { waitForHealth } from "./deploy-steps.ts";
import type { PlatformStatus } from "./platform/platform-status.ts";
import { runRecipe, type StepTools } from "./recipe.ts";
import { readStackFile } from "./stack-file.ts";
import { movePrimary } from "./switchover.ts";
import { bringUp } from "./up.ts";

const stack = "lab";
const resumeAdvice = "Run ./dsp up: it takes the weakness away.";

function pulumi(tools: StepTools, args: readonly string[]): Promise<string> {
  return tools.run("pulumi", [...args, "--non-interactive", "--stack", stack], { cwd: paths.checkout, env: toolEnvironment() });
}

function kubectl(tools: StepTools, args: readonly string[]): Promise<string> {
  return tools.run("kubectl", ["--namespace", names.namespace, ...args], { env: toolEnvironment() });
}

const claimsSchema = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/** The operator removes any instance but the primary: where the witness's stays, it is removed too, and made anew in a full site. */
async function moveDataOutOfWitness(tools: StepTools, { postgres }: PlatformStatus): Promise<void> {
  const { witness } = readStackFile(stack).sites;
  const instance = postgres.instances.find(({ site }) => site === witness);
  if (instance === undefined) return;
  // The drill before may have left it there.
  if (instance.role === "primary") {
    await movePrimary(stack);
    await waitForHealth(tools, stack);
  }
  const selector = `cnpg.io/instanceName=${instance.name}`;
  const claims = claimsSchema.parse(JSON.parse(await kubectl(tools, ["get", "pvc", "--selector", selector, "--output", "json"])));
  await kubectl(tools, ["delete", "pvc", "--wait=false", ...claims.items.map(({ metadata }) => metadata.name)]);
  await kubectl(tools, ["delete", "pod", instance.name]);
}

async function weaken(tools: StepTools, { name }: Weakness): Promise<void> {
  tools.progress("pulumi up");
  await pulumi(tools, ["config", "set", "dsp:weakness", name]);
  await pulumi(tools, ["up", "--yes", "--skip-preview", "--suppress-outputs"]);
  const status = await waitForHealth(tools, stack);
  if (name !== "no-witness-data") return;
  await moveDataOutOfWitness(tools, status);
  await waitForHealth(tools, stack);
}

export interface WeaknessRun {
  weaknesses: readonly Weakness[];
  stream: NodeJS.WriteStream;
  /** Runs the weakness' drill on the weakened platform; undefined when it was interrupted. */
  runDrill(weakness: Weakness): Promise<DrillOutcome | undefined>;
  isInterrupted(): boolean;
}

/** Weakens the platform in each way and runs the drill that must notice. Whatever happens, the platform is whole afterwards. @throws RecipeStopped */
export async function runWeaknesses({ weaknesses, stream, runDrill, isInterrupted }: WeaknessRun): Promise<WeaknessResult[]> {
  const results: WeaknessResult[] = [];
  try {
    for (const weakness of weaknesses) {
      if (isInterrupted()) break;
      const step = { name: `weaken: ${weakness.name}`, run: (tools: StepTools) => weaken(tools, weakness) };
      await runRecipe([step], { stream, logFolder: paths.logs, resumeAdvice });
      const result = judgeWeakness(weakness, await runDrill(weakness));
      results.push(result);
      stream.write(`${result.caught ? "✓ caught" : "✗ NOT caught"}: ${weakness.name} by ${weakness.drill}: ${result.why}\n`);
    }
  } finally {
    stream.write("taking the weakness away\n");
    await bringUp({ artifacts: "auto" }, stream);
  }
  return results;
}
