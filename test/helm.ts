import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** Parsed text of a shape that only the chart knows. */
type Parsed = ReturnType<typeof JSON.parse>;

/** A rendered Kubernetes object; its insides are looked into freely by the tests. */
export interface Rendered {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string>; labels?: Record<string, string> };
  spec?: Parsed;
  data?: Record<string, string>;
}

export const chartsFolder = join(import.meta.dirname, "../charts");

export interface HelmResult {
  code: number;
  output: string;
  problem: string;
}

/** Runs the helm on PATH or, beside it, the one the launcher keeps. */
export function helm(args: readonly string[], input = ""): HelmResult {
  const kept = join(process.env.XDG_CACHE_HOME || join(process.env.HOME ?? "/root", ".cache"), "dsp/toolchain/bin");
  const env = { ...process.env, PATH: `${process.env.PATH}:${kept}` };
  const result = spawnSync("helm", args, { encoding: "utf8", input, env });
  if (result.error) {
    throw new Error("helm is not on PATH: run these tests through ./dsp test, which brings it, or put helm 4 on PATH");
  }
  return { code: result.status ?? 1, output: result.stdout, problem: result.stderr };
}

/** Renders a chart as Helm and the Pulumi program do. */
export function render(chart: string, values: unknown = {}, namespace = "dsp"): Rendered[] {
  const { code, output, problem } = helm(
    ["template", chart, join(chartsFolder, chart), "--namespace", namespace, "--values", "-"],
    JSON.stringify(values),
  );
  if (code !== 0) throw new Error(problem);
  return parseAllDocuments(output)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}

/** What Helm says against these values; empty when it takes them. */
export function refusal(chart: string, values: unknown): string {
  return helm(["template", chart, join(chartsFolder, chart), "--values", "-"], JSON.stringify(values)).problem;
}
