import { labDownSteps } from "../lab/lab.ts";
import { paths } from "../lab/paths.ts";
import { type Command, exitCodes } from "./command.ts";
import { runRecipe } from "./recipe.ts";

/** Takes the lab down. @throws RecipeStopped */
export async function takeDown(options: { all: boolean }): Promise<void> {
  await runRecipe(labDownSteps(options), { logFolder: paths.logs, resumeAdvice: "Run ./dsp down again: it goes on where it stopped." });
}

export const down: Command = {
  description:
    "Takes the lab down: its containers, networks, routes and this checkout's state, its data included. The cache (toolchain, images)\n" +
    "stays, so that the next up is quick; --all removes it too.",
  options: { all: { type: "boolean", description: "remove the cache too: the next up is a cold one" } },
  examples: ["./dsp down", "./dsp down --all"],
  async run(values) {
    await takeDown({ all: values.all === true });
    return exitCodes.ok;
  },
};
