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
  /** The watchers' PostgreSQL role, chart and label. */
  watcher: "watcher",
  watcherToken: "watcher-token",
  priority: { data: "dsp-data", edge: "dsp-edge", service: "dsp-service" },
} as const;

/** The Secret with the password of a PostgreSQL role: a service's, or the watchers'. */
export function roleSecretName(role: string): string {
  return `role-${role}`;
}
