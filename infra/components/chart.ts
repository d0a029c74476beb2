import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Resources, or lists of them that are known later, such as all of a chart. */
export type Dependencies = pulumi.Input<pulumi.Resource | pulumi.Resource[]>[];

export interface ChartArgs {
  /** Folder in charts/. */
  chart: "backup" | "edge" | "postgres" | "redis" | "service" | "watcher";
  namespace: string;
  values: Record<string, unknown>;
  /** What must be there before any of the chart's resources. */
  after: Dependencies;
}

/** All resources of a chart, once they are there. */
export function allOf(chart: k8s.helm.v3.Chart): pulumi.Output<pulumi.Resource[]> {
  return chart.resources.apply((resources) => Object.values(resources));
}

/** Deploys one of the project's own charts: the same templates that other people install with Helm. */
export function ownChart(name: string, args: ChartArgs, opts: pulumi.ComponentResourceOptions): k8s.helm.v3.Chart {
  const dependsOn = pulumi.all(args.after).apply((resources) => resources.flat());
  return new k8s.helm.v3.Chart(
    name,
    {
      path: join(import.meta.dirname, "../../charts", args.chart),
      namespace: args.namespace,
      values: args.values,
      transformations: [
        // A chart does not hand its own dependencies to what it renders.
        (_object: unknown, childOpts: pulumi.CustomResourceOptions) => {
          childOpts.dependsOn = dependsOn;
        },
      ],
    },
    opts,
  );
}
