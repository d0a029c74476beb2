import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../topology.ts";
import { allOf, type Dependencies, ownChart } from "./chart.ts";
import { names, roleSecretName } from "./names.ts";

export interface PostgresArgs {
  topology: Topology["postgres"];
  image: string;
  storage: { className: string | undefined; size: string };
  sharedBuffers: string;
  maxConnections: number;
  cpuRequest: string;
  memory: string;
  memoryRequest: string;
  parameters: Record<string, string>;
  /** Each gets a role and a schema of its own. */
  services: readonly { name: string; connectionsMax: number }[];
  /** What the watchers' role is granted when the cluster is made: SQL statements. */
  watcherGrants: readonly string[];
  /** Values that a weakened platform has otherwise, for the test of the drills. */
  weakened: Record<string, unknown>;
  after: Dependencies;
}

/** Connections kept for the operator, replication and an administrator. */
const reservedConnections = 20;
/** Three watchers, each with a connection or two to every instance, and as many again while some of them hang. */
const watcherConnectionsMax = 20;
/** A copy in each site, each by two connections and a third that takes it down. */
const backupConnectionsMax = 6;

/** PostgreSQL by CloudNativePG: an instance in each of the three zones at least, every commit on more than one of them. */
export class Postgres extends pulumi.ComponentResource {
  /** The cluster is up with all its instances, and the services' schemas are there. */
  readonly ready: pulumi.Output<pulumi.Resource[]>;

  constructor(name: string, args: PostgresArgs, opts: pulumi.ComponentResourceOptions) {
    const kept = reservedConnections + watcherConnectionsMax + backupConnectionsMax;
    const needed = kept + args.services.reduce((sum, service) => sum + service.connectionsMax, 0);
    if (args.maxConnections < needed) {
      throw new Error(
        `dsp:postgres.maxConnections ${args.maxConnections} is too low: the services, watchers, backups and operator need ${needed}`,
      );
    }
    super("dsp:platform:Postgres", name, {}, opts);
    const chart = ownChart(
      name,
      {
        chart: "postgres",
        namespace: names.namespace,
        after: args.after,
        values: {
          name: names.postgresCluster,
          image: args.image,
          priorityClassName: names.priority.data,
          instances: args.topology.instances,
          synchronousStandbys: args.topology.synchronousStandbys,
          database: names.database,
          roles: args.services.map(({ name, connectionsMax }) => ({ name, passwordSecret: roleSecretName(name), connectionsMax })),
          watcher: { passwordSecret: roleSecretName(names.watcher), connectionsMax: watcherConnectionsMax, grants: args.watcherGrants },
          backup: { passwordSecret: roleSecretName(names.backup), connectionsMax: backupConnectionsMax },
          storage: { className: args.storage.className ?? "", size: args.storage.size },
          sharedBuffers: args.sharedBuffers,
          maxConnections: args.maxConnections,
          parameters: args.parameters,
          resources: { requests: { cpu: args.cpuRequest, memory: args.memoryRequest }, limits: { memory: args.memory } },
          ...args.weakened,
        },
      },
      { parent: this },
    );
    this.ready = allOf(chart);
    this.registerOutputs({});
  }
}
