/** Names that several components and the command line share. */
export const names = {
  namespace: "dsp",
  edgeNamespace: "dsp-edge",
  operatorNamespace: "cnpg-system",
  postgresCluster: "pg",
  database: "dsp",
  redisPrimary: "dsp",
  redisPassword: "redis-password",
  redisTls: "redis-tls",
  /** In the certificate of every Redis and Sentinel. */
  redisTlsName: "redis",
  serviceCertificate: "service-tls",
  edgeCertificate: "edge-tls",
  serviceCa: "service-ca",
  tokenKeys: "token-keys",
  /** What identity alone holds: the keys it signs and encrypts with. */
  identityKeys: "identity-keys",
  /** What the exchange alone holds: the keys it encrypts the secrets of subscriptions with. */
  exchangeKeys: "exchange-keys",
  /** The public keys of the services that ask identity for tokens. */
  serviceClients: "service-clients",
  /** The watchers' PostgreSQL role, chart and label. */
  watcher: "watcher",
  /** What copies PostgreSQL: its role, schema and label. */
  backup: "backup",
  watcherToken: "watcher-token",
  priority: { data: "dsp-data", edge: "dsp-edge", service: "dsp-service" },
} as const;

/** The Secret with the key by which a service asks identity for a token. */
export function clientKeyName(service: string): string {
  return `client-key-${service}`;
}

/** The Secret with the password of a PostgreSQL role: a service's, the watchers' or that of backups. */
export function roleSecretName(role: string): string {
  return `role-${role}`;
}
