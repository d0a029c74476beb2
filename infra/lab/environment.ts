import { join } from "node:path";
import { engineSocket } from "./engine.ts";
import { paths } from "./paths.ts";

/**
 * The environment in which the platform's tools run: PATH with the toolchain, the project's Kubernetes provider and its Node
 * first, KUBECONFIG, DOCKER_HOST where the engine is the project's own, and PULUMI_* for a state of its own. A PULUMI_BACKEND_URL
 * or PULUMI_CONFIG_PASSPHRASE that the user has set wins: any backend will do.
 */
export function toolEnvironment(): Record<string, string> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const socket = engineSocket();
  return {
    ...inherited,
    PATH: [paths.bin, paths.providerBin, paths.nodeBin, inherited.PATH ?? "/usr/bin:/bin"].join(":"),
    KUBECONFIG: paths.kubeconfig,
    ...(socket ? { DOCKER_HOST: `unix://${socket}` } : {}),
    DOCKER_BUILDKIT: "0",
    KIND_EXPERIMENTAL_DOCKER_NETWORK: "dsp",
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: inherited.PULUMI_BACKEND_URL ?? `file://${paths.pulumiState}`,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    HELM_CACHE_HOME: join(paths.state, "helm/cache"),
    HELM_CONFIG_HOME: join(paths.state, "helm/config"),
    HELM_DATA_HOME: join(paths.state, "helm/data"),
    // Pulumi takes a passphrase, even an empty one, before the file that holds one.
    ...(inherited.PULUMI_CONFIG_PASSPHRASE === undefined ? { PULUMI_CONFIG_PASSPHRASE_FILE: paths.passphrase } : {}),
  };
}
