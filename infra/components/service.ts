import * as pulumi from "@pulumi/pulumi";
import type { ServiceSpec } from "../services.ts";
import { allOf, type Dependencies, ownChart } from "./chart.ts";
import { clientKeyName, names } from "./names.ts";

export interface ServiceArgs {
  spec: ServiceSpec;
  image: string;
  zones: readonly [string, string];
  /** Every site, the witness too. */
  allZones: readonly string[];
  replicasPerSite: number;
  /** Where clients reach the platform: https://dsp.example.org */
  origin: string;
  token: { issuer: string; audience: string };
  secretsChecksum: pulumi.Input<string>;
  /** Inside networks that a service which reaches outside may call, in CIDR notation. */
  webhookNetworks: readonly string[];
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
          resources: { requests: { cpu: args.spec.cpuRequest } },
          zones: args.zones,
          replicasPerZone: args.replicasPerSite,
          publicUrl: `${args.origin}${args.spec.path}`,
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
            poolMax: args.spec.poolMax,
          },
          redis: {
            primaryName: names.redisPrimary,
            passwordSecret: names.redisPassword,
            tlsName: names.redisTlsName,
            caSecret: names.serviceCa,
          },
          seed: { enabled: args.seed && args.spec.seeds },
          ...filesOf(args.spec, args),
          ...args.weakened,
        },
      },
      { parent: this },
    );
    this.ready = allOf(chart);
    this.registerOutputs({});
  }
}

/** What a service is given besides what all are given, as files and the variables that name them. */
function filesOf(
  spec: ServiceSpec,
  { allZones, webhookNetworks }: Pick<ServiceArgs, "allZones" | "webhookNetworks">,
): { files: object[]; env: Record<string, string> } {
  const folder = "/etc/dsp/files";
  const files: object[] = [];
  const env: Record<string, string> = {};
  const add = (variable: string, path: string, source: { secret: string } | { configMap: string }) => {
    files.push({ ...source, path });
    env[variable] = `${folder}/${path}`;
  };
  if (spec.calls) {
    env.SERVICES_DOMAIN = `${names.namespace}.svc`;
    add("SERVICE_CA_FILE", "ca.crt", { secret: names.serviceCa });
    add("CLIENT_KEY_FILE", "key.json", { secret: clientKeyName(spec.name) });
  }
  if (spec.watches) env.SITES = allZones.join(",");
  if (spec.reachesOutside && webhookNetworks.length > 0) {
    env.WEBHOOK_ALLOWED_NETWORKS = webhookNetworks.join(",");
    // Given above: who reaches outside calls other services too.
    env.WEBHOOK_CA_FILE = `${folder}/ca.crt`;
  }
  // It signs what it sends there, with secrets that it must know and nobody else.
  if (spec.reachesOutside) add("SECRET_KEYS_FILE", "secret-keys", { secret: names.exchangeKeys });
  if (spec.isIssuer) {
    add("SIGNING_KEYS_FILE", "signing-keys.json", { secret: names.identityKeys });
    add("COOKIE_KEYS_FILE", "cookie-keys.json", { secret: names.identityKeys });
    add("SECRET_KEYS_FILE", "secret-keys", { secret: names.identityKeys });
    add("DEMO_PASSWORD_FILE", "demo-password", { secret: names.identityKeys });
    add("SERVICE_CLIENTS_FILE", "clients.json", { configMap: names.serviceClients });
  }
  return { files, env };
}
