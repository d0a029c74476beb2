import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../topology.ts";
import { allOf, type Dependencies, ownChart } from "./chart.ts";
import { names, roleSecretName } from "./names.ts";

export interface WatcherArgs {
  topology: Pick<Topology, "zones" | "witness" | "postgres">;
  image: string;
  secretsChecksum: pulumi.Input<string>;
  rebuildAfterS: number;
  after: Dependencies;
}

/** The watchers that move the PostgreSQL primary: one in each of the three sites. Changed one after the other, so that two always watch. */
export class Watcher extends pulumi.ComponentResource {
  readonly ready: pulumi.Output<pulumi.Resource[]>;

  constructor(name: string, args: WatcherArgs, opts: pulumi.ComponentResourceOptions) {
    super("dsp:platform:Watcher", name, {}, opts);
    const ready: pulumi.Output<pulumi.Resource[]>[] = [];
    for (const site of args.topology.zones) {
      ready.push(this.site(`${name}-${site}`, site, args, [...args.after, ...ready]));
    }
    this.ready = pulumi.all(ready).apply((lists) => lists.flat());
    this.registerOutputs({});
  }

  private site(name: string, site: string, args: WatcherArgs, after: Dependencies): pulumi.Output<pulumi.Resource[]> {
    const chart = ownChart(
      name,
      {
        chart: "watcher",
        namespace: names.namespace,
        after,
        values: {
          image: args.image,
          priorityClassName: names.priority.data,
          sites: args.topology.zones,
          witness: args.topology.witness,
          site,
          certificateSecret: names.serviceCertificate,
          authoritySecret: names.serviceCa,
          peerTokenSecret: names.watcherToken,
          secretChecksum: args.secretsChecksum,
          timings: { REBUILD_AFTER_MS: args.rebuildAfterS * 1000 },
          postgres: {
            cluster: names.postgresCluster,
            tlsName: `${names.postgresCluster}-rw`,
            caSecret: `${names.postgresCluster}-ca`,
            passwordSecret: roleSecretName(names.watcher),
            synchronousStandbys: args.topology.postgres.synchronousStandbys,
          },
        },
      },
      { parent: this },
    );
    return allOf(chart);
  }
}
