/** Where one PostgreSQL instance listens. Always an IP address: looking names up happens elsewhere, in the background. */
export interface Instance {
  readonly address: string;
  readonly port: number;
}

/** `address:port`, the instance's name in maps, logs and metrics. */
export function instanceName(instance: Instance): string {
  return instance.address.includes(":") ? `[${instance.address}]:${instance.port}` : `${instance.address}:${instance.port}`;
}
