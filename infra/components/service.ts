import * as pulumi from "@pulumi/pulumi";
import { allOf, type Dependencies, ownChart } from "./chart.ts";
import { names } from "./names.ts";

export interface ServiceArgs {
  image: string;
  zones: readonly [string, string];
  replicasPerSite: number;
  publicUrl: string;
  token: { issuer: string; audience: string };
  secretsChecksum: pulumi.Input<string>;
  /** Whether the service's synthetic data is sown. */
  seed: boolean;
  /** Values that a weakened platform has otherwise, for the test of the drills. */
  weakened: Record<string, unknown>;
  after: Dependencies;
}

/** A DSP service: as many pods in each of the two sites, each site enough for all. Its name is its role, its schema and its folder in services/. */
export class Service extends pulumi.ComponentResource {
  readonly ready: pulumi.Output<pulumi.Resource[]>;

  constructor(name: string, args: ServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("dsp:platform:Service", name, {}, opts);
    const chart = ownChart(
      name,
      {
        chart: "service",
        namespace: names.namespace,
        after: args.after,
        values: {
          name,
          image: args.image,
          priorityClassName: names.priority.service,
          zones: args.zones,
          replicasPerZone: args.replicasPerSite,
          publicUrl: args.publicUrl,
          certificateSecret: names.serviceCertificate,
          tokenKeysConfigMap: names.tokenKeys,
          tokenIssuer: args.token.issuer,
          tokenAudience: args.token.audience,
          secretChecksum: args.secretsChecksum,
          postgres: {
            hosts: [`${names.postgresCluster}-instances`],
            database: names.database,
            tlsName: `${names.postgresCluster}-rw`,
            caSecret: `${names.postgresCluster}-ca`,
          },
          redis: { primaryName: names.redisPrimary, passwordSecret: names.redisPassword },
          seed: { enabled: args.seed },
          ...args.weakened,
        },
      },
      { parent: this },
    );
    this.ready = allOf(chart);
    this.registerOutputs({});
  }
}
