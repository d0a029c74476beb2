import { ApiError } from "./api/api-error.ts";
import { Cluster } from "./api/cluster.ts";
import { pause } from "./api/retry.ts";
import { loadKubeConfig } from "./config/kubeconfig.ts";
import { readSettings, type Settings } from "./config/settings.ts";
import type { Context } from "./context.ts";
import type { JsonObject } from "./json.ts";
import type { Progress } from "./progress.ts";
import { DefinedKinds } from "./resource/scope.ts";

/** A cluster that answered is not asked again so soon, one that did not is. */
const reachableForMs = 30_000;
const unreachableForMs = 3_000;
/** One refused connection is no proof: the load balancer may be moving. */
const pingTries = 3;
const pingPauseMs = 500;

/** One configured provider: its settings, its cluster, and what is known of both. */
export class Session implements Context {
  settings: Settings = readSettings({}, {}).settings;
  defaultNamespace = "default";
  readonly definedKinds = new DefinedKinds();
  readonly progress: Progress;
  readonly #cancelled = new AbortController();
  #cluster: Cluster | undefined;
  #problem: Error = new Error("the provider is not configured");
  #lastCheck: { untilMs: number; result: Promise<Error | undefined> } | undefined;

  constructor(progress: Progress) {
    this.progress = progress;
  }

  get signal(): AbortSignal {
    return this.#cancelled.signal;
  }

  /** Takes the settings. A kubeconfig that cannot be used is told and remembered: a preview goes on without a cluster. */
  async configure(inputs: JsonObject, isKubeconfigUnknown: boolean): Promise<void> {
    const { settings, failures, warnings } = readSettings(inputs, process.env);
    if (failures.length > 0) throw new Error(failures.map((failure) => failure.reason).join("; "));
    for (const warning of warnings) this.progress.warn("", warning);
    this.settings = settings;
    this.#cluster = undefined;
    this.#lastCheck = undefined;
    if (settings.namespace) this.defaultNamespace = settings.namespace;
    try {
      if (isKubeconfigUnknown) throw new Error("the kubeconfig is not known before the update");
      const kubeConfig = loadKubeConfig(settings);
      this.defaultNamespace = settings.namespace ?? kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? "default";
      this.#cluster = new Cluster(kubeConfig);
    } catch (error) {
      this.#problem = error instanceof Error ? error : new Error(String(error));
    }
    const unreachable = await this.unreachable();
    if (unreachable)
      this.progress.warn("", `${unreachable.message}. A preview goes on without the cluster and shows less; an update will fail`);
  }

  cluster(): Cluster {
    if (!this.#cluster) throw this.#problem;
    return this.#cluster;
  }

  async unreachable(): Promise<Error | undefined> {
    if (!this.#cluster) return this.#problem;
    if (!this.#lastCheck || Date.now() > this.#lastCheck.untilMs) {
      const check = { untilMs: Number.POSITIVE_INFINITY, result: this.#ping(this.#cluster) };
      this.#lastCheck = check;
      void check.result.then((error) => {
        check.untilMs = Date.now() + (error ? unreachableForMs : reachableForMs);
      });
    }
    return this.#lastCheck.result;
  }

  /** Ends everything under way. */
  cancel(): void {
    this.#cancelled.abort();
  }

  async #ping(cluster: Cluster): Promise<Error | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        await cluster.ping(this.signal);
        return undefined;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401)
          return new Error(`the Kubernetes API server at ${cluster.server} does not accept the kubeconfig's credentials`);
        if (error instanceof ApiError) return undefined;
        if (tries >= pingTries || this.signal.aborted) return error instanceof Error ? error : new Error(String(error));
        await pause(pingPauseMs, this.signal).catch(() => undefined);
      }
    }
  }
}
