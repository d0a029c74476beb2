import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../topology.ts";
import { allOf, type Dependencies, ownChart } from "./chart.ts";
import { names } from "./names.ts";

export interface RedisArgs {
  topology: Topology["redis"];
  image: string;
  storage: { className: string | undefined; size: string };
  passwordChecksum: pulumi.Input<string>;
  after: Dependencies;
}

/** Redis with Sentinel: one of each in every zone; a primary that reaches no replica accepts nothing. */
export class Redis extends pulumi.ComponentResource {
  readonly ready: pulumi.Output<pulumi.Resource[]>;

  constructor(name: string, args: RedisArgs, opts: pulumi.ComponentResourceOptions) {
    super("dsp:platform:Redis", name, {}, opts);
    const chart = ownChart(
      name,
      {
        chart: "redis",
        namespace: names.namespace,
        after: args.after,
        values: {
          image: args.image,
          priorityClassName: names.priority.data,
          passwordSecret: names.redisPassword,
          certificateSecret: names.redisTls,
          secretChecksum: args.passwordChecksum,
          primaryName: names.redisPrimary,
          sentinelQuorum: args.topology.sentinelQuorum,
          replicasToWrite: args.topology.replicasToWrite,
          storage: { className: args.storage.className ?? "", size: args.storage.size },
        },
      },
      { parent: this },
    );
    this.ready = allOf(chart);
    this.registerOutputs({});
  }
}
