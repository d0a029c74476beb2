import type { Cluster } from "./api/cluster.ts";
import type { Settings } from "./config/settings.ts";
import type { Progress } from "./progress.ts";
import type { DefinedKinds } from "./resource/scope.ts";

/** What every operation is given. */
export interface Context {
  settings: Settings;
  /** The namespace of objects that name none. */
  defaultNamespace: string;
  /** The cluster; throws, with advice, when there is no usable kubeconfig. */
  cluster: () => Cluster;
  /** Set while the API server does not answer; says why. Asked at most every few seconds. */
  unreachable: () => Promise<Error | undefined>;
  /** Kinds that this program's own CustomResourceDefinitions will bring. */
  definedKinds: DefinedKinds;
  progress: Progress;
  /** Aborted by Pulumi's Cancel. */
  signal: AbortSignal;
}
