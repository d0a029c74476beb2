import { createLog } from "../lib/log.ts";
import { CachedFile } from "./cached-file.ts";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { HttpsPeers } from "./https-peers.ts";
import { KubernetesApi } from "./kubernetes.ts";
import { createMetrics } from "./metrics.ts";
import { PostgresInstances } from "./postgres-instances.ts";
import { serveWatcher } from "./serve-watcher.ts";
import { Watcher } from "./watcher.ts";

export interface RunningWatcher {
  readonly port: number;
  readonly watcher: Watcher;
  /** Finishes the move of the primary that it may be leading, and stops. */
  leave(): Promise<void>;
  stop(): void;
}

/** The protocol on the real things. @throws when the port cannot be had */
export async function startWatcher(config: Config): Promise<RunningWatcher> {
  const log = createLog({ level: config.LOG_LEVEL, service: "watcher", site: config.SITE, pod: config.POD_NAME });
  const { timings } = config;
  const instances = new PostgresInstances(
    {
      database: config.POSTGRES_DATABASE,
      user: config.POSTGRES_USER,
      schema: "pg_catalog",
      applicationName: `watcher ${config.SITE}`,
      tlsName: config.POSTGRES_TLS_NAME,
      ...(config.POSTGRES_PASSWORD_FILE ? { passwordFile: config.POSTGRES_PASSWORD_FILE } : {}),
      ...(config.POSTGRES_OTHER_PASSWORDS_FILE ? { otherPasswordsFile: config.POSTGRES_OTHER_PASSWORDS_FILE } : {}),
      ...(config.POSTGRES_CA_FILE ? { caFile: config.POSTGRES_CA_FILE } : {}),
    },
    timings,
  );
  const cluster = new KubernetesApi({
    host: config.KUBERNETES_SERVICE_HOST,
    port: config.KUBERNETES_SERVICE_PORT,
    tokenFile: config.KUBERNETES_TOKEN_FILE,
    caFile: config.KUBERNETES_CA_FILE,
    namespace: config.NAMESPACE,
    cluster: config.POSTGRES_CLUSTER,
  });
  const token = new CachedFile(config.PEER_TOKEN_FILE);
  const urls = Object.fromEntries(Object.entries(config.PEER_URLS).filter(([site]) => site !== config.SITE));
  const peers = new HttpsPeers({ urls, token, ca: new CachedFile(config.PLATFORM_CA_FILE), timeoutMs: timings.voteTimeoutMs, log });
  const metrics = createMetrics(config.SITE);
  const watcher = new Watcher({
    parts: { site: config.SITE, clock: systemClock, instances, cluster, timings, log },
    peers,
    sites: config.SITES,
    witnessSite: config.WITNESS_SITE,
    synchronousStandbys: config.SYNCHRONOUS_STANDBYS,
    onFailover: metrics.noteFailover,
  });
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, PORT } = config;
  const server = await serveWatcher({ watcher, metrics, token, port: PORT, certFile, keyFile, log });
  peers.start();
  watcher.start();
  log.info({ port: server.port }, "watching");
  const stop = (): void => {
    watcher.stop();
    peers.stop();
    server.close();
    instances.stop();
    cluster.stop();
    log.info("stopped");
  };
  return {
    port: server.port,
    watcher,
    stop,
    async leave() {
      await watcher.leave();
      stop();
    },
  };
}
