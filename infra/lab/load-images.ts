import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { StepTools } from "../cli/recipe.ts";
import { imagesMount, labNodes } from "./cluster-config.ts";
import { toolEnvironment } from "./environment.ts";
import { paths } from "./paths.ts";

const archiveName = "images.tar";

/**
 * Brings images that the nodes do not carry from the start to every node that may run them, two nodes at a time. The nodes see the
 * archive through a mount, which is quicker than a stream through the engine.
 * @returns whether any node lacked any
 */
export async function loadImages(tools: StepTools, references: readonly string[]): Promise<boolean> {
  const env = toolEnvironment();
  const lacking: { node: string; missing: string[] }[] = [];
  for (const { name, role, site } of labNodes) {
    if (role === "control-plane" && site !== "witness") continue;
    const listed = (await tools.run("docker", ["exec", name, "ctr", "-n", "k8s.io", "images", "ls", "-q"], { env })).split("\n");
    const missing = references.filter((reference) => !listed.includes(`docker.io/${reference}`));
    if (missing.length > 0) lacking.push({ node: name, missing });
  }
  if (lacking.length === 0) return false;
  const wanted = [...new Set(lacking.flatMap(({ missing }) => missing))];
  mkdirSync(paths.imageArchives, { recursive: true });
  tools.progress(`saving ${wanted.join(", ")}`);
  await tools.run("docker", ["save", "-o", join(paths.imageArchives, archiveName), ...wanted], { env });
  const total = lacking.length;
  const next = async () => {
    for (let entry = lacking.shift(); entry !== undefined; entry = lacking.shift()) {
      tools.progress(`loading ${wanted.join(", ")} (node ${total - lacking.length} of ${total})`);
      await tools.run(
        "docker",
        ["exec", entry.node, "ctr", "-n", "k8s.io", "images", "import", "--all-platforms", `${imagesMount}/${archiveName}`],
        { env },
      );
    }
  };
  await Promise.all([next(), next()]);
  rmSync(join(paths.imageArchives, archiveName));
  return true;
}
