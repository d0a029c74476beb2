import { randomBytes } from "node:crypto";
import { Cluster } from "../api/cluster.ts";
import { Connection } from "../api/connection.ts";
import type { KubernetesObject } from "../api/object.ts";
import { loadKubeConfig } from "../config/kubeconfig.ts";
import { readSettings } from "../config/settings.ts";
import type { JsonObject } from "../json.ts";

const signal = new AbortController().signal;

/** The kubeconfig of the API server to test against. Throws, saying how to get one, when the environment names none. */
export function testKubeconfig(): string {
  const path = process.env.DSP_TEST_KUBECONFIG;
  if (!path)
    throw new Error(
      "DSP_TEST_KUBECONFIG is not set: it must name the kubeconfig of an API server these tests may use (./dsp up, then .dsp/kubeconfig)",
    );
  return path;
}

/** A namespace of one test file's own, and a hand that meddles with objects behind the provider's back. */
export class TestCluster {
  readonly kubeconfig = testKubeconfig();
  readonly namespace = `provider-test-${randomBytes(4).toString("hex")}`;
  readonly #cluster = new Cluster(loadKubeConfig(readSettings({ kubeconfig: this.kubeconfig }, {}).settings));

  async start(): Promise<void> {
    await this.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: this.namespace } });
  }

  async stop(): Promise<void> {
    await this.remove("v1", "Namespace", this.namespace, "");
  }

  /** Applies as another field manager, by force. */
  async apply(object: KubernetesObject, fieldManager = "somebody-else"): Promise<KubernetesObject> {
    const reference = {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name: String(object.metadata.name),
      namespace: object.metadata.namespace as string | undefined,
    };
    return (await this.#cluster.apply(object, reference, { fieldManager, force: true, dryRun: false, signal })).object;
  }

  async get(apiVersion: string, kind: string, name: string, namespace = this.namespace): Promise<KubernetesObject | undefined> {
    return this.#cluster.get({ apiVersion, kind, name, namespace }, signal);
  }

  async remove(apiVersion: string, kind: string, name: string, namespace = this.namespace): Promise<void> {
    await this.#cluster.delete({ apiVersion, kind, name, namespace }, { propagation: "Background", signal });
  }

  /** The objects of a kind in the namespace. */
  async list(apiVersion: string, kind: string, labelSelector: string): Promise<JsonObject[]> {
    return this.#cluster.list({ apiVersion, kind, namespace: this.namespace }, { labelSelector }, signal);
  }

  /** Writes a pod's status, as a kubelet would. */
  async setPodStatus(name: string, status: JsonObject): Promise<void> {
    const connection = new Connection(loadKubeConfig(readSettings({ kubeconfig: this.kubeconfig }, {}).settings));
    const path = `/api/v1/namespaces/${this.namespace}/pods/${name}/status`;
    await connection.request({ method: "PATCH", path, contentType: "application/merge-patch+json", body: { status }, signal });
  }
}
