import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../topology.ts";
import { allOf, type Dependencies, ownChart } from "./chart.ts";
import { names, roleSecretName } from "./names.ts";

export interface BackupArgs {
  topology: Pick<Topology, "sites">;
  /** PostgreSQL's own, which has the tools. */
  image: string;
  storageClass: string | undefined;
  /** `schedule`: five fields of cron, in UTC; empty: when somebody asks. `keep`: copies in each site. `size`: of each site's volume. */
  backup: { schedule: string; keep: number; size: string };
  after: Dependencies;
}

/** Copies of the PostgreSQL cluster: each of the two sites takes and keeps its own, so that losing one leaves the other's. */
export class Backup extends pulumi.ComponentResource {
  readonly ready: pulumi.Output<pulumi.Resource[]>;

  constructor(name: string, args: BackupArgs, opts: pulumi.ComponentResourceOptions) {
    super("dsp:platform:Backup", name, {}, opts);
    const { schedule, keep, size } = args.backup;
    const chart = ownChart(
      name,
      {
        chart: "backup",
        namespace: names.namespace,
        after: args.after,
        values: {
          image: args.image,
          sites: args.topology.sites,
          ...{ schedule, keep },
          storage: { className: args.storageClass ?? "", size },
          postgres: {
            cluster: names.postgresCluster,
            database: names.database,
            caSecret: `${names.postgresCluster}-ca`,
            passwordSecret: roleSecretName(names.backup),
            reader: "portal",
          },
        },
      },
      { parent: this },
    );
    this.ready = allOf(chart);
    this.registerOutputs({});
  }
}
