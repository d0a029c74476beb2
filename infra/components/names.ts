/** Names that several components and the command line share. */
export const names = {
  namespace: "dsp",
  edgeNamespace: "dsp-edge",
  operatorNamespace: "cnpg-system",
  postgresCluster: "pg",
  database: "dsp",
  redisPrimary: "dsp",
  redisPassword: "redis-password",
  serviceCertificate: "service-tls",
  edgeCertificate: "edge-tls",
  serviceCa: "service-ca",
  tokenKeys: "token-keys",
  priority: { data: "dsp-data", edge: "dsp-edge", service: "dsp-service" },
} as const;

/** The Secret with the password of a service's PostgreSQL role. */
export function roleSecretName(service: string): string {
  return `role-${service}`;
}
