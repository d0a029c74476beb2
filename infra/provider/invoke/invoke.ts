import type { Context } from "../context.ts";
import { type JsonObject, stringAt } from "../json.ts";
import { readChartOptions, renderChart } from "./helm-template.ts";
import { decodeYaml } from "./yaml-decode.ts";

/** Answers a function of the package: `kubernetes:yaml:decode` or `kubernetes:helm:template`. Throws on any other. */
export async function invoke(context: Context, token: string, args: JsonObject): Promise<JsonObject> {
  switch (token) {
    case "kubernetes:yaml:decode": {
      const objects = decodeYaml(stringAt(args, "text") ?? "");
      for (const object of objects) context.definedKinds.add(object);
      return { result: objects };
    }
    case "kubernetes:helm:template":
      return { result: await renderChart(context, readChartOptions(stringAt(args, "jsonOpts") ?? "")) };
    default:
      throw new Error(`this provider has no function ${token}`);
  }
}
